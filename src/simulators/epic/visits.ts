/** Appointments as they are made and changed; each change is told by SIU in the write that makes it. */
import type { Writer } from '../kit/store.ts';
import { opaqueId, settingsOf, type Hospital } from './hospital.ts';
import { PATIENTS, VISITS, type Status, type Visit } from './model.ts';
import { siu } from './siu.ts';

export type Trigger = 'S12' | 'S13' | 'S14' | 'S15' | 'S17' | 'S26';

export interface Plan {
  readonly patient: string;
  readonly visitType: string;
  readonly department: string;
  readonly practitioners: readonly string[];
  readonly start: number;
  readonly minutes: number;
  readonly note?: string;
  readonly placer?: readonly string[];
}

const FIRST_CSN = 200_418_801;

export function openVisit(hospital: Hospital, tx: Writer, plan: Plan): Visit {
  const visit = newVisit(hospital, tx, plan);
  return told(hospital, tx, 'S12', visit);
}

/** The row alone, without a message: what was there before anyone listened. */
export function newVisit(hospital: Hospital, tx: Writer, plan: Plan): Visit {
  const csn = String(tx.nextNumber('csn', FIRST_CSN));
  const { patient, visitType, department, practitioners, start, minutes, note = '', placer = [] } = plan;
  const visit: Visit = {
    ...{ csn, patient, visitType, department, practitioners, start, minutes, note, placer },
    id: opaqueId('appointment', hospital.seed.site.oid, csn),
    status: 'booked',
    reason: '',
    createdAt: hospital.clock.now(),
  };
  tx.put(VISITS, csn, visit);
  return visit;
}

/** Same CSN, or by setting a new one: whether a move keeps it is not documented. */
export function moveVisit(hospital: Hospital, tx: Writer, old: Visit, change: Partial<Visit>): Visit {
  if (settingsOf(hospital, tx).movedCsn === 'keep') return told(hospital, tx, 'S13', { ...old, ...change });
  const moved = newVisit(hospital, tx, { ...old, ...change });
  tx.put(VISITS, old.csn, { ...old, status: 'cancelled', reason: 'RESCHEDULED' });
  return told(hospital, tx, 'S13', moved);
}

export function endVisit(hospital: Hospital, tx: Writer, old: Visit, status: Status, reason: string): Visit {
  const triggers: Partial<Record<Status, Trigger>> = { cancelled: 'S15', deleted: 'S17', noshow: 'S26' };
  return told(hospital, tx, triggers[status] ?? 'S14', { ...old, status, reason });
}

/** The visit as it now is, stored and told. */
export function told(hospital: Hospital, tx: Writer, trigger: Trigger, visit: Visit): Visit {
  tx.put(VISITS, visit.csn, visit);
  const patient = tx.get(PATIENTS, visit.patient);
  if (patient === undefined) throw new RangeError(`appointment ${visit.csn} is of no patient`);
  hospital.feed.post(tx, `SIU^${trigger}`, visit.csn, (letter) => siu(letter, visit, patient));
  return visit;
}
