/**
 * A message that names only what changes of a visit (SIU S18-S22): who it names comes, goes or stays otherwise than
 * before, and everybody else stays. What stays is read back from the Appointment as it is stored.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { formatInstant, parseInstant, type Instant, type Interval } from '../core/instant.ts';
import type { AppointmentParticipant, Location, PractitionerRole } from '../fhir/types.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';

export interface Merged {
  readonly participants: readonly ResolvedParticipant[];
  /** The first person and the first place are who and where they were, so the visit stays in its schedule. */
  readonly sameSchedule: boolean;
}

export async function mergePartial(
  context: ApplyContext,
  before: StoredAppointment,
  stated: readonly ResolvedParticipant[],
  { during, at, zone }: { readonly during: Interval | null; readonly at: Instant; readonly zone: string },
): Promise<Merged> {
  let list: ResolvedParticipant[] = [];
  for (const one of before.resource.participant) list.push(...(await kept(context, before, one)));
  const first = list;
  for (const one of stated) {
    const names = new Set(one.participants.map(nameOf));
    const isSame = (other: ResolvedParticipant): boolean => other.participants.some((name) => names.has(nameOf(name)));
    const known = list.filter(isSame);
    const { action, during: own } = one.statement;
    if (action === 'remove') list = list.filter((other) => !isSame(other));
    else if (action === 'end')
      list = list.flatMap((other) =>
        isSame(other) ? endedAt(other, other.statement.during ?? during, at, zone) : [other],
      );
    else if (known.length === 0) list = [...list, one];
    else if (action === 'add' && own !== undefined && !known.some((other) => overlaps(other.statement.during, own)))
      list = [...list, one];
    else if (action !== 'none')
      list = list.flatMap((other) => (other === known[0] ? [one] : isSame(other) ? [] : [other]));
  }
  const lead = (all: readonly ResolvedParticipant[], type: string): string =>
    all.flatMap(({ participants }) => participants.map(nameOf)).find((name) => name.startsWith(`${type}/`)) ?? '';
  const sameSchedule = ['Practitioner', 'Location'].every((type) => lead(first, type) === lead(list, type));
  return { participants: list, sameSchedule };
}

/** What is not said is the whole of the visit, which overlaps everything in it. */
function overlaps(known: Interval | undefined, own: Interval): boolean {
  return known === undefined || (known.start < own.end && own.start < known.end);
}

function nameOf({ actor }: AppointmentParticipant): string {
  return actor?.reference ?? `${actor?.identifier?.system ?? ''}|${actor?.identifier?.value ?? ''}`;
}

/** Someone who left before the visit began had no part in it. */
function endedAt(
  one: ResolvedParticipant,
  own: Interval | null,
  at: Instant,
  zone: string,
): readonly ResolvedParticipant[] {
  if (own === null || at <= own.start) return [];
  if (at >= own.end) return [one];
  const during = { start: own.start, end: at };
  const period = { start: formatInstant(during.start, zone), end: formatInstant(during.end, zone) };
  const participants = one.participants.map((participant) => ({ ...participant, period }));
  return [{ ...one, statement: { ...one.statement, during }, participants }];
}

/** Nothing for patients, and for the stand-in of a visit of which nobody was known. */
async function kept(
  context: ApplyContext,
  before: StoredAppointment,
  participant: AppointmentParticipant,
): Promise<readonly ResolvedParticipant[]> {
  const { site } = context;
  const { actor, period, status } = participant;
  const [type, id = ''] = (actor?.reference ?? '').split('/');
  const during = intervalOf(period);
  const more = {
    status: status === 'declined' ? ('accepted' as const) : status,
    ...(during === null ? {} : { during }),
  };
  const nobody = {
    practitioner: null,
    practitionerCode: null,
    locationId: null,
    locationKey: null,
    calendar: null,
    actors: id === '' ? [] : [id],
    participants: [participant],
  };
  if (type === 'Practitioner') {
    const roleId = canonicalId.practitionerRole(site.identity, id);
    const code = await codeOf(context, roleId);
    const token = before.tokens.find((one) => one.startsWith('calendar:'));
    const calendar = token?.slice('calendar:'.length) ?? null;
    return [
      {
        ...nobody,
        statement: { actor: { kind: 'practitioner', assertion: { code: code ?? id } }, ...more },
        occupies: [id],
        actors: before.actors.includes(roleId) ? [id, roleId] : [id],
        practitioner: { practitionerId: id, roleId },
        practitionerCode: code,
        calendar,
      },
    ];
  }
  if (type === 'Location') {
    const key = await placeKey(context, id);
    const occupies = site.locations[key]?.room === true ? [id] : [];
    const statement = { actor: { kind: 'location' as const, code: key }, ...more };
    return [{ ...nobody, statement, occupies, locationId: id, locationKey: key }];
  }
  const code = actor?.identifier?.value;
  if (code === undefined) return [];
  const deviceId = canonicalId.device(site.identity, code);
  const occupies = site.resources.devices[code] === undefined ? [] : [deviceId];
  return [{ ...nobody, statement: { actor: { kind: 'device', code }, ...more }, occupies, actors: [deviceId] }];
}

function intervalOf(period: AppointmentParticipant['period']): Interval | null {
  const start = parseInstant(period?.start ?? '');
  const end = parseInstant(period?.end ?? '');
  return start === null || end === null ? null : { start, end };
}

async function codeOf({ tx }: ApplyContext, roleId: string): Promise<string | null> {
  const role = await tx.resources.read('PractitionerRole', roleId);
  return role === null ? null : ((JSON.parse(role.json) as PractitionerRole).identifier?.[0]?.value ?? null);
}

async function placeKey({ tx, site }: ApplyContext, id: string): Promise<string> {
  const listed = Object.keys(site.locations).find((key) => canonicalId.location(site.identity, key) === id);
  if (listed !== undefined) return listed;
  const place = await tx.resources.read('Location', id);
  return place === null ? id : ((JSON.parse(place.json) as Location).identifier?.[0]?.value ?? id);
}
