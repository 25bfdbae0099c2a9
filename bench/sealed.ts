/**
 * Patient records opened in a second of one core: a match opens each record that shares a key. Every record is under a
 * data key of its own; what that costs stands beside the same bytes under one key, as earlier releases had them. CPU
 * time, because the machine has other work.
 */
import { join } from 'node:path';
import { derivedId } from '../src/core/ids.ts';
import type { Patient } from '../src/fhir/types.ts';
import { textOf, type BodyRow } from '../src/store/sealed-rows.ts';
import { openKeys, type Keys } from '../src/store/seal.ts';
import { anotherRecord, makePerson, randomOf } from '../test/support/people.ts';
import { cpuRates, figures, quantile, type Bench } from './figure.ts';

const ROUNDS = 20;
const BULK = 2_000;

export const sealed: Bench = {
  name: 'sealed',
  async run({ scale, folder }) {
    const keys = await openKeys({ file: join(folder, 'keys.json') });
    const rows = records(keys, scale.short ? 500 : 20_000);
    const bare = rows.map((row) => withoutDataKey(keys, row));
    const pace = { rounds: ROUNDS, round_ms: scale.short ? 5 : (scale.seconds * 1000) / (4 * ROUNDS) };
    const open = (row: BodyRow): number => textOf(row, keys).length;
    const unknown = (row: BodyRow): number => {
      keys.records.forget(row.id);
      return open(row);
    };
    const read = (row: BodyRow): number => (JSON.parse(textOf(row, keys)) as Patient).resourceType.length;
    const floor = quantile(cpuRates(bare, open, pace), 0.5);
    const conditions = `${rows.length} made-up records, one core, CPU time, median of ${ROUNDS} rounds`;
    const works: readonly (readonly [name: string, work: (row: BodyRow) => number])[] = [
      ['records opened, data key unwrapped before', open],
      ['records opened, data key unwrapped too', unknown],
      ['records opened and read', read],
    ];
    return works.flatMap(([name, work]) => {
      const each = cpuRates(rows, work, pace);
      return figures({ name, unit: 'records/s', value: quantile(each, 0.5), each, conditions }, [
        { name: 'the same bytes under one key for all', value: floor },
        { name: 'wanted: 2000 a second, each opened once', value: BULK },
      ]);
    });
  },
};

function records(keys: Keys, count: number): readonly BodyRow[] {
  const random = randomOf(7);
  return Array.from({ length: count }, (_, number): BodyRow => {
    const id = derivedId('bench', number);
    const { names, addresses = [], ...rest } = anotherRecord(random, makePerson(random));
    const body = { resourceType: 'Patient', id, meta: { versionId: '1' }, name: names, address: addresses, ...rest };
    const dataKey = keys.records.fresh(id);
    const bytes = keys.records.seal({ id, version: 1 }, Buffer.from(JSON.stringify(body)), dataKey);
    return { id, version: 1, content: null, sealed: bytes, key_id: dataKey.keyId, data_key: dataKey.wrapped };
  });
}

function withoutDataKey(keys: Keys, row: BodyRow): BodyRow {
  const { keyId, sealed: bytes } = keys.seal(Buffer.from(textOf(row, keys)));
  return { ...row, sealed: bytes, key_id: keyId, data_key: null };
}
