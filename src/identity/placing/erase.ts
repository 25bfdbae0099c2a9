/**
 * Erases a person: all of their records at once, so that none that is left tells whose the others were. Whoever may
 * still write or read one of them is kept out by the same locks that they take: messages, bookings, placing, decisions.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { actorsWith } from '../../fhir/acting.ts';
import type { Appointment, AppointmentParticipant, Patient } from '../../fhir/types.ts';
import { visitOfNobody } from '../../fhir/visit-of-nobody.ts';
import type { VisitNamed } from '../../store/contract-erasure.ts';
import type { KeyRow } from '../../store/contract-index.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Scope, Store, Tx } from '../../store/contract.ts';
import type { Asked, Erased, Erasing, PeopleDesk } from '../contract-desk.ts';
import { IDENTITY_LOG } from '../contract.ts';
import { acting, audit, unknown } from './desk-words.ts';
import type { Memory } from './memory.ts';
import { keyLock } from './place.ts';
import { component } from './regroup.ts';

export interface EraserOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** What the hub remembers of people. */
  readonly memories?: readonly Pick<Memory, 'forget'>[];
}

export function eraser({ store, clock, memories = [] }: EraserOptions): PeopleDesk['erase'] {
  return async ({ scope, requestId }: Asked, { records, reason }: Erasing): Promise<Erased> => {
    const wanted = [...new Set(records)].sort();
    const gone = await goneOf(store, scope, wanted);
    const ids = wanted.filter((id) => !gone.includes(id));
    if (ids.length === 0) return { erased: [], gone, visits: 0, versions: 0, bookings: 0, requests: 0 };
    const erased = await store.transaction(acting(scope), async (tx) => {
      const now = clock.now();
      let seen: Seen | null = null;
      await tx.lockRead([IDENTITY_LOG], async () => {
        seen = await look(tx, ids);
        return locksOf(seen);
      });
      const person = seen as Seen | null;
      if (person === null || person.records.length !== ids.length) throw unknown();
      await refuseWhile(tx, person, ids, { scope, now });
      const own = person.visits.filter(({ shared }) => !shared);
      const sequenceKeys = await sequenceKeysOf(tx, person);
      const related = (await Promise.all(ids.map((id) => tx.people.relatedTo(id)))).flat();
      for (const { id, shared } of person.visits) {
        await changeVisit(tx, id, shared ? (visit) => withoutActing(visit, related) : visitOfNobody, now);
      }
      const rows = await tx.erasure.erase({ records: ids, reason, visits: own.map(({ id }) => id), sequenceKeys }, now);
      await tx.ledger.add(
        person.records.map(({ id, site }) => ({
          at: now,
          kind: 'patient-erased',
          site,
          data: { patient: id, reason },
        })),
      );
      await audit(tx, ids, requestId, now);
      return { erased: ids, gone, visits: own.length, ...rows };
    });
    // Not before it is done: what is remembered of a person who stays is still of use.
    for (const memory of memories) memory.forget(erased.erased);
    return erased;
  };
}

interface Seen {
  readonly records: readonly KnownRecord[];
  /** Records of the same person, themselves included. */
  readonly together: readonly string[];
  readonly visits: readonly VisitNamed[];
  readonly keys: readonly KeyRow[];
}

/** Asked again for somebody who is gone, nothing is left to do. @throws NOT_FOUND */
async function goneOf(store: Store, scope: Scope, ids: readonly string[]): Promise<readonly string[]> {
  return store.read(scope, async (tx) => {
    const gone: string[] = [];
    for (const id of ids) {
      const served = await tx.resources.read('Patient', id);
      if (served === null) throw unknown();
      if (served.deleted) gone.push(id);
    }
    return gone;
  });
}

async function look(tx: Tx, ids: readonly string[]): Promise<Seen> {
  const { clusters } = await component(tx, ids);
  const together = clusters.flatMap(({ members }) => (members.some((id) => ids.includes(id)) ? members : []));
  const keys = await tx.index.rowsOf(ids);
  return { records: await tx.identity.records(ids), together, visits: await tx.erasure.visitsOf(ids), keys };
}

function locksOf({ records, visits, keys }: Seen): readonly string[] {
  return [
    ...records.flatMap(({ id, site, key }) => [`identity-record:${id}`, `visits-of:${id}`, `patient:${site}:${key}`]),
    ...keys.map(keyLock),
    ...visits.map(({ id }) => id),
  ];
}

/** @throws RULE_BROKEN with what is to be done first */
async function refuseWhile(
  tx: Tx,
  { together }: Seen,
  ids: readonly string[],
  { scope, now }: { readonly scope: Scope; readonly now: Instant },
): Promise<void> {
  const seesAll = [scope.sites, scope.locations, scope.clearances].every((reach) => reach === '*');
  const refuse = (what: string, found: readonly string[]): void => {
    // Whoever does not see all is not told of a record or a visit by its id either.
    const detail = seesAll ? `${what}: ${listed(found)}` : `${what} (${String(found.length)})`;
    if (found.length > 0) throw new HubError('RULE_BROKEN', { detail });
  };
  const erased = await tx.erasure.erased(together);
  const others = together.filter((id) => !ids.includes(id) && !erased.has(id));
  refuse('the person has other records; name them too, or take these out of the person first', others);
  const { visits, bookings } = await tx.erasure.obstacles(ids, now);
  refuse('the person has visits to come; have them cancelled first', visits);
  refuse('bookings of the person are not settled yet; settle or cancel them first', bookings);
}

const LISTED = 10;

function listed(ids: readonly string[]): string {
  const more = ids.length - LISTED;
  return ids
    .slice(0, LISTED)
    .join(', ')
    .concat(more > 0 ? ` and ${String(more)} more` : '');
}

/** The times stay: others are booked around them. */
async function changeVisit(
  tx: Tx,
  id: string,
  change: (visit: Appointment) => Appointment,
  now: Instant,
): Promise<void> {
  const visit = await tx.resources.appointment(id);
  if (visit === null) return;
  const resource = change(visit.resource);
  const actors = actorsWith(visit.actors, visit.resource, resource);
  const cause = { site: null, messageId: null, siteTime: null, now };
  await tx.resources.putAppointment({ ...visit, actors, resource }, cause);
}

/** Of a visit that is others' too. */
function withoutActing(visit: Appointment, gone: readonly string[]): Appointment {
  const isGone = ({ actor }: AppointmentParticipant): boolean =>
    gone.includes(actor?.reference?.replace('RelatedPerson/', '') ?? '');
  return { ...visit, participant: visit.participant.filter((one) => !isGone(one)) };
}

/** As connectors sequence messages about a person or a visit: by the number alone, without its authority. */
async function sequenceKeysOf(tx: Tx, { records, visits }: Seen): Promise<readonly string[]> {
  const numbers: string[] = [];
  for (const { id, key } of records) {
    const served = await tx.resources.read('Patient', id);
    const { identifier = [] } = served === null ? {} : (JSON.parse(served.json) as Patient);
    numbers.push(key, ...identifier.flatMap(({ value }) => value ?? []));
  }
  const ofVisits = visits.flatMap(({ siteKeys }) => siteKeys);
  return [
    ...numbers.flatMap((number) => bare(number).map((one) => `patient:${one}`)),
    ...ofVisits.flatMap((key) => bare(key).map((one) => `appointment:${one}`)),
  ];
}

function bare(name: string): readonly string[] {
  return [...new Set([name, name.split(/[|^#]/)[0] ?? name])];
}
