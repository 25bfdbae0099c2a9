/** ADT about records of people and about visits under way, read without a store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Mapped } from '../../src/mappings/contract.ts';
import type { PatientMerge } from '../../src/mappings/contract-people.ts';
import { ADT_STATUS } from '../../src/mappings/hl7v2/adt-status.ts';
import { EVENTS } from '../../src/mappings/hl7v2/events.ts';
import { hl7Settings, hl7Site, map, parked } from '../fixtures/siu/site.ts';

const head = (trigger: string): string =>
  `MSH|^~\\&|EPICSIM|HOSP_A|HUB|HUB|20260301120000||ADT^${trigger}|7|P|2.5.1\rEVN||20260301120000\r`;
const pid = (ids: string, more = ''): string => `PID|1||${ids}||DOE^JANE||19800102|F${more}\r`;

function changes(message: string, site = hl7Site()): readonly Change[] {
  const mapped: Mapped = map(message, site);
  if (mapped.kind !== 'changes') throw new Error(JSON.stringify(mapped));
  return mapped.changes;
}

function merges(message: string, site = hl7Site()): readonly (readonly string[])[] {
  return changes(message, site)
    .filter((change): change is PatientMerge => change.kind === 'patient-merge')
    .map(({ from, into }) => [from.key, into.key]);
}

const local = hl7Site({ unknownIdentifiers: 'local-only', identifiers: {} });

test('every trigger that puts one record in the place of another says which and for which', () => {
  for (const trigger of ['A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A43', 'A46', 'A47', 'A48']) {
    const message = `${head(trigger)}${pid('1^^^HOSP_A^MR')}MRG|2^^^HOSP_A^MR\r`;
    assert.deepEqual(merges(message), [['2^HOSP_A', '1^HOSP_A']], trigger);
    assert.equal(
      changes(message).every((change) => !('reason' in change) || change.reason === `ADT^${trigger}`),
      true,
    );
  }
});

test('pairs of PID and MRG are taken in order, with PD1 and PV1 between', () => {
  const first = `${pid('1^^^HOSP_A^MR')}PD1|1\rMRG|2^^^HOSP_A\rPV1||O\r`;
  const message = `${head('A40')}${first}${pid('3^^^HOSP_A^MR')}MRG|4^^^HOSP_A\r`;
  assert.deepEqual(merges(message), [
    ['2^HOSP_A', '1^HOSP_A'],
    ['4^HOSP_A', '3^HOSP_A'],
  ]);
});

test('several numbers of one authority in MRG-1 are several records, those of others say more of the same one', () => {
  assert.deepEqual(merges(`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|2^^^HOSP_A^MR~3^^^HOSP_A^MR\r`), [
    ['2^HOSP_A', '1^HOSP_A'],
    ['3^HOSP_A', '1^HOSP_A'],
  ]);
  const [merge] = changes(`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|2^^^HOSP_A^MR~9^^^CLINIC_B\r`);
  assert.deepEqual(merge?.kind === 'patient-merge' ? merge.from.identifiers.map(({ value }) => value) : merge?.kind, [
    '2',
    '9',
  ]);
});

test('older senders have the prior number in MRG-4, or the number alone', () => {
  assert.deepEqual(merges(`${head('A39')}${pid('1', '')}MRG||||2\r`, local), [['2', '1']]);
  assert.deepEqual(merges(`${head('A40')}${pid('1765431')}MRG|1765475||||||\r`, local), [['1765475', '1765431']]);
});

test('authority and type that MRG leaves out are those of PID', () => {
  for (const prior of ['2', '2^^^HOSP_A']) {
    assert.deepEqual(merges(`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|${prior}\r`), [['2^HOSP_A', '1^HOSP_A']], prior);
  }
});

test('the old number behind the new one in PID-3 does not name the record that stays', () => {
  const message = `${head('A40')}${pid('2^^^HOSP_A^MR~1^^^HOSP_A^MR')}MRG|2^^^HOSP_A^MR\r`;
  assert.deepEqual(merges(message), [['2^HOSP_A', '1^HOSP_A']]);
});

test('a record merged into itself is news of its person', () => {
  const mapped = map(`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|1^^^HOSP_A^MR\r`);
  assert.deepEqual(mapped.kind === 'changes' && mapped.changes.map(({ kind }) => kind), ['patient']);
  assert.equal(mapped.kind === 'changes' && mapped.warnings.some((text) => text.startsWith('MRG-1:')), true);
});

test('a merge that does not say of whom is a barrier, with a code of its own', () => {
  for (const [message, where] of [
    [`${head('A40')}${pid('1^^^HOSP_A^MR')}`, 'MRG'],
    [`${head('A40')}MRG|1^^^HOSP_A^MR\r`, 'PID'],
    [`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|\r`, 'MRG-1'],
    [`${head('A40')}${pid('1^^^HOSP_A^MR')}MRG|2^^^ELSE^MR\r`, 'MRG-1'],
    [`${head('A40')}${pid('1^^^ELSE^MR')}MRG|2^^^HOSP_A^MR\r`, 'PID-3'],
  ] as const) {
    assert.deepEqual(parked(message), [`MERGE_UNDECIDED ${where}`]);
    const mapped = map(message);
    assert.equal(mapped.kind === 'unreadable' && mapped.barrier, true);
  }
});

test('a link names two people and joins none whose birth dates differ', () => {
  const two = (born: string): string =>
    `${head('A24')}${pid('1^^^HOSP_A^MR')}PID|2||2^^^HOSP_A^MR||DOE^JANE||${born}|F\r`;
  assert.deepEqual(
    changes(two('19800102')).map(({ kind }) => kind),
    ['patient', 'patient', 'patient-link'],
  );
  assert.equal(changes(two('1980')).length, 3);
  assert.deepEqual(parked(two('20110412')), ['LINK_DOUBTFUL PID-7']);
  assert.deepEqual(parked(`${head('A24')}${pid('1^^^HOSP_A^MR')}`), ['MESSAGE_INCOMPLETE PID']);
});

test('an account is ignored, a person who carries its number is stated', () => {
  for (const trigger of ['A35', 'A41', 'A44', 'A49']) {
    assert.equal(map(`${head(trigger)}${pid('1^^^HOSP_A^MR')}MRG|||5\r`).kind, 'ignored', trigger);
    const carrying = changes(`${head(trigger)}${pid('1^^^HOSP_A^MR~77^^^HOSP_A^AN')}MRG|||5\r`);
    assert.deepEqual(
      carrying.map(({ kind }) => kind),
      ['patient'],
    );
  }
});

test('visits that move or change their number are named by PV1-19, else by MRG-5', () => {
  const visits = (message: string): readonly unknown[] =>
    changes(message).flatMap((change) => ('visit' in change ? [change.visit.map(({ value }) => value)] : []));
  const pv1 = (number: string): string => `PV1|1|O|CARD${'|'.repeat(16)}${number}\r`;
  const mrg = 'MRG|2^^^HOSP_A||||V1\r';
  assert.deepEqual(visits(`${head('A45')}${pid('1^^^HOSP_A^MR')}${mrg}${pv1('V1')}${mrg}${pv1('V2')}`), [
    ['V1'],
    ['V2'],
  ]);
  assert.deepEqual(visits(`${head('A45')}${pid('1^^^HOSP_A^MR')}${mrg}`), [['V1']]);
  assert.deepEqual(parked(`${head('A45')}${pid('1^^^HOSP_A^MR')}MRG|2^^^HOSP_A\r`), ['MESSAGE_INCOMPLETE PV1-19']);
  assert.deepEqual(visits(`${head('A50')}${pid('1^^^HOSP_A^MR')}${mrg}${pv1('V9')}`), [['V1']]);
});

test('the table of status has a rule for every trigger that is said to have one; a cancelled visit stays', () => {
  for (const [trigger, { from }] of Object.entries(ADT_STATUS)) {
    assert.equal(EVENTS.get(`ADT^${trigger}`)?.kind, 'patient', trigger);
    assert.equal(from.includes('cancelled') || from.includes('entered-in-error'), false, trigger);
  }
});

test('a visit is named by the fields of the site file, in their order', () => {
  const message = `${head('A04')}${pid('1^^^HOSP_A^MR')}PV1|1|O|CARD${'|'.repeat(16)}V1${'|'.repeat(31)}X7\r`;
  const named = (visitKey: readonly string[]): unknown => {
    const status = changes(message, hl7Site({ settings: { ...hl7Settings({ visitKey }) } })).at(-1);
    return status?.kind === 'visit-status' ? status.visit.map(({ value, type }) => [value, type]) : status?.kind;
  };
  assert.deepEqual(named(['PV1-19']), [['V1', 'VN']]);
  // prettier-ignore
  assert.deepEqual(named(['PV1-50', 'PV1-19']), [['X7', undefined], ['V1', 'VN']]);
});
