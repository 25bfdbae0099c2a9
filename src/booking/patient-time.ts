/**
 * The patient's own time: nobody is at two visits at once, at whatever sites. All records of the person count, so that
 * two callers who book two records of one person wait for each other. A rule and no constraint: it may be overridden,
 * and what a site books itself is never refused.
 */
import { HubError } from '../core/errors.ts';
import type { Interval } from '../core/instant.ts';
import { RunAgain } from '../core/run-again.ts';
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
  const linked = await Promise.all(patientIds.map((id) => tx.resources.linkedPatients(id)));
  return [...new Set([...patientIds, ...linked.flat()])];
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

/** What the rule is judged by, read under the locks of `person`. */
export interface OwnTimeSeen {
  /** Every record of the person as it is now. */
  readonly records: readonly string[];
  readonly others: Awaited<ReturnType<Tx['busy']['ofPatients']>>;
}

/** @throws RULE_BROKEN, RunAgain as `judgeOwnTime` */
export async function checkOwnTime(tx: Tx, plan: Plan, wanted: OwnTime): Promise<void> {
  judgeOwnTime(plan, wanted, await seeOwnTime(tx, wanted));
}

/** By the records that were known before the locks: if there are others now, it is refused all the same. */
export async function seeOwnTime(tx: Tx, { person, patientIds, during, visit }: OwnTime): Promise<OwnTimeSeen> {
  if (patientIds.length === 0) return { records: [], others: [] };
  const [records, others] = await Promise.all([
    recordsOf(tx, patientIds),
    tx.busy.ofPatients(person.records, during, visit),
  ]);
  return { records, others };
}

/**
 * @throws RULE_BROKEN when the patient has another visit then, or a seat in that class; RunAgain when records were
 * joined with the patient's since the locks were chosen
 */
export function judgeOwnTime(plan: Plan, wanted: OwnTime, { records, others }: OwnTimeSeen): void {
  const { person, session, channel, override } = wanted;
  if (override && channel !== 'staff') {
    throw new HubError('RULE_BROKEN', {
      detail: 'allow-patient-overlap is for the staff channel; leave it out, or book another time',
    });
  }
  if (records.some((id) => !person.records.includes(id))) {
    throw new RunAgain('the patient’s records were joined with others at this moment');
  }
  if (session !== null && others.some(({ occupancies }) => occupancies.includes(session))) {
    throw new HubError('RULE_BROKEN', {
      detail: 'the patient has a seat in this class already; choose another class, or cancel that seat first',
    });
  }
  if (others.length === 0 || override || plan.hub.booking.patientOverlap === 'allow') return;
  const instead =
    channel === 'staff'
      ? 'book another time, or send allow-patient-overlap true to book it all the same'
      : 'book another time';
  throw new HubError('RULE_BROKEN', { detail: `the patient has another visit at that time; ${instead}` });
}
