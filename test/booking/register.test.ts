/** Who is asked to be registered at a site is asked for once, and known again by the id that the site was given. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import { bookingDesk } from '../../src/booking/desk.ts';
import { closeRegistered, settleRegistrations } from '../../src/booking/unknown-task.ts';
import type { PersonToRegister, Registered } from '../../src/connectors/contract-register.ts';
import type { Sought } from '../../src/connectors/contract-seek.ts';
import { HubError } from '../../src/core/errors.ts';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { identifyStage } from '../../src/pipeline/identify.ts';
import { during, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { testPlan } from '../support/facts.ts';

const MRN = 'urn:north:mrn';
const IDENTIFIERS = { MR: { system: MRN, type: 'site-mrn', useForWriteBack: true } } as const;
const PERSON = { family: 'Okonkwo', given: 'Robert', birthDate: '1972-03-04', gender: 'male' } as const;
const CONTACT = { phone: '937-555-2222', address: { line: ['12 Oak Street'], city: 'Springfield' } };
const ELSEWHERE = {
  ...{ ...PERSON, ...CONTACT },
  key: 's1',
  identifiers: [{ system: 'urn:south:mrn', value: '9', type: 'MR' }],
};
/** Too little for matching: the id alone says who it is. */
const HERE: PatientAssertion = {
  ...PERSON,
  key: 'north-1',
  identifiers: [{ system: MRN, value: '1', type: 'MR' }],
};
const SHOWS_WITHIN_MS = 60_000;

interface Desk {
  readonly world: World;
  readonly patient: string;
  readonly sent: PersonToRegister[];
  /** How often the site was asked whom it has. */
  readonly looked: () => number;
  /** Tries to book; what it is told. */
  readonly told: (patient?: string) => Promise<string>;
  readonly place: () => Promise<void>;
  /** What the site tells of a person, placed. */
  readonly news: (assertion: PatientAssertion, site?: 'north' | 'south' | 'feed') => Promise<string>;
  readonly tasks: () => Promise<readonly Readonly<Record<string, string>>[]>;
  readonly numbersSent: () => readonly string[];
}

interface Site {
  readonly answer?: () => Promise<Registered> | Registered;
  readonly has?: Sought['kind'];
  readonly person?: PatientAssertion;
  /** Labels of all that the other site has. */
  readonly labels?: readonly string[];
}

async function deskOf(t: Cleanup, { answer, has, person = ELSEWHERE, labels = [] }: Site = {}): Promise<Desk> {
  const sites = testPlan().sites.map((site) =>
    site.id === 'north'
      ? { ...site, identifiers: IDENTIFIERS, patients: { whenUnknown: 'register' as const } }
      : { ...site, sensitivity: { ...site.sensitivity, site: labels } },
  );
  const world = await openWorld(t, { sites, patientIdentity: 'id', max: 20 });
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9))]);
  const sent: PersonToRegister[] = [];
  const register = {
    showsWithin_ms: SHOWS_WITHIN_MS,
    person: (asked: PersonToRegister) => {
      sent.push(asked);
      return Promise.resolve(answer?.() ?? ({ kind: 'accepted' } as const));
    },
  };
  const desk = bookingDesk({
    ...world.resolveDeps,
    deliver: () => undefined,
    register: (site) => (site === 'north' ? register : null),
    ...(has === undefined ? {} : { seek: () => () => Promise.resolve(sought(has)) }),
  });
  let looked = 0;
  const sought = (kind: Sought['kind']): Sought['kind'] => {
    looked += 1;
    return kind;
  };
  const slot = await world.slot('north', slotKey('n1', 't50', during(9).start));
  const events = { placed: () => undefined, keyCapped: () => undefined };
  const stage = identifyStage({ ...world, placing: patientPlacing(), events });
  const place = async (): Promise<void> => {
    await world.apply();
    while (await stage.step());
  };
  const patient = await world.patient('south', person);
  await place();
  return {
    ...{ world, patient, sent, place },
    looked: () => looked,
    told: (named = patient) =>
      desk.place(world.placing(slot.id, named), SCOPE).then(
        () => 'booked',
        (error: unknown) => String(error),
      ),
    async news(assertion, site = 'north') {
      const id = await world.patient(site, assertion);
      await place();
      return id;
    },
    tasks: async () => (await world.read((tx) => tx.workItems.list(9))).map(({ evidence }) => evidence),
    numbersSent: () =>
      world.sites.north.placed.flatMap(({ patient: who }) => who.identifiers.map(({ value }) => value)),
  };
}

async function book(desk: Desk): Promise<void> {
  const slot = await desk.world.slot('north', slotKey('n1', 't50', during(9).start));
  await desk.world.book(slot.id, desk.patient);
}

