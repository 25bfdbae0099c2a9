/** The patient index: keyed hashes that find what clear keys would find, with caps that show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import type { PlainKey } from '../../src/store/contract-index.ts';
import type { Tx } from '../../src/store/contract.ts';
import { at, openedStore } from './opened.ts';

const id = (number: number): string => `00000000-0000-8000-8000-${String(number).padStart(12, '0')}`;
const key = (value: string, tight: string | null = null): PlainKey => ({ kind: 'names', value, tight });

interface Told {
  readonly version?: number;
  readonly inUse?: boolean;
  readonly contacts?: readonly string[];
  readonly who?: string;
  readonly given?: string;
  readonly family?: string;
}

async function put({ index }: Tx, number: number, keys: readonly PlainKey[], more: Told = {}): Promise<void> {
  const { version = 1, inUse = true, contacts = [], who = String(number), given = '', family = '' } = more;
  const entry = {
    id: id(number),
    version,
    inUse,
    truncated: false,
    keys: index.blinded(keys, 1),
    contacts: index.blindedContacts(contacts),
    who: index.blindedOwner(who),
    given: index.blindedName('given', given),
    family: index.blindedName('family', family),
  };
  await index.put([entry], [id(number)], 1, at(0));
}

test('records that share a key are found, those of another kind or epoch are not, and nothing of a key is readable', async (t) => {
  const { write, pool } = await openedStore(t);
  await write(async (tx) => {
    const { index } = tx;
    await put(tx, 1, [key('okonkwo|robert'), key('okonkwo|bob')]);
    await put(tx, 2, [key('okonkwo|robert')], { contacts: ['+19375552222'], given: 'robert', family: 'okonkwo' });
    const found = async (one: PlainKey, besides: readonly string[] = [], epoch = 1): Promise<unknown> => {
      const h = index.blinded([one], epoch)[0]?.h ?? '';
      return ((await index.blocks([h], besides, 500)).get(h) ?? []).toSorted();
    };
    assert.deepEqual(await found(key('okonkwo|robert')), [`${id(1)} 1`, `${id(2)} 1`]);
    assert.deepEqual(await found(key('okonkwo|robert'), [id(1)]), [`${id(2)} 1`]);
    assert.deepEqual(await found({ ...key('okonkwo|robert'), kind: 'email' }), []);
    assert.deepEqual(await found(key('okonkwo|robert'), [], 2), []);
    await put(tx, 1, [key('okonkwo|bob')], { version: 2 });
    assert.deepEqual(await found(key('okonkwo|robert')), [`${id(2)} 1`]);
    assert.deepEqual(await found(key('okonkwo|bob')), [`${id(1)} 2`]);
  });
  for (const table of ['patient_key', 'patient_contact', 'patient_indexed']) {
    const { rows } = await pool.query(`SELECT t::text AS told FROM ${table} t`);
    assert.doesNotMatch(JSON.stringify(rows), /okonkwo|robert|9375552222/, table);
  }
});

test('a key that more share than the cap is asked in its tight form, and it shows where that is too many as well', async (t) => {
  const { write } = await openedStore(t);
  await write(async (tx) => {
    for (const number of [1, 2, 3]) await put(tx, number, [key('a', `a|${String(number % 2)}`), key('b')]);
    const ask = async (one: PlainKey, cap: number): Promise<unknown> => {
      const blinded = tx.index.blinded([one], 1);
      const loose = await tx.index.blocks(blinded.map(({ h }) => h), [], cap); // prettier-ignore
      const tight = await tx.index.tightBlocks(blinded, [], cap);
      return [...loose.values(), ...tight.values()].map(
        (names) => names?.map((name) => name.slice(34, 36)).sort() ?? null,
      );
    };
    assert.deepEqual(await ask(key('a', 'a|1'), 3), [['01', '02', '03'], ['01', '03']]); // prettier-ignore
    assert.deepEqual(await ask(key('a', 'a|1'), 2), [null, ['01', '03']]);
    assert.deepEqual(await ask(key('a', 'a|1'), 1), [null, null]);
    assert.deepEqual(await ask(key('a', 'a|2'), 3), [['01', '02', '03']]);
  });
});

test('a contact is told with the different people who have it, however many records one of them has', async (t) => {
  const { write } = await openedStore(t);
  await write(async (tx) => {
    for (const number of [1, 2, 3, 4]) {
      await put(tx, number, [], { contacts: ['phone', ...(number < 3 ? ['mail'] : [])], who: `who ${String(number)}` });
    }
    for (const number of [5, 6, 7]) await put(tx, number, [], { contacts: ['mail'], who: 'who 1' });
    const people = async (besides: readonly string[], most: number): Promise<readonly number[]> => {
      const contacts = tx.index.blindedContacts(['phone', 'mail', 'none']);
      const owners = await tx.index.owners(contacts, besides, most);
      return contacts.map((h) => owners.get(h)?.length ?? 0);
    };
    assert.deepEqual(await people([], 9), [4, 2, 0]);
    assert.deepEqual(await people([id(1), id(2)], 9), [2, 1, 0]);
    assert.deepEqual(await people([], 3), [3, 2, 0]);
  });
});

test('names are counted over the records in use', async (t) => {
  const { write } = await openedStore(t);
  await write(async (tx) => {
    await put(tx, 1, [], { given: 'ana', family: 'lee' });
    await put(tx, 2, [], { given: 'ana' });
    await put(tx, 3, [], { given: 'ana', inUse: false });
    assert.deepEqual((await tx.index.names(['ana'], ['lee'])).given, 0);
    await tx.index.countNames();
    await tx.index.countNames();
    const { given, family, ofGiven, ofFamily } = await tx.index.names(['ana', 'eva'], ['lee']);
    assert.deepEqual([given, family], [2, 1]);
    assert.deepEqual([[...ofGiven], [...ofFamily]], [[['ana', 2]], [['lee', 1]]]);
  });
});

const PATIENT: Patient = { resourceType: 'Patient', active: true, name: [{ family: 'Lee' }] };

async function store(tx: Tx, number: number, patient = PATIENT, minute = 0): Promise<void> {
  const cause = { site: 'north', messageId: null, siteTime: null, now: at(minute) };
  await tx.resources.linkPatient(id(number), id(number), 'north', String(number), cause.now);
  await tx.resources.put(
    { type: 'Patient', id: id(number), site: 'north', resource: patient, active: patient.active !== false },
    cause,
  );
}

test('a Patient that is written is due, once however often, and only when it changed', async (t) => {
  const { write } = await openedStore(t);
  await write((tx) => store(tx, 1));
  await write((tx) => store(tx, 1, { ...PATIENT, gender: 'female' }, 1));
  await write((tx) => store(tx, 2, PATIENT, 2));
  const take = (minute: number): Promise<string | null> =>
    write(async ({ index }) => (await index.takeDue(at(minute), 1))[0]?.id ?? null);
  assert.equal(await take(-1), null);
  assert.deepEqual([await take(5), await take(5), await take(5)], [id(1), id(2), null]);
  await write((tx) => store(tx, 1, { ...PATIENT, gender: 'female' }, 6));
  assert.equal(await take(7), null);
  await write(({ index }) => index.putOff(id(1), 2, at(9)));
  assert.equal(await take(8), null);
  assert.deepEqual(await write(({ index }) => index.takeDue(at(9), 1)), [{ id: id(1), attempts: 2 }]);
});

test('what is due is taken by one worker, and given back when its transaction fails', async (t) => {
  const { write } = await openedStore(t);
  await write((tx) => store(tx, 1));
  await write((tx) => store(tx, 2));
  await write(async (first) => {
    assert.equal((await first.index.takeDue(at(1), 1))[0]?.id, id(1));
    assert.equal((await write(({ index }) => index.takeDue(at(1), 1)))[0]?.id, id(2));
    throw new Error('given up');
  }).catch(() => undefined);
  assert.equal((await write(({ index }) => index.takeDue(at(1), 1)))[0]?.id, id(1));
});

test('records of an earlier release, or of another epoch, are made due once', async (t) => {
  const { write, pool } = await openedStore(t);
  for (const number of [1, 2, 3]) await write((tx) => store(tx, number));
  await pool.query('DELETE FROM patient_due');
  await write((tx) => put(tx, 2, []));
  const due = (epoch: number, limit = 10): Promise<number> =>
    write(({ index }) => index.dueUnindexed(epoch, limit, at(0)));
  assert.deepEqual([await due(1, 1), await due(1), await due(1)], [1, 1, 0]);
  assert.deepEqual([await due(2), await due(2)], [1, 0]);
  assert.equal(await write(({ index }) => index.size()), 3);
});

test('a record that was merged away, removed or is not active is known and not in use', async (t) => {
  const { write } = await openedStore(t);
  for (const number of [1, 2, 3]) await write((tx) => store(tx, number, { ...PATIENT, active: number !== 3 }));
  await write(({ identity }) => identity.setPeople([{ id: id(2), goldenId: id(1), survivorId: id(1) }]));
  const found = await write(({ index }) => index.people([id(1), id(2), id(3), id(4)]));
  assert.deepEqual(
    found.map(({ id: one, inUse, goldenId }) => [one, inUse, goldenId]),
    [
      [id(1), true, id(1)],
      [id(2), false, id(1)],
      [id(3), false, id(3)],
    ],
  );
  assert.equal(found[0]?.patient().name?.[0]?.family, 'Lee');
});
