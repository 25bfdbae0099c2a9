/** A phone or e-mail address that a minor’s record shares with whoever pays is no contact of the minor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import { contactsOf } from '../../src/identity/match/frequencies.ts';
import { keysOf, KEY_EPOCH } from '../../src/identity/match/keys.ts';
import { personOf } from '../../src/identity/placing/person-of.ts';
import { peopleServing } from '../../src/identity/serving/serving.ts';
import { SCOPE } from '../support/facts.ts';
import type { Cleanup } from '../support/database.ts';
import { ADMIN, erasingWorld, type ErasingWorld } from './erasing-world.ts';
import { adt, MRN } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const PHONE = '(217)555-0188';
const EMAIL = 'mia@example.org';
const PERSON = (mrn: string, born = '20120304', phone = `${PHONE}^PRN^PH~^NET^Internet^${EMAIL}`): string =>
  `PID|1||${MRN(mrn)}||LOPEZ^MIA||${born}|F|||9 ELM ST^^SPRINGFIELD^IL^62701||${phone}\r`;
/** Another way of writing the number. */
const PAYER = 'GT1|1||LOPEZ^ANA||9 ELM ST|217-555-0188^PRN^PH~^NET^Internet^ana@example.org||||||MTH\r';
const MOTHER = 'NK1|1|LOPEZ^ANA|MTH||(217)555-0188^PRN^PH\r';
const OTHER_PAYER = 'GT1|1||LOPEZ^TOM||9 ELM ST|(217)555-0100^PRN^PH||||||FTH\r';

/** Contacts of the golden record. */
async function golden(world: ErasingWorld, mrn: string): Promise<readonly string[]> {
  await world.settle();
  const id = (await world.patientId(mrn)) ?? '';
  const text = await world.store.read(SCOPE, async (tx) => {
    const [record] = await tx.identity.records([id]);
    return (await peopleServing().person(tx, record?.goldenId ?? ''))?.json ?? '{}';
  });
  return ((JSON.parse(text) as Patient).telecom ?? []).map(({ value = '' }) => value);
}

/** Whether the record is compared, or looked for, by this contact. */
async function isKey(world: ErasingWorld, mrn: string, contact: Patient['telecom'] & object): Promise<boolean> {
  await world.settle();
  const record = await world.patient(mrn);
  assert.ok(record !== null);
  const person = personOf({ resourceType: 'Patient', name: record.name ?? [], telecom: contact });
  const keys = keysOf(person).filter(({ kind }) => kind === 'phone' || kind === 'email');
  assert.ok(keys.length > 0);
  const hashes = await world.write(({ index }) =>
    Promise.resolve([
      ...index.blinded(keys, KEY_EPOCH).map(({ h }) => h),
      ...index.blindedContacts(contactsOf(person)),
    ]),
  );
  const { rows } = await world.pool.query<{ h: string }>(
    `SELECT h::text AS h FROM patient_key WHERE patient_id = $1
     UNION ALL SELECT h::text FROM patient_contact WHERE patient_id = $1`,
    [record.id],
  );
  return rows.some(({ h }) => hashes.includes(h));
}

const phone = [{ system: 'phone', value: PHONE }] as const;

async function worldOf(t: Cleanup, ...messages: readonly string[]): Promise<ErasingWorld> {
  const world = await erasingWorld(t);
  await world.tell(...messages);
  return world;
}

describe('a number that whoever pays and a minor’s own record share', () => {
  it('is no contact of the golden record, and no key, however it is written', async (t) => {
    const world = await worldOf(t, adt('A28', T(1), PERSON('1'), PAYER));
    assert.deepEqual(await golden(world, '1'), [EMAIL]);
    assert.equal(await isKey(world, '1', phone), false);
    // The site's own record has what the site says, marked.
    const [own] = (await world.patient('1'))?.telecom ?? [];
    assert.deepEqual(own, {
      system: 'phone',
      value: PHONE,
      extension: [{ url: 'urn:slotwire:contact-of', valueCode: 'guarantor' }],
    });
  });

  it('is so whichever is told first, and makes no version when it is told again', async (t) => {
    const world = await worldOf(t, adt('A28', T(1), PERSON('1', '20120304', ''), PAYER));
    await world.tell(adt('A31', T(2), PERSON('1')));
    assert.deepEqual(await golden(world, '1'), [EMAIL]);
    const version = (await world.patient('1'))?.meta?.versionId;
    await world.tell(adt('A31', T(3), PERSON('1')), adt('A31', T(4), PERSON('1'), PAYER));
    assert.equal((await world.patient('1'))?.meta?.versionId, version);
  });

  it('is the minor’s when somebody else pays, or the payer has another number', async (t) => {
    const world = await worldOf(t, adt('A28', T(1), PERSON('1'), PAYER), adt('A31', T(2), PERSON('1'), OTHER_PAYER));
    assert.deepEqual(await golden(world, '1'), [PHONE, EMAIL]);
    assert.equal(await isKey(world, '1', phone), true);
  });

  it('is withheld from other records of the minor too, of which nobody says whose it is', async (t) => {
    const world = await worldOf(t, adt('A28', T(1), PERSON('1'), PAYER), adt('A28', T(2), PERSON('2')));
    const [one = '', other = ''] = [await world.patientId('1'), await world.patientId('2')].map((id) => id ?? '');
    await world.settle();
    await world.desk.decide(ADMIN, { one, other, verdict: 'same', reason: 'asked at the counter' });
    assert.deepEqual(await golden(world, '2'), [EMAIL]);
  });

  it('stays a contact of an adult, and one shared with a next of kin stays the minor’s', async (t) => {
    const world = await worldOf(
      t,
      adt('A28', T(1), PERSON('1', '19800304'), PAYER),
      adt('A28', T(2), PERSON('2').replace('MIA', 'EVA'), MOTHER),
    );
    assert.deepEqual(await golden(world, '1'), [PHONE, EMAIL]);
    assert.deepEqual(await golden(world, '2'), [PHONE, EMAIL]);
    assert.equal(await isKey(world, '1', phone), true);
  });

  it('is the patient’s own from the first news behind the eighteenth birthday', async (t) => {
    const world = await worldOf(t, adt('A28', T(1), PERSON('1', '20081123'), PAYER));
    assert.deepEqual(await golden(world, '1'), [EMAIL]);
    world.clock.advance(3 * 86_400_000);
    await world.tell(adt('A31', '20261125080000', PERSON('1', '20081123')));
    assert.deepEqual(await golden(world, '1'), [PHONE, EMAIL]);
  });
});