describe('somebody of whom a site has no record', () => {
  it('is registered there once, and booked when the site names its record by the id that it was given', async (t) => {
    const desk = await deskOf(t);
    for (const _time of [1, 2])
      assert.match(await desk.told(), /asked to register the patient.*book again in a moment/);
    const [asked, ...more] = desk.sent;
    const hubId = goldenIdOf(desk.patient);
    assert.deepEqual([asked, more], [{ ...PERSON, hubId, ...CONTACT }, []]);
    assert.deepEqual(await desk.tasks(), []);
    const here = await desk.news({ ...HERE, hubIds: [hubId] });
    const [decision] = await desk.world.read((tx) => tx.identity.about([here]));
    assert.deepEqual([decision?.kind, decision?.actor.kind], ['link', 'hub']);
    assert.match(decision?.reason ?? '', /the id that the hub gave/);
    assert.deepEqual([decision?.evidence?.['given'], decision?.evidence?.['site']], [hubId, 'north']);
    await book(desk);
    assert.deepEqual([desk.numbersSent(), desk.sent.length], [['1'], 1]);
    const done = await desk.world.rows(`SELECT action, actor FROM audit WHERE action = 'register'`);
    assert.deepEqual(done, [{ action: 'register', actor: SCOPE.actor }]);
    desk.world.clock.advance(24 * 3_600_000);
    assert.equal(await settleRegistrations(desk.world), 1);
    assert.deepEqual(await desk.tasks(), [], 'what came to its end asks nobody');
  });

  it('is asked for by one message however many ask at once, and by whichever record of the person', async (t) => {
    const desk = await deskOf(t);
    const other = await desk.news({ ...ELSEWHERE, key: 'f1', identifiers: [] }, 'feed');
    const word = { one: desk.patient, other, verdict: 'same', reason: 'asked' } as const;
    const people = peopleDesk({ store: desk.world.store, clock: desk.world.clock });
    if ((await desk.world.read((tx) => tx.identity.about([other]))).length === 0) {
      await people.decide({ scope: SCOPE, requestId: 'r' }, word);
    }
    await desk.place();
    await Promise.all(Array.from({ length: 50 }, (_, at) => desk.told(at % 2 === 0 ? desk.patient : other)));
    assert.equal(desk.sent.length, 1);
  });

  it('is registered without the phone that a minor shares with whoever pays', async (t) => {
    const desk = await deskOf(t, { person: { ...ELSEWHERE, birthDate: '2012-03-04' } });
    const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleClass', code: 'GUAR' }];
    const father = {
      key: 'f',
      identifiers: [],
      family: 'Okonkwo',
      phone: '(937) 555-2222',
      relationship: [{ coding }],
    };
    const at = desk.world.clock.now();
    const people = {
      kind: 'related-people',
      at,
      patient: { key: 's1' },
      parts: ['guarantor'],
      people: [father],
    } as const;
    await desk.world.tell('south', people, { object: 'related-s1' });
    await desk.place();
    await desk.told();
    const [asked] = desk.sent;
    assert.deepEqual([asked?.phone, asked?.address], [undefined, CONTACT.address]);
  });

  it('is not asked for again where the answer is lost, and a Task says exactly that', async (t) => {
    const error = new HubError('SITE_ANSWER_LOST', { site: 'north' });
    const desk = await deskOf(t, { answer: () => ({ kind: 'unknown', error }) });
    for (const _time of [1, 2]) await desk.told();
    assert.equal(desk.sent.length, 1);
    const [task, ...more] = await desk.tasks();
    assert.deepEqual([task?.['registration'], task?.['patient'], more], ['unknown', desk.patient, []]);
    assert.match(task?.['do'] ?? '', /its answer is not known\. It is not asked again/);
    // It had done it: its news tell, and nobody needs to look any more.
    await desk.news({ ...HERE, hubIds: [goldenIdOf(desk.patient)] });
    assert.equal(await closeRegistered(desk.world, desk.world.plan), 1);
    await book(desk);
  });

  it('is not asked for again where the hub ended before the answer came', async (t) => {
    const desk = await deskOf(t, { answer: () => new Promise<never>(() => undefined) });
    desk.told().catch(() => undefined);
    while (desk.sent.length === 0) await tick();
    assert.equal(await settleRegistrations(desk.world), 0);
    desk.world.clock.advance(3_600_000);
    assert.equal(await settleRegistrations(desk.world), 1);
    await desk.told();
    assert.equal(desk.sent.length, 1);
    assert.deepEqual((await desk.tasks()).map((task) => task['registration']), ['unknown']); // prettier-ignore
  });

  it('is left to people where the site refuses, with its code', async (t) => {
    const desk = await deskOf(t, { answer: () => ({ kind: 'refused', code: 'AE 101' }) });
    for (const _time of [1, 2]) await desk.told();
    assert.equal(desk.sent.length, 1);
    const [task] = await desk.tasks();
    assert.deepEqual([task?.['registration'], task?.['code']], ['refused', 'AE 101']);
  });

  it('is asked for again where the message provably never left', async (t) => {
    const error = new HubError('SITE_UNREACHABLE', { site: 'north' });
    const answers: Registered[] = [{ kind: 'unsent', error }, { kind: 'accepted' }];
    const desk = await deskOf(t, { answer: () => answers.shift() ?? { kind: 'accepted' } });
    for (const _time of [1, 2, 3]) await desk.told();
    assert.equal(desk.sent.length, 2);
  });

  it('is put before people where the site has accepted and tells nothing', async (t) => {
    const desk = await deskOf(t);
    await desk.told();
    assert.equal(await settleRegistrations(desk.world), 0);
    desk.world.clock.advance(3_600_000);
    assert.equal(await settleRegistrations(desk.world), 1);
    const [task] = await desk.tasks();
    assert.match(task?.['do'] ?? '', /has told of no record with the id/);
    await desk.told();
    assert.equal(desk.sent.length, 1);
  });
});

