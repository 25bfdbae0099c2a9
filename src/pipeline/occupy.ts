/** The time that a visit takes of each of its resources, as busy rows. */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { neededBy } from '../fhir/needs.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { Interval } from '../core/instant.ts';
import type { AppointmentChange } from '../mappings/contract.ts';
import type { BusyRow, Claim, Touched } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';

/** Statuses in which the visit takes its resources' time; a no-show did take it (v2-to-fhir.md section 5). */
export function occupiesTime(status: AppointmentStatus): boolean {
  return status !== 'proposed' && status !== 'cancelled' && status !== 'entered-in-error' && status !== 'waitlist';
}

export interface Occupying {
  readonly participants: readonly ResolvedParticipant[];
  readonly during: Interval | null;
  readonly schedule: { readonly id: string; readonly key: string } | null;
  /** The message names nobody: what was taken stays taken. */
  readonly keeps: boolean;
  /** Of the catalogue; null: not known. */
  readonly visitType: string | null;
  /** As it stood, or as the hub has asked for it; null: nothing was known of it. */
  readonly booked: Booked | null;
}

type Booked = Pick<StoredAppointment, 'slots' | 'during'>;

/**
 * What the visit takes by the further slots that it was booked with (a room, a second practitioner). News that states
 * the visit anew may name its first calendar alone; its other slots stay its slots at that time (filled-slots.ts), and
 * what they take stays taken. Who is removed by name is gone: a partial message says so.
 */
async function besidesOf({ tx }: ApplyContext, booked: Booked | null, during: Interval): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  if (booked === null || booked.slots.length < 2 || booked.during?.start !== during.start) return ids;
  let first: string | null = null;
  for (const id of booked.slots) {
    const slot = await tx.resources.slot(id);
    first ??= slot?.scheduleId ?? null;
    if (slot === null || slot.scheduleId === first) continue;
    for (const resourceId of await tx.resources.occupies(slot.scheduleId)) ids.add(resourceId);
  }
  return ids;
}

/** Rewrites the appointment's busy rows; returns what was touched, old and new. */
export async function occupy(
  context: ApplyContext,
  appointmentId: string,
  change: AppointmentChange,
  { participants, during, schedule, keeps, visitType, booked }: Occupying,
): Promise<readonly Touched[]> {
  const { tx, site } = context;
  const old = await tx.busy.ofAppointment(appointmentId);
  const taken = during !== null && occupiesTime(change.status) ? during : null;
  if (taken === null) return old.length === 0 ? [] : tx.busy.replaceAppointment(appointmentId, []);
  const named = participants.flatMap((one) =>
    one.occupies.map((resourceId) => ({ resourceId, during: one.statement.during ?? taken, ...codeOf(one) })),
  );
  // A visit that names only a clinic takes the time of its calendar there, and of nobody else in the clinic.
  const itself = named.length > 0 || schedule === null ? [] : [{ resourceId: schedule.id, during: taken }];
  // By the site file, so that a site which knows nothing of the room does not take it away.
  const needed = neededBy(site, visitType, taken);
  const kept = old.filter((row) => !needed.some((one) => one.resourceId === row.resourceId));
  const besides = keeps || change.partial === true ? null : await besidesOf(context, booked, taken);
  const isUnnamed = (id: string): boolean => named.every(({ resourceId }) => resourceId !== id);
  const unnamed = kept.filter(({ resourceId }) => besides?.has(resourceId) === true && isUnnamed(resourceId));
  const isSameTime = booked?.during?.start === taken.start && booked.during.end === taken.end;
  const moved = isSameTime ? undefined : change.during;
  const wanted: Claim[] = [
    ...(keeps
      ? kept.map((row) => ({ ...asNamed(row), during: moved ?? row.during }))
      : [...named, ...itself, ...unnamed.map(asNamed)]),
    ...needed,
  ];
  const rows = distinct(wanted).map(({ resourceId, during: interval, code }): BusyRow => {
    const same = old.find(
      (row) => row.resourceId === resourceId && row.during.start === interval.start && row.during.end === interval.end,
    );
    const occupancy = change.session === undefined ? appointmentId : canonicalId.session(site.identity, change.session);
    const before = old.find((row) => row.resourceId === resourceId)?.code;
    const by = change.partial === true ? (before ?? code) : (code ?? before);
    const stays = same?.origin === 'hub' && same.occupancy === occupancy;
    return {
      resourceId,
      during: interval,
      occupancy,
      // What the hub placed stays under its constraint as long as the site leaves it where, and what, it was.
      origin: stays ? 'hub' : 'site',
      site: site.id,
      appointmentId,
      ...(same?.bookingId === undefined ? {} : { bookingId: same.bookingId }),
      tentative: change.status === 'pending',
      ...(stays && same.seat !== undefined ? { seat: same.seat } : {}),
      ...(by === undefined ? {} : { code: by }),
      ...(stays && same.contested === true ? { contested: true } : {}),
    };
  });
  if (old.length > 0) return sameRows(old, rows) ? [] : tx.busy.replaceAppointment(appointmentId, rows);
  await tx.busy.insert(rows);
  return rows;
}

/** By which name of the site the resource is taken. A partial statement has it from the visit, which knows no codes. */
function codeOf({ calendar, practitionerCode, statement }: ResolvedParticipant): Pick<Claim, 'code'> {
  const code = statement.actor.kind === 'calendar' ? calendar : practitionerCode;
  return code === null ? {} : { code };
}

function asNamed({ resourceId, during, code }: BusyRow): Claim {
  return { resourceId, during, ...(code === undefined ? {} : { code }) };
}

function sameRows(old: readonly BusyRow[], rows: readonly BusyRow[]): boolean {
  const text = (row: BusyRow): string =>
    [
      row.resourceId,
      row.during.start,
      row.during.end,
      row.occupancy,
      row.origin,
      row.site,
      row.bookingId,
      row.tentative,
      row.expiresAt,
    ].join(' ');
  const known = new Set(old.map(text));
  return old.length === rows.length && rows.every((row) => known.has(text(row)));
}

function distinct<T extends { resourceId: string; during: Interval }>(rows: readonly T[]): T[] {
  const seen = new Map(rows.map((row) => [`${row.resourceId} ${row.during.start} ${row.during.end}`, row]));
  return [...seen.values()];
}
