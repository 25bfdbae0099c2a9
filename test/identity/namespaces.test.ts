/** What the site file says of the numbers of people, from the message to who is compared with whom. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { personOf } from '../../src/identity/placing/person-of.ts';
import { memory } from '../../src/identity/placing/memory.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { syncDirectory } from '../../src/pipeline/directory.ts';
import { practitionerIndex } from '../../src/identity/practitioners.ts';
import type { IdentifierSettings } from '../../src/settings/identifier-shape.ts';
import { namespacesOf, NO_NAMESPACES, type NamespacesOf } from '../../src/settings/identifier-types.ts';
import { edit, hl7Site, map } from '../fixtures/siu/site.ts';
import { siteOf, testPlan } from '../support/facts.ts';
import { adt, feedWorld, pid } from './feed-world.ts';
import { placingWorld, ROBERT } from './placing-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const MR: IdentifierSettings = { system: 'urn:oid:1.2.3', type: 'site-mrn', useForWriteBack: true };

function listing(identifiers: Readonly<Record<string, IdentifierSettings>>): ReturnType<typeof hl7Site> {
  return hl7Site({ identifiers });
}

function withIds(ids: string): string {
  return edit(adt('A31', T(1), pid('1')), 'PID-3', ids);
}

function keyOf(ids: string, identifiers: Readonly<Record<string, IdentifierSettings>>): string {
  const mapped = map(withIds(ids), listing(identifiers));
  if (mapped.kind !== 'changes') throw new Error(JSON.stringify(mapped));
  const [change] = mapped.changes;
  return change?.kind === 'patient' ? change.patient.key : '';
}

describe('an authority of the site file', () => {
  it('is known by its universal id as well, and another universal id is another authority', () => {
    const identifiers = { 'HOSP_A^MR': { ...MR, universalId: '1.2.3' } };
    assert.equal(keyOf('7^^^HOSP_A&1.2.3&ISO^MR', identifiers), '7^HOSP_A');
    assert.equal(keyOf('7^^^&1.2.3&ISO^MR', identifiers), '7^1.2.3');
    assert.equal(keyOf('7^^^HOSP_A^MR', identifiers), '7^HOSP_A');
    for (const ids of ['7^^^HOSP_A&1.2.9&ISO^MR', '7^^^&1.2.3&ISO^PI']) {
      const mapped = map(withIds(ids), listing(identifiers));
      assert.equal(mapped.kind === 'unreadable' && mapped.issues[0]?.code, 'IDENTIFIER_UNKNOWN', ids);
    }
  });

  it('gives its meaning to numbers that come without a type', () => {
    const enterprise = { system: 'urn:oid:1.2.9', type: 'enterprise-mrn', useForWriteBack: false };
    const mapped = map(withIds('7^^^HOSP_A^MR~E1^^^EPI'), listing({ 'HOSP_A^MR': MR, EPI: enterprise }));
    const [change] = mapped.kind === 'changes' ? mapped.changes : [];
    assert.deepEqual(change?.kind === 'patient' && change.patient.identifiers, [
      { system: 'urn:oid:1.2.3', value: '7', type: 'MR' },
      { system: 'urn:oid:1.2.9', value: 'E1', type: 'PI' },
    ]);
  });

  it('of accounts names no record of a person, whatever stands first', () => {
    const account = { system: 'urn:oid:1.2.8', type: 'account', useForWriteBack: false };
    const own = { ...MR, useForWriteBack: false };
    const identifiers = { 'HOSP_A^AN': account, 'HOSP_A^MR': own };
    assert.equal(keyOf('A9^^^HOSP_A^AN~7^^^HOSP_A^MR', identifiers), '7^HOSP_A');
    const alone = map(withIds('A9^^^HOSP_A^AN'), listing(identifiers));
    assert.equal(alone.kind, 'unreadable');
  });
});

describe('an authority that the site file does not list', () => {
  it('parks the message with one open work item, and is applied by a replay when the file lists it', async (t) => {
    const world = await feedWorld(t);
    const [first = 0, second = 0] = await world.tell(
      edit(adt('A31', T(1), pid('1')), 'PID-3', '7^^^ELSE^MR'),
      edit(adt('A31', T(2), pid('1')), 'PID-3', '8^^^ELSE^MR'),
    );
    assert.deepEqual(
      (await world.parked()).map(({ id, code }) => [id, code]),
      [[first, 'IDENTIFIER_UNKNOWN'], [second, 'IDENTIFIER_UNKNOWN']], // prettier-ignore
    );
    const [item, ...more] = await world.workItems();
    assert.deepEqual(more, []);
    assert.equal(item?.subject, 'identifier:riverside-hl7:ELSE^MR');
    const mended = listing({ 'HOSP_A^MR': MR, 'ELSE^MR': { ...MR, system: 'urn:oid:1.2.5' } });
    await world.reload(mended);
    assert.deepEqual(await world.workItems(), []);
    await world.replay(first);
    await world.replay(second);
    assert.deepEqual(await world.parked(), []);
    const people = await world.rows(`SELECT site_key FROM patient_link ORDER BY 1`);
    assert.deepEqual(people.map((row) => row['site_key']), ['7^ELSE', '8^ELSE']); // prettier-ignore
  });

  it('is told once where it stands beside one that is listed, and the message is applied', async (t) => {
    const world = await feedWorld(t);
    await world.tell(edit(adt('A31', T(1), pid('1')), 'PID-3', '1^^^HOSP_A^MR~C1^^^CLUB^XX'));
    await world.tell(edit(adt('A31', T(2), pid('1')), 'PID-3', '2^^^HOSP_A^MR~C2^^^CLUB^XX'));
    assert.deepEqual(await world.parked(), []);
    const subjects = (await world.workItems()).map(({ subject }) => subject);
    assert.deepEqual(subjects, ['identifier:riverside-hl7:CLUB^XX']);
  });
});

const EPI = 'urn:oid:1.2.9';
const enterprise = { system: EPI, type: 'enterprise-mrn', useForWriteBack: false } as const;

test('what a number proves is said by the site file, not by the type that the message gives it', () => {
  const identifier = (system: string, code: string): NonNullable<Parameters<typeof personOf>[0]['identifier']>[0] => ({
    system,
    value: 'X100',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] },
  });
  const patient = {
    resourceType: 'Patient' as const,
    identifier: [identifier(EPI, ''), identifier('urn:club', 'MR'), identifier('urn:account', 'MR')],
  };
  const read = (namespaces = NO_NAMESPACES): readonly unknown[] =>
    personOf(patient, namespaces).identifiers.map(({ kind, system, reach = 0 }) => [system, kind, reach]);
  assert.deepEqual(read(), [
    [EPI, 'family', 0],
    ['urn:club', 'person', 0],
    ['urn:account', 'person', 0],
  ]);
  const said = namespacesOf({
    identifiers: {
      EPI: enterprise,
      CLUB: { system: 'urn:club', type: 'insurance', useForWriteBack: false },
      ACC: { system: 'urn:account', type: 'account', useForWriteBack: false },
    },
  });
  assert.deepEqual(read(said), [
    [EPI, 'person', 2],
    ['urn:club', 'family', 0],
  ]);
});

const placingBy = (namespaces: NamespacesOf): ReturnType<typeof patientPlacing> =>
  patientPlacing(SHIPPED_MODEL, { memory: memory({ namespaces }) });

describe('an enterprise number', () => {
  const namespaces = namespacesOf({ identifiers: { EPI: enterprise } });
  const world = (t: Parameters<typeof placingWorld>[0]): ReturnType<typeof placingWorld> =>
    placingWorld(t, { placing: placingBy(() => namespaces) });

  it('joins records of several sites beside their own numbers, also where nothing but the name is known', async (t) => {
    const w = await world(t);
    const epi = [{ system: EPI, value: 'E500' }];
    const known = { family: ROBERT.family, given: ROBERT.given, birthDate: ROBERT.birthDate };
    const a = await w.tell('north', 'A1', { ...known, identifiers: epi });
    const b = await w.tell('south', 'B1', { ...known, identifiers: epi });
    await w.settle();
    assert.deepEqual(await w.people(), [[a, b].sort()]);
  });

  it('that differs keeps two records apart, whatever group number they share', async (t) => {
    const group = namespacesOf({
      identifiers: { EPI: enterprise, G: { system: 'urn:group', type: 'group-mrn', useForWriteBack: false } },
    });
    const w = await placingWorld(t, { placing: placingBy(() => group) });
    const of = (epi: string): { identifiers: { system: string; value: string }[] } => ({
      identifiers: [
        { system: EPI, value: epi },
        { system: 'urn:group', value: 'G7' },
      ],
    });
    await w.tell('north', 'A1', { ...ROBERT, ...of('E1') });
    await w.tell('south', 'B1', { ...ROBERT, ...of('E2') });
    await w.settle();
    assert.equal((await w.people()).length, 2);
    assert.ok(w.outcomes.includes('review'));
  });

  it('joins people whose records wait from the day on which the site file tells what it is', async (t) => {
    let said = NO_NAMESPACES;
    const w = await placingWorld(t, { placing: placingBy(() => said) });
    const identifiers = [{ system: EPI, value: 'E500' }];
    const known = { family: ROBERT.family, given: ROBERT.given, birthDate: ROBERT.birthDate, identifiers };
    await w.tell('north', 'A1', known);
    await w.tell('south', 'B1', known);
    const load = (rules: Readonly<Record<string, IdentifierSettings>>): Promise<void> =>
      syncDirectory(
        w.store,
        testPlan(['north', 'south'].map((site) => ({ ...siteOf(site), identifiers: rules }))),
        practitionerIndex,
        w.clock.now(),
      );
    await load({});
    await w.settle();
    assert.equal((await w.people()).length, 2);
    said = namespaces;
    await load({ EPI: enterprise });
    await w.settle();
    assert.equal((await w.people()).length, 1);
    await load({ EPI: enterprise });
    assert.deepEqual(await w.rows('SELECT 1 FROM patient_due'), []);
  });
});
