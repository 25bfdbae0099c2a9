/**
 * The patient's own time: nobody is at two visits at once, at whatever sites. All records of the person count, so that
 * two callers who book two records of one person wait for each other. A rule and no constraint: it may be overridden,
 * and what a site books itself is never refused.
 */
import { HubError } from '../core/errors.ts';
import type { Interval } from '../core/instant.ts';
import type { Plan } from '../settings/shape.ts';
import type { Tx } from '../store/contract.ts';

/** Who the visit is for, as far as that was known before the locks were taken. */
export interface Person {
  /** Every record of the person. */
  readonly records: readonly string[];
  /** To be locked together with everything else. */
  readonly locks: readonly string[];
}

export const NOBODY: Person = { records: [], locks: [] };

export async function personOf(tx: Tx, patientIds: readonly string[]): Promise<Person> {
  const records = await recordsOf(tx, patientIds);
  return { records, locks: records.map((id) => `visits-of:${id}`) };
}

async function recordsOf(tx: Tx, patientIds: readonly string[]): Promise<string[]> {
  const all = new Set(patientIds);
  for (const id of patientIds) for (const other of await tx.resources.linkedPatients(id)) all.add(other);
  return [...all];
}

export interface OwnTime {
  readonly person: Person;
  readonly patientIds: readonly string[];
  readonly during: Interval;
  /** The class that is booked; null: no class. */
  readonly session: string | null;
  /** The visit that is moved; null: a new one. */
  readonly visit: string | null;
  readonly channel: 'patient' | 'staff';
  readonly override: boolean;
}

/**
 * Under the locks of `person`.
 * @throws RULE_BROKEN when the patient has another visit then, or a seat in that class; TOO_BUSY when records were
 * joined with the patient's since the locks were chosen
 */
export async function checkOwnTime(tx: Tx, plan: Plan, wanted: OwnTime): Promise<void> {
  const { person, patientIds, during, session, visit, channel, override } = wanted;
  if (override && channel !== 'staff') {
    throw new HubError('RULE_BROKEN', { detail: 'allow-patient-overlap is for the staff channel' });
  }
  if (patientIds.length === 0) return;
  const now = await recordsOf(tx, patientIds);
  if (now.some((id) => !person.records.includes(id))) {
    throw new HubError('TOO_BUSY', { detail: 'the patient’s records were joined with others at this moment' });
  }
  const others = await tx.busy.ofPatients(now, during, visit);
  if (session !== null && others.some(({ occupancies }) => occupancies.includes(session))) {
    throw new HubError('RULE_BROKEN', { detail: 'the patient has a seat in this class; a second one is not booked' });
  }
  if (others.length === 0 || override || plan.hub.booking.patientOverlap === 'allow') return;
  const instead =
    channel === 'staff'
      ? 'book another time, or send allow-patient-overlap true to book it all the same'
      : 'book another time';
  throw new HubError('RULE_BROKEN', { detail: `the patient has another visit at that time; ${instead}` });
}
