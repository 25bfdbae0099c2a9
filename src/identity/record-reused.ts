/**
 * One record that now tells of somebody else: two people under one number, or a number given anew. What the site says
 * of its own record is taken as it is, and a person is shown it; but the visits of whoever has a number that was merged
 * away before are not given to the person whom it was merged into.
 */
import { newId } from '../core/ids.ts';
import { HOUR_MS, plus } from '../core/instant.ts';
import { Park } from '../core/park.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientRecord } from '../store/contract-people.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { goldenIdOf } from './golden/replay.ts';
import { BIRTH, compareBirth } from './match/compare-birth.ts';
import { compareFamily, compareGiven, FAMILY, GIVEN, isSwapped } from './match/compare-names.ts';
import { personOf } from './placing/person-of.ts';

/** Parent and child of one name. */
const GENERATION_YEARS = 13;

/**
 * other: somebody else, by name and by date of birth. doubt: of these one speaks against it. A name that stands for
 * none and what is missing say nothing; a family name alone changes with a marriage, a slip is no other date.
 */
export function readAs(before: Patient, now: Patient): 'same' | 'doubt' | 'other' {
  const [a, b] = [personOf(before), personOf(now)];
  if (a.placeholderName || b.placeholderName) return 'same';
  const swapped = isSwapped(a, b);
  const given = !swapped && compareGiven(a.given, b.given) === GIVEN.differ;
  const family = !swapped && compareFamily(a.family, b.family) === FAMILY.differ;
  const level = compareBirth(a.birth, b.birth);
  const years = a.birth === null || b.birth === null ? 0 : Math.abs(a.birth.year - b.birth.year);
  const birth = level === BIRTH.differ || (level === BIRTH.parts && years > 1);
  if (birth && (given || family)) return 'other';
  if (given && family && level === BIRTH.missing) return 'other';
  return given || years >= GENERATION_YEARS ? 'doubt' : 'same';
}

export interface Told {
  /** The record as it was, and as it is told now. */
  readonly before: Patient;
  readonly now: Patient;
  readonly known: PatientRecord;
}

/** @throws Park where the record was merged into another, and what is told is neither of the two */
export async function raiseReuse({ before, now, known }: Told, tx: Tx, cause: Cause): Promise<void> {
  const { survivorId, patientId, goldenId } = known;
  // Of a record that a merge alone has named nothing is known but who stands for it.
  const isNamed = (before.name ?? []).length > 0 || before.birthDate !== undefined;
  const own = readAs(before, now);
  if (own === 'same' && (isNamed || survivorId === null)) return;
  let read = own;
  if (survivorId !== null) {
    const served = await tx.resources.read('Patient', survivorId);
    const byOther = served === null || served.deleted ? 'same' : readAs(JSON.parse(served.json) as Patient, now);
    if (byOther === 'same') return;
    read = isNamed ? own : byOther;
    if (read === 'other') {
      const why =
        'PID-3: the number was merged into another record, and now comes with a name and a date of birth that are ' +
        'neither of the two. If it was given to somebody else, take the two records apart (slotwire identity ' +
        'unmerge, --overrule) and replay the message';
      throw new Park('identify', 'MERGE_UNDECIDED', why, true);
    }
  }
  await tx.workItems.open({
    id: newId(cause.now),
    kind: 'patient-conflict',
    subject: `record:${cause.site ?? ''}:${patientId}`,
    site: cause.site,
    role: 'records',
    dueAt: plus(cause.now, HOUR_MS),
    openedAt: cause.now,
    evidence: {
      patient: patientId,
      because:
        read === 'other'
          ? 'one number of the site comes with another name and another date of birth'
          : 'one number of the site comes with another first name, or a date of birth a generation apart',
      ...(goldenId === goldenIdOf(patientId) ? {} : { person: goldenId }),
      ...(cause.messageId === null ? {} : { message: String(cause.messageId) }),
      do:
        'Ask the site whether the number is one person’s. If it is of two, have the site mend it, and look at the ' +
        'visits of this Patient. Where records of other sites are linked with it: slotwire identity explain tells by ' +
        'whose word.',
    },
  });
}
