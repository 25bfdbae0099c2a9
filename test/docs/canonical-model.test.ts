/** docs/canonical-model.md against the code that makes the model. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { TRANSITIONS } from '../../src/booking/states.ts';
import { instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { effectiveStatus, type Occupied, type SlotFacts } from '../../src/fhir/effective.ts';
import { EXTENSIONS, STORED_TYPES, type SlotStatus } from '../../src/fhir/types.ts';
import { blocks, page, PROJECT, table } from './pages.ts';

const SITE = 'midtown-acuity';
const HOUR = { start: instant(0), end: instant(3_600_000) };
let text = '';

before(async () => {
  ({ text } = await page('docs/canonical-model.md'));
});

test('every stored type has its row in the table of ids', () => {
  const rows = table(text, 'Resource', 'Id is derived from');
  assert.deepEqual(rows.map(([type]) => type).sort(), [...STORED_TYPES].sort());
});

test('the example ids are what their parts give', () => {
  const rows = table(text, 'Parts', 'Id');
  const ids = new Map(rows.map(([parts = '', id = '']) => [parts.split(',')[0] ?? '', id]));
  assert.deepEqual(Object.fromEntries(ids), {
    Slot: canonicalId.slot(SITE, '84021:5512:2026-12-01T15:00:00Z'),
    Practitioner: canonicalId.practitionerByNpi('1043333339'),
    Schedule: canonicalId.schedule(SITE, '84021'),
  });
});

test('the example slot is JSON and carries the ids of its example', () => {
  const [json = ''] = blocks(text, 'json');
  const slot = JSON.parse(json) as { id: string; schedule: { reference: string }; extension: { url: string }[] };
  assert.equal(slot.id, canonicalId.slot(SITE, '84021:5512:2026-12-01T15:00:00Z'));
  assert.equal(slot.schedule.reference, `Schedule/${canonicalId.schedule(SITE, '84021')}`);
  assert.deepEqual(
    slot.extension.map(({ url }) => url),
    [EXTENSIONS.siteStatus],
  );
});

function occupying(what: string): readonly Occupied[] {
  const row = (origin: Occupied['origin'], tentative: boolean): Occupied => ({
    during: HOUR,
    occupancy: `${origin}:${String(tentative)}`,
    visit: origin === 'block' ? null : 'a visit',
    origin,
    tentative,
  });
  const known: Readonly<Record<string, readonly Occupied[]>> = {
    nothing: [],
    'a visit': [row('site', false)],
    'a hold, or a booking that its site has not answered': [row('hub', true)],
    'a block': [row('block', false)],
    'a block and a visit': [row('block', false), row('hub', false)],
  };
  const rows = known[what];
  assert.ok(rows !== undefined, `"${what}" is nothing that this test knows`);
  return rows;
}

test('the table of effective status is what the function answers', () => {
  const rows = table(text, 'The site says', 'Occupied by', 'Effective');
  assert.ok(rows.length >= 10);
  for (const [says = '', occupied = '', expected = ''] of rows) {
    const [status = '', withdrawn] = says.split(', ');
    const facts: SlotFacts = {
      during: HOUR,
      siteStatus: status as SlotStatus,
      capacity: 1,
      seatsLeft: null,
      session: null,
      withdrawn: withdrawn !== undefined,
    };
    assert.equal(effectiveStatus(facts, occupying(occupied)), expected, `${says} / ${occupied}`);
  }
});

test('a slot that only meets another visit at its edge is free', () => {
  const before = { start: instant(-1_000), end: instant(0) };
  const facts: SlotFacts = { during: HOUR, siteStatus: 'free', capacity: 1, seatsLeft: null, session: null };
  const touching: Occupied = { during: before, occupancy: 'a', visit: 'a', origin: 'site', tentative: false };
  assert.equal(effectiveStatus(facts, [touching]), 'free');
});

test('the table of booking states has every arrow of the machine and no other', () => {
  const rows = table(text, 'State', 'Means', 'Leads to');
  const drawn = Object.fromEntries(
    rows.map(([state = '', , to = '']) => [
      state,
      to
        .split(', ')
        .filter((one) => one !== '')
        .sort(),
    ]),
  );
  const real = Object.fromEntries(Object.entries(TRANSITIONS).map(([state, to]) => [state, [...to].sort()]));
  assert.deepEqual(drawn, real);
});

test('every kind of work item that the code opens is described, and no other', async () => {
  const opened = await literals(/workItems\.open\(\{[\s\S]*?kind: '([a-z-]+)'/g);
  const described = table(text, 'code', 'Opened when').map(([code = '']) => code);
  assert.deepEqual(described.sort(), [...opened].sort());
});

test('every kind of ledger entry that the code names is described', async () => {
  const written = await literals(/ledger\.(?:add|push)\([\s\S]{0,200}?kind: (?:undone \? 'refused' : )?'([a-z-]+)'/g);
  const described = new Set(table(text, 'kind', 'Written when').flatMap(([kinds = '']) => kinds.split(', ')));
  assert.ok(written.size >= 5, 'the ledger is written in a form that this test can read');
  for (const kind of [...written, 'opening-closed']) assert.ok(described.has(kind), `${kind} is not described`);
});

test('every extension that resources carry is named', async () => {
  for (const [name, url] of Object.entries(EXTENSIONS)) {
    const used = (await literals(new RegExp(`(EXTENSIONS\\.${name})\\b`, 'g'))).size > 0;
    if (used && url.startsWith('urn:')) assert.ok(text.includes(url), `${url} is not described`);
  }
});

/** First groups of a pattern over the stages that write. */
async function literals(pattern: RegExp): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of ['booking', 'pipeline', 'store', 'fhir', 'mllp', 'identity']) {
    for (const file of await readdir(join(PROJECT, 'src', folder))) {
      if (!file.endsWith('.ts')) continue;
      const source = await readFile(join(PROJECT, 'src', folder, file), 'utf8');
      for (const [, literal = ''] of source.matchAll(pattern)) found.add(literal);
    }
  }
  return found;
}
