/** Next of kin and who pays: people of their own beside a patient, whose contacts are never the patient's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import type { RelatedPerson } from '../../src/fhir/types.ts';
import { hl7Site } from '../fixtures/siu/site.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Scope } from '../../src/store/contract.ts';
import { SCOPE } from '../support/facts.ts';
import { ADMIN, erasingWorld } from './erasing-world.ts';
import { adt, feedWorld, merge, MRN, type FeedWorld } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const CHILD = (mrn: string): string => `PID|1||${MRN(mrn)}||LOPEZ^MIA||20120304|F|||9 ELM ST^^SPRINGFIELD^IL^62701\r`;
const MOTHER = 'NK1|1|LOPEZ^ANA|MTH^Mother^HL70063|9 ELM ST^^SPRINGFIELD|(217)555-0188^PRN^PH||N^Next-of-Kin^HL70131\r';
const UNCLE = 'NK1|2|DIAZ^TOM|EXF||(217)555-0100||C\r';
const PAYER = `GT1|1||LOPEZ^ANA||9 ELM ST|(217)555-0188^PRN^PH~^NET^Internet^ana@example.org||||||MTH\r`;

async function relatedTo(world: FeedWorld, mrn: string, scope: Scope = SCOPE): Promise<readonly RelatedPerson[]> {
  const { plan } = parseSearch({
    type: 'RelatedPerson',
    pairs: [['patient', `Patient/${(await world.patientId(mrn)) ?? ''}`]],
    strict: true,
    zone: 'UTC',
    now: world.clock.now(),
    base: 'http://hub.example/fhir/R4',
    pageSize: 100,
    pageSizeMax: 100,
  });
  const { matches } = await world.store.read(scope, (tx) => tx.resources.search(plan));
  const given = (one: RelatedPerson): string => one.name?.[0]?.given?.[0] ?? '';
  const found = matches.map(({ json }) => JSON.parse(json) as RelatedPerson);
  return found.sort((one, other) => given(one).localeCompare(given(other)));
}

/** Who they are, their codes, whether in use. */
const shown = (people: readonly RelatedPerson[]): readonly unknown[] =>
  people.map(({ name, relationship = [], active }) => [
    name?.[0]?.given?.[0],
    relationship.map(({ coding = [] }) => coding[0]?.code).join(' '),
    active,
  ]);

