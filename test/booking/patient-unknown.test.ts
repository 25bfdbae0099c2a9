/** For whom a site is asked for a visit: by its own number, of one record, of a person that somebody has decided on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bookingDesk } from '../../src/booking/desk.ts';
import { closeRegistered } from '../../src/booking/unknown-task.ts';
import { identifiersFor } from '../../src/booking/site-identifiers.ts';
import type { PersonAsked, Sought } from '../../src/connectors/contract-seek.ts';
import { HubError } from '../../src/core/errors.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import type { Patient } from '../../src/fhir/types.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { identifyStage } from '../../src/pipeline/identify.ts';
import { seeker } from '../../src/pipeline/seek.ts';
import { ANA, during, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import { siteOf, testPlan } from '../support/facts.ts';
import type { Cleanup } from '../support/database.ts';

const MRN = 'urn:north:mrn';
const EPI = 'urn:health:person';
const IDENTIFIERS = {
  MR: { system: MRN, type: 'site-mrn', useForWriteBack: true },
  EPI: { system: EPI, type: 'enterprise-mrn', useForWriteBack: true },
} as const;

describe('the numbers by which a site is told who a visit is for', () => {
  const site = siteOf('north', { identifiers: IDENTIFIERS });
  const record = (id: string, ...numbers: readonly (readonly [string, string])[]): Patient => ({
    resourceType: 'Patient',
    id,
    identifier: numbers.map(([system, value]) => ({ system, value })),
  });
  const told = (chosen: Patient, here: readonly Patient[], identity: 'id' | 'demographics' = 'id'): readonly string[] =>
    identifiersFor(chosen, here, site, identity).map(({ value }) => value);
  const [one, other] = [record('a', [MRN, '1']), record('b', [MRN, '2'])];
  const elsewhere = record('c', ['urn:south:mrn', '9']);

  it('are those of the record that the caller chose there, whatever others the person has', () => {
    assert.deepEqual(told(one, [other, one]), ['1']);
    assert.deepEqual(told(other, [other, one]), ['2']);
  });

  it('are those of the one record there of whoever was chosen elsewhere', () => {
    assert.deepEqual(told(elsewhere, [one]), ['1']);
    assert.deepEqual(told(elsewhere, []), []);
  });

  it('are not chosen among several records there', () => {
    const isRefused = (error: unknown): boolean => error instanceof HubError && error.code === 'RULE_BROKEN';
    assert.throws(() => told(elsewhere, [one, other]), isRefused);
    assert.deepEqual(told(elsewhere, [one, other], 'demographics'), []);
  });

  it('are an enterprise number of the chosen record where the site has no record of its own', () => {
    const known = record('c', ['urn:south:mrn', '9'], [EPI, 'E1']);
    assert.deepEqual(told(known, []), ['E1']);
    assert.deepEqual(told(known, [one]), ['1']);
  });

  it('are none that is old', () => {
    const old: Patient = { ...one, identifier: [{ system: MRN, value: '1', use: 'old' }] };
    assert.deepEqual(told(old, [old]), []);
  });
});

async function worldOf(t: Cleanup, whenUnknown: 'refuse' | 'ask' | 'search'): Promise<World> {
  const sites = testPlan().sites.map((site) =>
    site.id === 'north' ? { ...site, identifiers: IDENTIFIERS, patients: { whenUnknown } } : site,
  );
  const world = await openWorld(t, { sites, patientIdentity: 'id' });
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9))]);
  return world;
}

async function bookAt9(world: World, patient: string): Promise<unknown> {
  const slot = await world.slot('north', slotKey('n1', 't50', during(9).start));
  return world.book(slot.id, patient);
}

const THERE = { ...ANA, key: 'north-1', identifiers: [{ system: MRN, value: '1', type: 'MR' }] };

describe('a booking for somebody of whom the site has no record', () => {
  it('is refused, and nothing is sent or held', async (t) => {
    const world = await worldOf(t, 'refuse');
    await assert.rejects(bookAt9(world, await world.patient('south', ANA)), /have the clinic register the patient/);
    assert.deepEqual(world.sites.north.placed, []);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(9)), []);
  });

  it('asks the people of the site once, where its file says so, and can be made when the record is linked', async (t) => {
    const world = await worldOf(t, 'ask');
    const patient = await world.patient('south', ANA);
    for (const _time of [1, 2]) await assert.rejects(bookAt9(world, patient), /have a Task to register the patient/);
    const [item, ...more] = await world.read((tx) => tx.workItems.list(9));
    assert.deepEqual([item?.kind, item?.evidence['patient'], more.length], ['patient-unknown', patient, 0]);
    const here = await world.patient('north', THERE);
    // A pair that somebody has to look at is no link: it is not written to.
    await assert.rejects(bookAt9(world, patient), /have a Task/);
    assert.equal(await closeRegistered(world, world.plan), 0);
    const desk = peopleDesk({ store: world.store, clock: world.clock });
    const word = { one: patient, other: here, verdict: 'same', reason: 'asked at the counter' } as const;
    await desk.decide({ scope: SCOPE, requestId: 'r' }, word);
    await bookAt9(world, patient);
    const numbers = world.sites.north.placed.flatMap(({ patient: told }) => told.identifiers.map(({ value }) => value));
    assert.deepEqual(numbers, ['1']);
    assert.equal(await closeRegistered(world, world.plan), 1);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(9)), []);
  });
});

describe('a booking at a site that is asked for somebody of whom it has told no record', () => {
  const PERSON: Omit<PatientAssertion, 'key' | 'identifiers'> = {
    ...{ family: 'Okonkwo', given: 'Robert', birthDate: '1972-03-04', gender: 'male', phone: '937-555-2222' },
    address: { line: ['12 Oak Street'], city: 'Springfield', postalCode: '45501' },
  };
  const ELSEWHERE = { ...PERSON, key: 's1', identifiers: [{ system: 'urn:south:mrn', value: '9', type: 'MR' }] };
  const HERE = { ...PERSON, key: 'north-1', identifiers: [{ system: MRN, value: '1', type: 'MR' }] };

  interface Asking {
    readonly world: World;
    readonly patient: string;
    readonly asked: PersonAsked[];
    /** Tries to book; what it is told. */
    readonly told: (patient?: string) => Promise<string>;
    /** Applies what came, and places it as the hub does. */
    readonly place: () => Promise<void>;
  }

  async function asking(t: Cleanup, answer: () => Sought): Promise<Asking> {
    const world = await worldOf(t, 'search');
    const patient = await world.patient('south', ELSEWHERE);
    const asked: PersonAsked[] = [];
    const person = (one: PersonAsked): Promise<Sought> => {
      asked.push(one);
      return Promise.resolve(answer());
    };
    const seek = seeker({ ...world, stored: () => undefined }, (site) => (site === 'north' ? { person } : undefined));
    const desk = bookingDesk({ ...world.resolveDeps, seek, deliver: () => undefined });
    const slot = await world.slot('north', slotKey('n1', 't50', during(9).start));
    const placing = patientPlacing();
    const events = { placed: () => undefined, keyCapped: () => undefined };
    const stage = identifyStage({ store: world.store, clock: world.clock, placing, events });
    return {
      ...{ world, patient, asked },
      told: (named = patient) =>
        desk.place(world.placing(slot.id, named), SCOPE).then(
          () => 'booked',
          (error: unknown) => String(error),
        ),
      async place() {
        await world.apply();
        while (await stage.step());
      },
    };
  }

  /** As news of the site, in the form of these tests. */
  function one(world: () => World, patient: object): Sought {
    const at = world().clock.now();
    const body = Buffer.from(JSON.stringify({ changes: [{ kind: 'patient', at, patient }] }));
    const news = { kind: 'test', sequenceKeys: ['patient:north-1'], contentType: 'application/json', body };
    return { kind: 'one', message: { ...news, shape: 'event', id: 'answer-1', occurredAt: at } };
  }

  it('can be made when the only one that fits is certainly that person, and the Task is closed', async (t) => {
    const desk: Asking = await asking(t, () => one(() => desk.world, HERE));
    const { world, patient } = desk;
    assert.match(await desk.told(), /it is asked whether it has one/);
    assert.deepEqual(desk.asked, [{ family: 'Okonkwo', given: 'Robert', birthDate: '1972-03-04' }]);
    await desk.place();
    await bookAt9(world, patient);
    const numbers = world.sites.north.placed.flatMap(({ patient: told }) => told.identifiers.map(({ value }) => value));
    assert.deepEqual([numbers, desk.asked.length], [['1'], 1]);
    assert.equal(await closeRegistered(world, world.plan), 1);
  });

  it('is not made for one that only may be that person: a person has to decide', async (t) => {
    const { birthDate: _none, ...less } = HERE;
    const desk: Asking = await asking(t, () => one(() => desk.world, less));
    await desk.told();
    await desk.place();
    assert.match(await desk.told(), /it is asked whether it has one/);
    assert.deepEqual(desk.world.sites.north.placed, []);
    assert.equal(await closeRegistered(desk.world, desk.world.plan), 0);
  });

  it('is a Task of its people where it has nobody or several, or does not say', async (t) => {
    const error = new HubError('SITE_ANSWER_LOST', { site: 'north' });
    for (const sought of [{ kind: 'none' }, { kind: 'several' }, { kind: 'unknown', error }] as const) {
      const desk = await asking(t, () => sought);
      // Nobody is told more by it than by a person who is there: that too may be confidential.
      for (const _time of [1, 2]) assert.match(await desk.told(), /it is asked whether it has one/);
      assert.equal(desk.asked.length, 1);
      desk.world.clock.advance(60_000);
      await desk.told();
      assert.equal(desk.asked.length, 2);
      const items = await desk.world.read((tx) => tx.workItems.list(9));
      assert.deepEqual([items.length, items[0]?.kind], [1, 'patient-unknown']);
    }
  });

  it('is not asked for somebody of whom too little is known', async (t) => {
    const desk = await asking(t, () => ({ kind: 'none' }));
    const { birthDate: _none, ...less } = ELSEWHERE;
    const other = await desk.world.patient('south', { ...less, key: 's2' });
    assert.match(await desk.told(other), /have a Task/);
    assert.deepEqual(desk.asked, []);
  });
});