describe('a site that can be asked whom it has', () => {
  it('is asked to register only who it says that it has not', async (t) => {
    for (const has of ['one', 'several', 'unknown'] as const) {
      const desk = await deskOf(t, { has });
      await desk.told();
      assert.deepEqual([desk.sent.length, (await desk.tasks()).length], [0, 1]);
    }
    const desk = await deskOf(t, { has: 'none' });
    await desk.told();
    assert.deepEqual([desk.sent.length, await desk.tasks()], [1, []]);
    // And again for its record, whose news may have been lost.
    await desk.told();
    assert.deepEqual([desk.sent.length, desk.looked(), await desk.tasks()], [1, 2, []]);
  });
});

describe('a site is not asked to register', () => {
  it('somebody who may be a record of its own: a pair waits for somebody to decide', async (t) => {
    const desk = await deskOf(t);
    await desk.news(HERE);
    await desk.told();
    assert.deepEqual([desk.sent.length, (await desk.tasks()).length], [0, 1]);
  });

  it('somebody of whom too little is known, or who has died', async (t) => {
    const { birthDate: _none, ...less } = ELSEWHERE;
    for (const person of [less, { ...ELSEWHERE, deceased: true }]) {
      const desk = await deskOf(t, { person });
      await desk.told();
      assert.deepEqual([desk.sent.length, (await desk.tasks()).length], [0, 1]);
    }
  });
});

it('what a site is told of somebody has no contact where it was told in confidence', async (t) => {
  const desk = await deskOf(t, { labels: ['R'] });
  await desk.told();
  assert.deepEqual(desk.sent, [{ ...PERSON, hubId: goldenIdOf(desk.patient) }]);
});

it('a site that cannot be asked whom it has is asked when what it told before is placed', async (t) => {
  const desk = await deskOf(t);
  const stranger = { ...HERE, family: 'Abernathy', given: 'Edith', birthDate: '1990-05-21' };
  await desk.world.patient('north', { ...stranger, key: 'north-7', identifiers: [] });
  const told = desk.told();
  while ((await Promise.race([told, tick()])) === undefined) desk.world.clock.advance(100);
  assert.deepEqual(desk.sent, []);
  await desk.place();
  await desk.told();
  assert.equal(desk.sent.length, 1);
});

it('people are asked again where the record of somebody who was registered is gone', async (t) => {
  const desk = await deskOf(t);
  await desk.told();
  const here = await desk.news({ ...HERE, hubIds: [goldenIdOf(desk.patient)] });
  desk.world.clock.advance(3_600_000);
  assert.equal(await settleRegistrations(desk.world), 1);
  await desk.world.rows('UPDATE patient_link SET removed_at = now() WHERE patient_id = $1', [here]);
  const { world } = desk;
  const people = peopleDesk({ store: world.store, clock: world.clock });
  const word = { one: desk.patient, other: here, verdict: 'different', reason: 'they are two' } as const;
  await people.decide({ scope: SCOPE, requestId: 'r' }, word);
  await desk.place();
  await desk.told();
  assert.deepEqual([desk.sent.length, (await desk.tasks()).length], [1, 1]);
});

