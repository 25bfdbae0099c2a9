/** What is told for a confidential visit of a minor is not told of the person: down to the keys that are stored. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import { keysOf, KEY_EPOCH } from '../../src/identity/match/keys.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { personOf } from '../../src/identity/placing/person-of.ts';
import { patientOf } from '../../src/mappings/acuity/patient.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { identifyStage } from '../../src/pipeline/identify.ts';
import type { SensitivitySettings, SiteSettings } from '../../src/settings/shape.ts';
import { hl7Site } from '../fixtures/siu/site.ts';
import { facts } from '../mappings/acuity-facts.ts';
import type { Opened } from '../store/opened.ts';
import { during, openWorld, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { adt, feedWorld, MRN, siu, type FeedWorld } from './feed-world.ts';

const NOTHING: SensitivitySettings = { site: [], departments: {}, visitTypes: {}, codes: {} };
const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;

/** Places all that is due, and compares what is stored of a record with what its Patient leads to. */
async function storedKeys(
  world: Opened & { readonly clock: FeedWorld['clock'] },
  id: string,
): Promise<readonly string[]> {
  const events = { placed: () => undefined, keyCapped: () => undefined };
  const stage = identifyStage({ store: world.store, clock: world.clock, placing: patientPlacing(), events });
  while (await stage.step());
  const { rows } = await world.pool.query<{ h: string }>(
    `SELECT h::text FROM patient_key WHERE patient_id = '${id}' UNION ALL
     SELECT h::text FROM patient_contact WHERE patient_id = '${id}'`,
  );
  return rows.map(({ h }) => h);
}

/** As stored, of whoever has these contacts. */
function keysWith(world: Opened, patient: Patient): Promise<ReadonlySet<string>> {
  const person = personOf(patient);
  return world.write(({ index }) => {
    return Promise.resolve(new Set(index.blinded(keysOf(person), KEY_EPOCH).map(({ h }) => h)));
  });
}

describe('a confidential visit of a minor at a site of HL7 v2', () => {
  const CONTACT = '9 ELM ST^^SPRINGFIELD^IL^62701||(217)555-0188^PRN^PH~^NET^Internet^mom@example.org';
  const pid = (mrn: string, born: string): string => `PID|1||${MRN(mrn)}||LOPEZ^MIA||${born}|F|||${CONTACT}\r`;
  const booked = (key: string, minute: number, born = '20120304'): string =>
    siu('S12', T(minute), key, key).replace(/PID.*?\r/, pid(key, born));
  const clinic = (rules: Partial<SensitivitySettings>): SiteSettings =>
    hl7Site({ sensitivity: { ...NOTHING, ...rules } });
  const told = async (world: FeedWorld, mrn: string): Promise<readonly boolean[]> => {
    const patient = await world.patient(mrn);
    assert.equal(patient?.name?.[0]?.family, 'LOPEZ', mrn);
    return [patient.telecom !== undefined, patient.address !== undefined];
  };

  for (const [by, rules] of Object.entries({
    'the site': { site: ['R'] },
    'the department': { departments: { cardiology: ['R'] } },
    'the visit type': { visitTypes: { 'cardiology-30': ['PSY'] } },
  })) {
    it(`by ${by} tells neither contact nor address, of an adult it does`, async (t) => {
      const world = await feedWorld(t, clinic(rules));
      await world.tell(booked('1', 1), booked('2', 2, ''), booked('3', 3, '19800304'));
      assert.deepEqual(await told(world, '1'), [false, false]);
      assert.deepEqual(await told(world, '2'), [false, false]);
      assert.deepEqual(await told(world, '3'), [true, true]);
      const open = await feedWorld(t, clinic({ site: ['N'] }));
      await open.tell(booked('1', 1));
      assert.deepEqual(await told(open, '1'), [true, true]);
    });
  }

  it('leaves no key of contact, address or household in the index', async (t) => {
    const world = await feedWorld(t, clinic({ visitTypes: { 'cardiology-30': ['PSY'] } }));
    await world.tell(booked('1', 1));
    const patient = await world.patient('1');
    assert.ok(patient !== null);
    const full: Patient = {
      ...patient,
      telecom: [
        { system: 'phone', value: '(217)555-0188' },
        { system: 'email', value: 'mom@example.org' },
      ],
      address: [{ line: ['9 ELM ST'], city: 'SPRINGFIELD', state: 'IL', postalCode: '62701' }],
    };
    const stored = await storedKeys(world, (await world.patientId('1')) ?? '');
    const [allowed, forbidden] = [await keysWith(world, patient), await keysWith(world, full)];
    assert.ok(stored.length > 0 && forbidden.size > allowed.size + 4);
    assert.deepEqual(
      stored.filter((h) => !allowed.has(h)),
      [],
    );
  });

  it('tells nothing by ADT either: by its place, by the visit that is known, and where it is planned', async (t) => {
    const world = await feedWorld(t, clinic({ departments: { cardiology: ['R'] } }));
    const elsewhere = `PV1|1|O|LAB${'|'.repeat(16)}V-2^^^HOSP_A^VN\r`;
    await world.tell(
      adt('A04', T(1), pid('1', '20120304'), 'PV1|1|O|CARD\r'),
      siu('S12', T(2), '2', '2').replace(/PID.*?\r/, `PID|1||${MRN('2')}||LOPEZ^MIA||20120304\r`),
      adt('A08', T(3), pid('2', '20120304'), elsewhere),
      adt('A08', T(4), pid('3', '20120304'), elsewhere.replace('V-2', 'V-3')),
    );
    assert.deepEqual(await told(world, '1'), [false, false]);
    assert.deepEqual(await told(world, '2'), [false, false]);
    assert.deepEqual(await told(world, '3'), [true, true]);
  });
});

