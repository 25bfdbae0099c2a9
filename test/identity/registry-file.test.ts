/** Files of NPPES, read as a stream: whatever the pieces in which the disk gives them, the same entries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateOfFile } from '../../src/hub-registry.ts';
import { readRegistryFile, RegistryFileError } from '../../src/identity/registry-file.ts';
import type { RegistryEntry } from '../../src/store/contract-registry.ts';
import { deactivationReport, providerFile, type Nppes } from '../support/nppes.ts';

const ADA = '1234567893';
const BEN = '1245319599';
const CAR = '1679576722';
const DEE = '1558598797';
const ROWS: readonly Nppes[] = [
  { npi: ADA, entity: '1', family: 'LOVELACE', other: 'BYRON', given: 'ADA', taxonomies: ['207R00000X', '207RC0000X'] },
  { npi: BEN, entity: '2', organisation: 'HEART ""GROUP"", LLC', address: '1 Main St\nSuite "" 2, "" 3' },
  { npi: CAR, off: '05/31/2020' },
  { npi: DEE, entity: '1', family: 'Núñez', off: '01/02/2019', on: '03/04/2019' },
];

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}
async function read(
  text: string,
  wanted: readonly string[] | null = null,
  size = 65_536,
): Promise<{ readonly entries: readonly RegistryEntry[]; readonly records: number; readonly kind: string }> {
  const entries: RegistryEntry[] = [];
  let [records, kind] = [0, ''];
  for await (const one of readRegistryFile(pieces(text, size), wanted === null ? null : new Set(wanted))) {
    entries.push(...one.entries);
    [records, kind] = [one.records, one.kind];
  }
  return { entries, records, kind };
}
const nobody = { entity: null, family: null, otherFamily: null, taxonomy: null, deactivatedOn: null } as const;

test('a provider file gives kind, names, the primary specialty, and what is not in use any more', async () => {
  const { entries, records, kind } = await read(providerFile(ROWS));
  assert.deepEqual([records, kind], [4, 'providers']);
  assert.deepEqual(entries, [
    { ...nobody, npi: ADA, entity: 1, family: 'LOVELACE', otherFamily: 'BYRON', taxonomy: '207RC0000X' },
    { ...nobody, npi: BEN, entity: 2 },
    { ...nobody, npi: CAR, deactivatedOn: '2020-05-31' },
    { ...nobody, npi: DEE, entity: 1, family: 'Núñez' },
  ]);
  assert.equal(providerFile([]).split(',').length, 330);
});

test('pieces may end anywhere, in a letter, a quote or a line', async () => {
  const text = providerFile(ROWS);
  const whole = await read(text);
  for (const size of [1, 2, 3, 7, 101, 4096]) assert.deepEqual(await read(text, null, size), whole, String(size));
  assert.deepEqual(await read(text.replace(/\n$/, '')), whole, 'the last line has no end');
});

test('only what is wanted is read, and all lines are counted', async () => {
  const { entries, records } = await read(providerFile(ROWS), [CAR, '1993999998']);
  assert.deepEqual([records, entries.map(({ npi }) => npi)], [4, [CAR]]);
});

test('a number that cannot be an NPI is left out', async () => {
  assert.deepEqual((await read(providerFile([{ npi: '1234567890', entity: '1' }]))).entries, []);
});

test('the report of deactivated numbers is read below its title', async () => {
  const { entries, kind } = await read(deactivationReport([[CAR, '5/31/2020']]));
  assert.equal(kind, 'deactivations');
  assert.deepEqual(entries, [{ ...nobody, npi: CAR, deactivatedOn: '2020-05-31' }]);
});

test('what is no such file, or was cut, is refused without a word of its content', async () => {
  const text = providerFile(ROWS);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['site,code\nnorth,RAO\n', /neither the columns/],
    ['', /neither the columns/],
    [text.slice(0, -2), /cut short/],
    [`${providerFile([])}"${ADA}","1"\n`, /line 2 has 2 cells, and the heading 330/],
    [providerFile([{ npi: ADA, off: '2020-05-31' }]), /line 2 has a date/],
    [`${providerFile([])}"${'x'.repeat(400_000)}`, /never closed/],
  ];
  for (const [file, expected] of wrong) {
    await assert.rejects(read(file), (error: unknown) => {
      assert.ok(error instanceof RegistryFileError);
      assert.match(error.message, expected);
      return true;
    });
  }
});

test('a file is true up to the last date in its name', () => {
  assert.equal(dateOfFile('/data/npidata_pfile_20050523-20260208.csv'), '2026-02-08');
  assert.equal(dateOfFile('NPPES Deactivated NPI Report 20260209.csv'), '2026-02-09');
  assert.equal(dateOfFile('npidata.csv'), null);
  assert.equal(dateOfFile('npidata_99999999.csv'), null);
});