describe('an id that the hub gave', () => {
  const waiting = async (desk: Desk): Promise<readonly string[]> =>
    (await desk.world.read((tx) => tx.identity.reviews(9, null))).map(({ why }) => why);

  it('is not believed where the demographics contradict it: a person decides', async (t) => {
    const desk = await deskOf(t);
    await desk.told();
    const other = { ...HERE, given: 'Wilhelmina', birthDate: '1931-11-30', gender: 'female' } as const;
    const id = await desk.news({ ...other, hubIds: [goldenIdOf(desk.patient)] });
    assert.deepEqual(await desk.world.read((tx) => tx.identity.about([id])), []);
    assert.deepEqual(await waiting(desk), ['contradicted']);
    await desk.told();
    assert.deepEqual(desk.world.sites.north.placed, []);
    desk.world.clock.advance(3_600_000);
    await settleRegistrations(desk.world);
    assert.match((await desk.tasks())[0]?.['do'] ?? '', /decide whose it is/);
  });

  it('is parted again when the record turns out to be somebody else', async (t) => {
    const desk = await deskOf(t);
    await desk.told();
    const hubIds = [goldenIdOf(desk.patient)];
    const id = await desk.news({ ...HERE, hubIds });
    desk.world.clock.advance(1_000);
    await desk.news({ ...HERE, given: 'Wilhelmina', birthDate: '1931-11-30', gender: 'female', hubIds });
    const said = await desk.world.read((tx) => tx.identity.about([id]));
    assert.deepEqual(said.map(({ kind }) => kind), ['link', 'unlink']); // prettier-ignore
    assert.deepEqual(await waiting(desk), ['withdrawn']);
  });

  it('says nothing where it was never given: at another site, or to nobody', async (t) => {
    const desk = await deskOf(t);
    const hubIds = [goldenIdOf(desk.patient)];
    // Not asked yet: the site cannot have it from the hub.
    const early = await desk.news({ ...HERE, hubIds });
    assert.deepEqual(await desk.world.read((tx) => tx.identity.about([early])), []);
    const second = await deskOf(t);
    await second.told();
    const ids = [goldenIdOf(second.patient)];
    const foreign = await second.news({ ...HERE, key: 'f9', identifiers: [], hubIds: ids }, 'feed');
    const nonsense = await second.news({ ...HERE, key: 'north-2', hubIds: ['not an id'] });
    assert.deepEqual(await second.world.read((tx) => tx.identity.about([foreign, nonsense])), []);
  });

  it('says nothing where the people it stood for were told apart since', async (t) => {
    const desk = await deskOf(t);
    const { world } = desk;
    const people = peopleDesk({ store: world.store, clock: world.clock });
    const other = await desk.news({ ...ELSEWHERE, key: 'f1', identifiers: [] }, 'feed');
    const word = { one: desk.patient, other, reason: 'asked' } as const;
    await people.decide({ scope: SCOPE, requestId: 'r1' }, { ...word, verdict: 'same' }).catch(() => undefined);
    await desk.place();
    await desk.told();
    const [{ hubId } = { hubId: '' }] = desk.sent;
    assert.equal(hubId, goldenIdOf(desk.patient));
    world.clock.advance(1_000);
    await people.decide({ scope: SCOPE, requestId: 'r2' }, { ...word, verdict: 'different' });
    await desk.place();
    const here = await desk.news({ ...HERE, hubIds: [hubId] });
    assert.deepEqual(await world.read((tx) => tx.identity.about([here])), []);
  });

  it('decides nothing where the record comes with the ids of two people', async (t) => {
    const desk = await deskOf(t);
    const edith = { family: 'Abernathy', given: 'Edith', birthDate: '1990-05-21', key: 's2' };
    const other = await desk.news({ ...edith, identifiers: [] }, 'south');
    await desk.told();
    await desk.told(other);
    assert.equal(desk.sent.length, 2);
    const id = await desk.news({ ...HERE, hubIds: [desk.patient, other].map(goldenIdOf) });
    assert.deepEqual(await desk.world.read((tx) => tx.identity.about([id])), []);
    assert.deepEqual(await waiting(desk), ['contradicted', 'contradicted']);
  });

  it('is gone with a person who is erased, and with the site that was asked', async (t) => {
    const desk = await deskOf(t);
    const { world } = desk;
    const rows = (): Promise<readonly unknown[]> => world.rows('SELECT site FROM patient_registration');
    await desk.told();
    await world.write((tx) => tx.forgetSite('south'));
    assert.deepEqual(await rows(), [{ site: 'north' }]);
    await world.write((tx) => tx.forgetSite('north'));
    assert.deepEqual(await rows(), []);
    const second = await deskOf(t);
    await second.told();
    const erasure = { records: [second.patient], visits: [], reason: 'asked', sequenceKeys: [] };
    await second.world.write((tx) => tx.erasure.erase(erasure, second.world.clock.now()));
    assert.deepEqual(await second.world.rows('SELECT site FROM patient_registration'), []);
  });
});