describe('next of kin and who pays', () => {
  it('are people beside the patient, once each, with their parts, contact and address', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A28', T(1), CHILD('1'), MOTHER, UNCLE, PAYER));
    const [mother, uncle, ...more] = await relatedTo(world, '1');
    assert.ok(mother !== undefined && uncle !== undefined && more.length === 0);
    assert.deepEqual(shown([mother, uncle]), [
      ['ANA', 'MTH N GUAR', true],
      ['TOM', 'EXT C', true],
    ]);
    assert.equal(mother.patient.reference, `Patient/${(await world.patientId('1')) ?? ''}`);
    assert.deepEqual(
      mother.telecom?.map(({ value }) => value),
      ['(217)555-0188', 'ana@example.org'],
    );
    assert.deepEqual(mother.address?.[0]?.line, ['9 ELM ST']);
    assert.equal(mother.meta?.source?.startsWith('urn:slotwire:site:riverside-hl7#'), true);
  });

  it('never give the patient a contact, and are no person of the index', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A28', T(1), CHILD('1'), MOTHER, PAYER));
    assert.equal((await world.patient('1'))?.telecom, undefined);
    const rows = await world.rows(`SELECT patient_id FROM patient_due UNION SELECT patient_id FROM patient_link`);
    assert.equal(rows.length, 1);
  });

  it('who are not named any more are kept and not in use; a list that is not told says nothing', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A28', T(1), CHILD('1'), MOTHER, UNCLE, PAYER), adt('A31', T(2), CHILD('1')));
    assert.deepEqual(shown(await relatedTo(world, '1')).length, 2);
    await world.tell(adt('A31', T(4), CHILD('1'), MOTHER), adt('A31', T(3), CHILD('1'), UNCLE));
    assert.deepEqual(shown(await relatedTo(world, '1')), [
      ['ANA', 'MTH N GUAR', true],
      ['TOM', 'EXT C', false],
    ]);
    await world.tell(adt('A31', T(5), CHILD('1'), UNCLE));
    assert.deepEqual(shown(await relatedTo(world, '1')), [
      ['ANA', 'GUAR', true],
      ['TOM', 'EXT C', true],
    ]);
  });

  it('who are the patient are no second person', async (t) => {
    const world = await feedWorld(t);
    const self = ['GT1|1||LOPEZ^MIA||9 ELM ST\r', 'NK1|1|LOPEZ^MIA|SEL\r', 'NK1|2|LOPEZ^MIA|MTH\r'];
    await world.tell(adt('A28', T(1), CHILD('1'), ...self));
    assert.deepEqual(shown(await relatedTo(world, '1')), [['MIA', 'MTH', true]]);
  });

  it('of a minor are not taken from a confidential visit', async (t) => {
    const departments = { cardiology: ['R'] };
    const world = await feedWorld(t, hl7Site({ sensitivity: { site: [], departments, visitTypes: {}, codes: {} } }));
    await world.tell(adt('A04', T(1), CHILD('1'), MOTHER, 'PV1|1|O|CARD\r', PAYER));
    assert.deepEqual(await relatedTo(world, '1'), []);
    await world.tell(adt('A31', T(2), CHILD('1'), MOTHER));
    assert.equal((await relatedTo(world, '1')).length, 1);
  });

  it('are found by every record of the patient, and only by whoever may see the record', async (t) => {
    const site = hl7Site({ sensitivity: { site: ['R'], departments: {}, visitTypes: {}, codes: {} } });
    const world = await feedWorld(t, site);
    const adult = CHILD('1').replace('20120304', '19800304');
    await world.tell(adt('A28', T(1), adult, MOTHER), merge(T(2), '1', '2'));
    assert.equal((await relatedTo(world, '2')).length, 1);
    assert.deepEqual(await relatedTo(world, '2', { ...SCOPE, clearances: [] }), []);
    assert.deepEqual(await relatedTo(world, '2', { ...SCOPE, sites: ['elsewhere'] }), []);
  });

  it('bear the labels of their patient, also when the site file gives others', async (t) => {
    const labelled = (site: readonly string[]): SiteSettings =>
      hl7Site({ sensitivity: { site, departments: {}, visitTypes: {}, codes: {} } });
    const world = await feedWorld(t, labelled([]));
    const adult = CHILD('1').replace('20120304', '19800304');
    await world.tell(adt('A28', T(1), adult, MOTHER));
    assert.equal((await relatedTo(world, '1', { ...SCOPE, clearances: [] })).length, 1);
    await world.reload(labelled(['R']));
    await world.tell(adt('A31', T(2), adult));
    const [mother] = await relatedTo(world, '1');
    const read = (clearances: readonly string[]): Promise<unknown> =>
      world.store.read({ ...SCOPE, clearances }, (tx) => tx.resources.read('RelatedPerson', mother?.id ?? ''));
    assert.equal(await read([]), null);
    assert.notEqual(await read(['R']), null);
  });

  it('are sealed at rest, each under a key of its own, and no name is to be read in a row', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A28', T(1), CHILD('1'), MOTHER, UNCLE));
    const rows = await world.rows(
      `SELECT content, sealed IS NOT NULL AS sealed, data_key, name FROM resource WHERE type = 'RelatedPerson'`,
    );
    assert.deepEqual(
      rows.map((row) => [row['content'], row['sealed'], row['name']]),
      [[null, true, null], [null, true, null]], // prettier-ignore
    );
    assert.notDeepEqual(rows[0]?.['data_key'], rows[1]?.['data_key']);
    const kept = await world.rows(`SELECT 1 FROM history WHERE type = 'RelatedPerson' AND sealed IS NULL`);
    assert.deepEqual(kept, []);
  });

  it('go with the patient who is erased, with all their versions, and do not come back', async (t) => {
    const world = await erasingWorld(t);
    await world.tell(adt('A28', T(1), CHILD('1'), MOTHER, UNCLE), adt('A31', T(2), CHILD('1'), MOTHER));
    const [mother] = await relatedTo(world, '1');
    const [record, id] = [(await world.patientId('1')) ?? '', mother?.id ?? ''];
    await world.desk.erase(ADMIN, { records: [record], reason: 'asked for by the parents' });
    await world.sweep();
    assert.equal((await world.write((tx) => tx.resources.read('RelatedPerson', id)))?.deleted, true);
    const gone = [await world.everything()];
    await world.tell(adt('A31', T(3), CHILD('1'), MOTHER));
    await world.sweep();
    gone.push(await world.everything());
    for (const text of gone) for (const word of ['ANA', 'DIAZ', '555-0188']) assert.ok(!text.includes(word), word);
    assert.deepEqual(await world.rows(`SELECT 1 FROM history WHERE type = 'RelatedPerson'`), []);
    assert.deepEqual(await world.rows(`SELECT 1 FROM object_applied WHERE object LIKE 'related:%'`), []);
  });
});