describe('a client of a practice of Acuity', () => {
  const FIELDS = { firstName: 'Mia', lastName: 'Lopez', phone: '(217) 555-0188', email: 'mom@example.org' };
  const born = (date: string): unknown => ({ forms: [{ values: [{ fieldID: 88003, value: date }] }] });
  const client = (more: object = {}): PatientAssertion => {
    const found = patientOf({ ...FIELDS, ...more }, facts());
    assert.ok(found !== null);
    return found;
  };
  const open = (t: Cleanup): Promise<World> => {
    const [north, south, feed] = testSites();
    const sensitivity = { ...NOTHING, visitTypes: { 'therapy-50': ['PSY'] } };
    return openWorld(t, { sites: [{ ...north, sensitivity }, south, feed] });
  };
  const CHILD = client(born('2012-03-04') as object);
  const telecom = async (world: World, who = CHILD): Promise<readonly (string | undefined)[]> => {
    const id = await idOf(world, who);
    const served = await world.read((tx) => tx.resources.read('Patient', id));
    const patient = JSON.parse(served?.json ?? '{}') as Patient;
    return (patient.telecom ?? []).map(({ value }) => value);
  };
  const idOf = async (world: World, who = CHILD): Promise<string> => {
    const record = await world.write((tx) => tx.people.record('north', who.key));
    return record?.patientId ?? '';
  };
  const listed = (world: World, who = client()): Promise<number> => {
    world.clock.advance(1_000);
    return world.tell('north', { kind: 'patient', at: world.clock.now(), patient: who });
  };
  const booked = (world: World, key: string, code: string, hour: number, who = CHILD): Promise<number> => {
    world.clock.advance(1_000);
    const at = world.clock.now();
    return world.tell('north', visit(key, 'n1', during(hour), { at, visitType: { code }, patients: [who] }));
  };

  it('who is a minor, or of unknown age, keeps no contact of a confidential visit; an adult does', async (t) => {
    const world = await open(t);
    const [adult, unknown] = [
      client({ ...(born('1980-03-04') as object), firstName: 'Ana' }),
      client({ firstName: 'Eve' }),
    ];
    await booked(world, 'V1', 't50', 9);
    await booked(world, 'V2', 't50', 10, adult);
    await booked(world, 'V3', 't50', 11, unknown);
    assert.deepEqual(await telecom(world), []);
    assert.deepEqual(await telecom(world, unknown), []);
    assert.equal((await telecom(world, adult)).length, 2);
    const id = await idOf(world);
    const stored = await storedKeys(world, id);
    const served = await world.read((tx) => tx.resources.read('Patient', id));
    const patient = JSON.parse(served?.json ?? '{}') as Patient;
    const allowed = await keysWith(world, patient);
    assert.ok(stored.length > 0);
    assert.deepEqual(
      stored.filter((h) => !allowed.has(h)),
      [],
    );
  });

  it('is not told by the list of clients what only confidential visits told, in either order', async (t) => {
    const world = await open(t);
    await booked(world, 'V1', 't50', 9);
    await listed(world);
    assert.deepEqual(await telecom(world), []);
    const other = await open(t);
    await listed(other);
    assert.equal((await telecom(other)).length, 2);
    await booked(other, 'V1', 't50', 9);
    assert.deepEqual(await telecom(other), []);
  });

  it('has the contact that an open visit told, whichever visit came first', async (t) => {
    for (const order of [
      ['t30', 't50'],
      ['t50', 't30'],
    ]) {
      const world = await open(t);
      for (const [n, code] of order.entries()) await booked(world, `V${n}`, code, 9 + n);
      await listed(world);
      assert.equal((await telecom(world)).length, 2, order.join(' '));
    }
  });
});
