/** What a search finds, by the rules of FHIR R4 and of confidentiality, on a real database. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { systemClock } from '../../src/core/clock.ts';
import { instant, type Instant, type Interval } from '../../src/core/instant.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import type { StoredType } from '../../src/fhir/types.ts';
import type { SearchResult, SlotRow } from '../../src/store/contract-resources.ts';
import { systemScope, type Scope, type Tx } from '../../src/store/contract.ts';
import { openedStore } from './opened.ts';
import { cause, hours, ids, NPI, NUCC, slotRow, WRITTEN, writeWorld } from './search-world.ts';

const { store, write, pool } = await openedStore({ after });
before(() => write(writeWorld));

const ALL = systemScope('test');
const UNCLEARED: Scope = { ...ALL, clearances: ['N'] };

async function find(type: StoredType, query: string, scope: Scope = ALL): Promise<SearchResult> {
  const { plan } = parseSearch({
    type,
    pairs: [...new URLSearchParams(query)],
    strict: true,
    zone: 'UTC',
    now: WRITTEN,
    base: 'http://hub.example/fhir/R4',
    pageSize: 50,
    pageSizeMax: 500,
  });
  return store.read(scope, (tx) => tx.resources.search(plan));
}

const SLOT_KEYS = new Map(
  ['r9', 'r10', 'r11', 'o9', 'o13', 'o14'].map((key) => [ids.slot('north', key), key] as const),
);
for (const key of ['r15', 'r23', 'r24']) SLOT_KEYS.set(ids.slot('south', key), key);
const VISIT_KEYS = new Map(['a1', 'a3', 'a4', 'a5'].map((key) => [ids.appointment('north', key), key] as const));
VISIT_KEYS.set(ids.appointment('south', 'a2'), 'a2');

async function slots(query: string, scope: Scope = ALL): Promise<string> {
  return (await find('Slot', query, scope)).matches.map(({ id }) => SLOT_KEYS.get(id) ?? '?').join(' ');
}
async function visits(query: string, scope: Scope = ALL): Promise<string> {
  return (await find('Appointment', query, scope)).matches.map(({ id }) => VISIT_KEYS.get(id) ?? '?').join(' ');
}
async function found(type: StoredType, query: string, scope: Scope = ALL): Promise<readonly string[]> {
  return (await find(type, query, scope)).matches.map(({ id }) => id);
}

describe('tokens', () => {
  test('a status is found by its code, with and without its system, and by any of several', async () => {
    assert.equal(await slots('status=busy'), 'r10');
    assert.equal(await slots('status=http://hl7.org/fhir/slotstatus|busy'), 'r10');
    assert.equal(await slots('status=urn:other|busy'), '');
    assert.equal(await slots('status=|busy'), '');
    assert.equal(await slots('status=busy,busy-unavailable'), 'r10 o13');
    assert.equal(await slots('status=nonsense'), '');
  });

  test(':not also finds what lacks the element', async () => {
    assert.equal(await slots('status:not=free'), 'r10 o13');
    assert.equal(await slots('specialty:not=103T00000X&status=free&schedule=' + ids.scheduleRaoNorth), 'r11');
  });

  test(':missing tells what has no value', async () => {
    assert.equal(await slots('specialty:missing=false'), 'r9');
    assert.equal((await slots('specialty:missing=true')).split(' ').length, 8);
    assert.equal(await visits('slot:missing=true'), 'a3 a5');
    assert.equal(await visits('date:missing=true'), 'a5');
    assert.equal((await found('Practitioner', 'identifier:missing=true')).length, 1);
    assert.deepEqual(await found('Schedule', 'date:missing=false'), [ids.scheduleRaoNorth]);
  });

  test('a service type is the canonical one, or the code of a site under the system of that site', async () => {
    assert.equal(await slots('service-type=urn:slotwire:visit-type|intake-30'), 'o9');
    assert.equal(await slots('service-type=intake-30'), 'o9');
    assert.equal(await slots('service-type=5513'), 'o9');
    assert.equal(await slots('service-type=urn:slotwire:site:north:visit-type|5999'), 'r11');
    assert.equal(await slots('service-type=urn:slotwire:site:south:visit-type|5999'), '');
    assert.equal(await slots('service-type:not=urn:slotwire:visit-type|'), 'r11');
  });

  test('a specialty is found with its system and without', async () => {
    assert.equal(await slots(`specialty=${NUCC}|103T00000X`), 'r9');
    assert.equal(await slots('specialty=103T00000X'), 'r9');
    assert.equal(await slots('specialty=urn:other|103T00000X'), '');
    assert.equal((await found('PractitionerRole', `specialty=${NUCC}|`)).length, 3);
  });

  test('an identifier is found whole, in any system, or by its system where it is not sealed', async () => {
    assert.deepEqual(await found('Practitioner', `identifier=http://hl7.org/fhir/sid/us-npi|${NPI}`), [ids.rao]);
    assert.deepEqual(await found('Practitioner', `identifier=${NPI}`), [ids.rao]);
    assert.deepEqual(await found('Practitioner', `identifier=|${NPI}`), []);
    assert.deepEqual(await found('Practitioner', 'identifier=http://hl7.org/fhir/sid/us-npi|'), [ids.rao]);
    assert.equal(await slots('identifier=urn:slotwire:site:north:slot|o9'), 'o9');
    assert.equal(await slots('identifier=urn:slotwire:site:south:slot|o9'), '');
    assert.equal(await visits('identifier=urn:slotwire:site:south:appointment|a2'), 'a2');
  });

  test('patients are found by keyed hashes of their identifiers', async () => {
    assert.deepEqual(await found('Patient', 'identifier=https://north.example/mrn|bob-mrn'), [ids.bob]);
    assert.deepEqual(await found('Patient', 'identifier=bob-mrn'), [ids.bob]);
    assert.deepEqual(await found('Patient', 'identifier=https://south.example/mrn|bob-mrn'), []);
  });

  test('_id finds by id, and an id of another form finds nothing', async () => {
    assert.equal(await slots(`_id=${ids.slot('north', 'r9')},${ids.slot('south', 'r24')}`), 'r9 r24');
    assert.equal(await slots('_id=12345'), '');
    assert.equal((await found('Location', `_id:not=${ids.southClinic}`)).length, 2);
  });
});

describe('dates', () => {
  // fhir-scheduling.md 6.2: rows are the instants r9 (the day before is never there), the first and last of the day,
  // the next.
  const EXPECTED: Readonly<Record<string, string>> = {
    eq: 'r9 o9 r10 r11 o13 o14 r15 r23',
    ne: 'r24',
    gt: 'r24',
    lt: '',
    ge: 'r9 o9 r10 r11 o13 o14 r15 r23 r24',
    le: 'r9 o9 r10 r11 o13 o14 r15 r23',
    sa: 'r24',
    eb: '',
  };
  for (const [prefix, expected] of Object.entries(EXPECTED)) {
    test(`start=${prefix}2026-12-01 keeps to the truth table`, async () => {
      const order = (text: string): string => text.split(' ').sort().join(' ');
      assert.equal(order(await slots(`start=${prefix}2026-12-01`)), order(expected));
    });
  }

  test('a day before its first moment and after its last is another day', async () => {
    assert.equal(await slots('start=2026-12-02'), 'r24');
    assert.equal(await slots('start=lt2026-12-02T00:00:00Z&start=ge2026-12-01T23:00:00Z'), 'r23');
    assert.equal(await slots('start=ge2026-12-02T01:00:00%2B01:00'), 'r24');
  });

  test('several values are alternatives, several parameters all hold', async () => {
    assert.equal(await slots('start=2026-12-01T15:00,2026-12-02'), 'r15 r24');
    assert.equal(await slots('start=ge2026-12-01T10:00:00Z&start=lt2026-12-01T12:00:00Z'), 'r10 r11');
  });

  // The horizon is 1 December to 31 December, inclusive.
  const PERIODS: readonly (readonly [string, boolean])[] = [
    ['2026-12', true],
    ['2026', true],
    ['2026-12-15', false],
    ['ne2026-12-15', true],
    ['gt2026-12-15', true],
    ['gt2026-12-31', false],
    ['lt2026-12-15', true],
    ['lt2026-12-01', false],
    ['ge2026-12-31', false],
    ['ge2026-12-31T00:00:00Z', true],
    ['le2026-12', true],
    ['sa2026-11-30', true],
    ['sa2026-12-01', false],
    ['eb2027', true],
    ['eb2026-12-31', false],
    ['ap2026-12-15', true],
    ['ap2030-12-15', false],
  ];
  for (const [value, expected] of PERIODS) {
    test(`a period matches date=${value}: ${expected}`, async () => {
      assert.deepEqual(await found('Schedule', `date=${value}`), expected ? [ids.scheduleRaoNorth] : []);
    });
  }
});

describe('references and chains', () => {
  test('a reference is found as Type/id, by its id, and as an address of this hub', async () => {
    const expected = 'r9 r10 r11';
    assert.equal(await slots(`schedule=Schedule/${ids.scheduleRaoNorth}`), expected);
    assert.equal(await slots(`schedule=${ids.scheduleRaoNorth}`), expected);
    assert.equal(await slots(`schedule=http://hub.example/fhir/R4/Schedule/${ids.scheduleRaoNorth}`), expected);
    assert.equal(await slots(`schedule=http://other.example/fhir/R4/Schedule/${ids.scheduleRaoNorth}`), '');
    assert.equal(await slots('schedule=Schedule/unknown'), '');
  });

  test('slots are found by who and where their schedule is', async () => {
    const raos = 'r9 r10 r11 r15 r23 r24';
    assert.equal(await slots(`schedule.actor=Practitioner/${ids.rao}`), raos);
    assert.equal(await slots(`schedule.actor:Practitioner=${ids.rao}`), raos);
    assert.equal(await slots(`schedule.actor=${ids.rao}`), raos);
    assert.equal(await slots(`schedule.actor=Location/${ids.rao}`), '');
    assert.equal(
      await slots(`schedule.actor=Practitioner/${ids.rao}&schedule.actor=Location/${ids.southClinic}`),
      'r15 r23 r24',
    );
    assert.equal(await slots(`location=Location/${ids.northAnnex}`), 'o9 o13 o14');
  });

  test('a chain goes on to identifiers and names of what is referred to', async () => {
    const raos = 'r9 r10 r11 r15 r23 r24';
    const npi = `http://hl7.org/fhir/sid/us-npi|${NPI}`;
    assert.equal(await slots(`schedule.actor:Practitioner.identifier=${npi}`), raos);
    assert.equal(await slots(`schedule:Schedule.actor:Practitioner.identifier=${npi}`), raos);
    assert.equal(await slots(`schedule.actor.identifier=${npi}`), raos);
    assert.equal(await slots('location.name=south'), 'r15 r23 r24');
    assert.equal(await visits('patient.identifier=https://north.example/mrn|bob-mrn'), 'a3 a5');
    assert.equal(await visits('practitioner.name=asha'), 'a1 a3 a2 a5');
    assert.equal((await found('PractitionerRole', `practitioner.identifier=${npi}`)).length, 2);
  });

  test('appointments are found by each kind of participant, and an id counts only as what it is', async () => {
    assert.equal(await visits(`practitioner=${ids.ortiz}`), 'a4');
    assert.equal(await visits(`actor=Practitioner/${ids.ortiz}`), 'a4');
    assert.equal(await visits(`practitioner=${ids.northAnnex}`), '');
    assert.equal(await visits(`location=${ids.northAnnex}`), 'a4');
    assert.equal(await visits(`actor=PractitionerRole/${ids.raoSouth}`), 'a2');
    assert.equal(await visits(`actor=Patient/${ids.bob}`), 'a3 a5');
    assert.equal(await visits(`slot=Slot/${ids.slot('north', 'r10')}`), 'a1');
  });

  test('appointments of a patient are those of every linked record', async () => {
    assert.equal(await visits(`patient=Patient/${ids.annNorth}`), 'a1 a2');
    assert.equal(await visits(`patient=Patient/${ids.annSouth}`), 'a1 a2');
    assert.equal(await visits('patient.identifier=https://south.example/mrn|ann-mrn'), 'a1 a2');
  });

  test('other references are found by their tokens', async () => {
    assert.deepEqual(await found('PractitionerRole', `location=Location/${ids.southClinic}`), [ids.raoSouth]);
    assert.equal((await found('Schedule', `actor=Location/${ids.northClinic}`)).length, 1);
  });
});

describe('names', () => {
  test('any word of a name may begin so, in any case', async () => {
    assert.deepEqual(await found('Practitioner', 'name=ASHA'), [ids.rao]);
    assert.deepEqual(await found('Practitioner', 'name=ra'), [ids.rao]);
    assert.deepEqual(await found('Practitioner', 'name=sha'), []);
    assert.deepEqual(await found('Practitioner', 'name:contains=sha'), [ids.rao]);
    assert.deepEqual(await found('Practitioner', 'name:exact=Dr. Asha Rao'), [ids.rao]);
    assert.deepEqual(await found('Practitioner', 'name:exact=dr. asha rao'), []);
  });

  test('signs that mean something in SQL or in patterns mean themselves', async () => {
    assert.deepEqual(await found('Location', 'name:contains=100%25'), [ids.northAnnex]);
    assert.deepEqual(await found('Location', 'name:contains=%25c%25'), []);
    assert.deepEqual(await found('Location', 'name=_outh'), []);
    assert.deepEqual(await found('Location', "name='; DROP TABLE slot; --"), []);
    assert.deepEqual(await found('Location', 'name=a%5C'), []);
  });
});

describe('order and pages', () => {
  const walk = async (type: StoredType, query: string, scope: Scope = ALL): Promise<readonly string[]> => {
    const all: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: SearchResult = await find(type, next === '' ? query : `${query}&_page=${next}`, scope);
      all.push(...page.matches.map(({ id }) => id));
      next = page.next;
    }
    return all;
  };

  for (const [type, sort] of [
    ['Slot', ''],
    ['Slot', '-start'],
    ['Slot', '_lastUpdated,-start'],
    ['Slot', '_id'],
    ['Slot', '-_id'],
    ['Appointment', ''],
    ['Appointment', '-date'],
    ['Appointment', 'status,-date'],
    ['Appointment', 'date,-_lastUpdated'],
    ['Location', 'name'],
    ['Location', '-name'],
    ['Schedule', 'date'],
    ['Schedule', '-date'],
    ['Practitioner', '_lastUpdated'],
  ] as const) {
    test(`pages of 2 of ${type} sorted by ${sort || 'default'} are the whole in the same order`, async () => {
      const order = sort === '' ? '' : `&_sort=${sort}`;
      if (sort.includes('_lastUpdated')) await settled();
      const whole = await found(type, `_count=100${order}`);
      assert.ok(whole.length > 1);
      assert.deepEqual(await walk(type, `_count=2${order}`), whole);
      assert.equal(new Set(whole).size, whole.length);
    });
  }

  test('what has no sort value comes last in both directions', async () => {
    assert.equal(await visits(''), 'a1 a3 a4 a2 a5');
    assert.equal(await visits('_sort=-date'), 'a2 a4 a3 a1 a5');
  });

  test('rows that come and go while pages are read are neither skipped into nor repeated', async () => {
    const first = await find('Slot', 'schedule=' + ids.scheduleOrtiz + '&_count=1');
    const earlier = (during: Interval): SlotRow =>
      slotRow({ site: 'north', key: 'new', scheduleId: ids.scheduleOrtiz, locationId: ids.northAnnex, during });
    await write((tx) => tx.resources.putSlots([earlier(hours(8))], cause('north')));
    const rest = await find('Slot', `schedule=${ids.scheduleOrtiz}&_page=${first.next ?? ''}`);
    assert.deepEqual(
      rest.matches.map(({ id }) => SLOT_KEYS.get(id)),
      ['o13', 'o14'],
    );
    // Out of the way of the other tests.
    await pool.query('DELETE FROM slot WHERE site_key = $1', ['new']);
  });

  test('a page token of another order, an altered one and nonsense are refused', async () => {
    const { next } = await find('Slot', '_count=1&_sort=start');
    const mark = Buffer.from(JSON.stringify({ order: 'start_at,id', values: ['now()', "' OR 1=1"] })).toString(
      'base64url',
    );
    const refused = (query: string): Promise<void> =>
      assert.rejects(find('Slot', query), (error) => error instanceof HubError && error.code === 'PARAMETER_INVALID');
    await refused(`_count=1&_sort=-start&_page=${next ?? ''}`);
    await refused(`_sort=start&_page=${mark}`);
    await refused(`_page=${'A'.repeat(40)}`);
    await refused('_page=%00');
  });

  test('the total is what all pages hold, given when asked or when one page shows it', async () => {
    assert.equal((await find('Slot', 'status=busy')).total, 1);
    assert.equal((await find('Slot', '_count=2')).total, null);
    const { total, matches } = await find('Slot', '_count=2&_total=accurate&start=2026-12-01');
    assert.deepEqual([total, matches.length], [8, 2]);
    assert.deepEqual(await find('Slot', '_summary=count&start=2026-12-01'), {
      matches: [],
      included: [],
      total: 8,
      next: null,
    });
  });
});

describe('includes', () => {
  const brought = async (type: StoredType, query: string, scope: Scope = ALL): Promise<readonly string[]> =>
    (await find(type, query, scope)).included.map((served) => `${served.type}/${served.id}`).sort();

  test('_include brings what is referred to, each once, and only of matches', async () => {
    assert.deepEqual(
      await brought('Slot', `schedule.actor=${ids.rao}&_include=Slot:schedule&_include=Schedule:actor`),
      [`Schedule/${ids.scheduleRaoNorth}`, `Schedule/${ids.scheduleRaoSouth}`].sort(),
    );
  });

  test(':iterate follows what was brought', async () => {
    const query = `_id=${ids.slot('north', 'r9')}&_include=Slot:schedule&_include:iterate=Schedule:actor`;
    assert.deepEqual(
      await brought('Slot', query),
      [
        `Schedule/${ids.scheduleRaoNorth}`,
        `Practitioner/${ids.rao}`,
        `PractitionerRole/${ids.raoNorth}`,
        `Location/${ids.northClinic}`,
      ].sort(),
    );
    assert.deepEqual(
      await brought('Slot', `${query}:Location`),
      [`Schedule/${ids.scheduleRaoNorth}`, `Location/${ids.northClinic}`].sort(),
    );
  });

  test('_revinclude brings what refers to the matches', async () => {
    assert.deepEqual(await brought('Slot', `_id=${ids.slot('north', 'r10')}&_revinclude=Appointment:slot`), [
      `Appointment/${ids.appointment('north', 'a1')}`,
    ]);
    assert.deepEqual(
      await brought('Practitioner', `_id=${ids.rao}&_revinclude=PractitionerRole:practitioner`),
      [`PractitionerRole/${ids.raoNorth}`, `PractitionerRole/${ids.raoSouth}`].sort(),
    );
    assert.equal(
      (await brought('Practitioner', `_id=${ids.ortiz}&_revinclude=Schedule:actor&_revinclude:iterate=Slot:schedule`))
        .length,
      4,
    );
  });

  test('participants of appointments are brought by what they are', async () => {
    const a1 = `_id=${ids.appointment('north', 'a1')}`;
    assert.deepEqual(await brought('Appointment', `${a1}&_include=Appointment:patient`), [`Patient/${ids.annNorth}`]);
    assert.deepEqual(await brought('Appointment', `${a1}&_include=Appointment:practitioner`), [
      `Practitioner/${ids.rao}`,
    ]);
    assert.equal((await brought('Appointment', `${a1}&_include=Appointment:*`)).length, 5);
  });

  test('includes count neither for the page nor for the total', async () => {
    const { matches, total } = await find('Slot', 'status=busy&_count=1&_include=Slot:schedule&_total=accurate');
    assert.deepEqual([matches.length, total], [1, 1]);
  });
});

describe('what a scope may see', () => {
  test('rows of other sites are in no page and no count; canonical resources are everybody’s', async () => {
    const scope: Scope = { ...ALL, sites: ['south'] };
    assert.equal(await slots('', scope), 'r15 r23 r24');
    assert.equal((await find('Slot', '_summary=count', scope)).total, 3);
    assert.equal(await visits('', scope), 'a2');
    assert.equal((await found('Practitioner', '', scope)).length, 2);
    assert.deepEqual(await found('Patient', '', scope), [ids.annSouth]);
  });

  test('a chain and an include do not reach into other sites', async () => {
    const scope: Scope = { ...ALL, sites: ['south'] };
    assert.equal(await slots(`schedule.actor=${ids.rao}`, scope), 'r15 r23 r24');
    const { included } = await find('Practitioner', `_id=${ids.rao}&_revinclude=Schedule:actor`, scope);
    assert.deepEqual(
      included.map(({ id }) => id),
      [ids.scheduleRaoSouth],
    );
  });

  test('a link to a record that is not visible leads nowhere', async () => {
    assert.equal(await visits(`patient=Patient/${ids.annNorth}`, { ...ALL, sites: ['south'] }), '');
    assert.equal(await visits(`patient=Patient/${ids.annSouth}`, { ...ALL, sites: ['south'] }), 'a2');
  });

  test('locations restrict what lies in one', async () => {
    const scope: Scope = { ...ALL, locations: [ids.northAnnex] };
    assert.equal(await slots('start=2026-12-01', scope), 'o9 o13 o14');
    assert.equal(await visits('', scope), 'a4');
    assert.deepEqual(await found('Location', '', scope), [ids.northAnnex]);
    assert.deepEqual(await found('Schedule', '', scope), [ids.scheduleOrtiz]);
  });

  test('appointments and patients under a label are not there for the uncleared', async () => {
    assert.equal(await visits('', UNCLEARED), 'a1 a3 a2 a5');
    assert.equal((await find('Appointment', '_summary=count', UNCLEARED)).total, 4);
    assert.deepEqual(await found('Patient', 'identifier=carl-mrn', UNCLEARED), []);
    const { included } = await find('Slot', `_id=${ids.slot('north', 'o14')}&_revinclude=Appointment:slot`, UNCLEARED);
    assert.deepEqual(included, []);
  });

  test('a slot under a label is busy for the uncleared and tells nothing else', async () => {
    const [served] = (await find('Slot', `_id=${ids.slot('north', 'o14')}`, UNCLEARED)).matches;
    const slot = JSON.parse(served?.json ?? '{}') as Record<string, unknown>;
    assert.equal(slot['status'], 'busy');
    assert.deepEqual(Object.keys(slot).sort(), ['end', 'id', 'meta', 'resourceType', 'schedule', 'start', 'status']);
    assert.doesNotMatch(served?.json ?? '', /42CFR|5512|comment|security|identifier/);
  });

  test('no parameter finds a masked slot by what it hides, nor by its absence from the others', async () => {
    const annex = `schedule=${ids.scheduleOrtiz}&start=2026-12-01`;
    assert.equal(await slots(`${annex}&status=free`, UNCLEARED), 'o9');
    assert.equal(await slots(`${annex}&status=busy`, UNCLEARED), 'o14');
    assert.equal(await slots(`${annex}&status:not=free`, UNCLEARED), 'o13 o14');
    assert.equal(await slots(`${annex}&status:not=busy`, UNCLEARED), 'o9 o13');
    assert.equal(await slots(`${annex}&service-type=therapy-50`, UNCLEARED), 'o13');
    assert.equal(await slots(`${annex}&service-type:not=therapy-50`, UNCLEARED), 'o9 o14');
    assert.equal(await slots(`${annex}&service-type:missing=true`, UNCLEARED), 'o14');
    assert.equal(await slots('identifier=o14', UNCLEARED), '');
    assert.equal(await slots(`${annex}&status=free`, { ...ALL, clearances: ['N', 'R', '42CFRPart2'] }), 'o9 o14');
    assert.equal(await slots(`${annex}&status=free`, { ...ALL, clearances: ['N', 'R'] }), 'o9');
  });
});

test('a feed by _lastUpdated stops where an open transaction may still write', async () => {
  const from = new Date(WRITTEN + 3_600_000).toISOString();
  const feed = (): Promise<readonly string[]> => found('Location', `_lastUpdated=ge${from}&_sort=_lastUpdated`);
  const put =
    (key: string, at: Instant) =>
    (tx: Tx): Promise<boolean> =>
      tx.resources.put(
        {
          type: 'Location',
          id: ids.slot('feed', key),
          site: 'north',
          resource: { resourceType: 'Location', name: key } as never,
        },
        cause('north', at),
      );
  const begun = Promise.withResolvers<undefined>();
  const goOn = Promise.withResolvers<undefined>();
  const open = store.transaction(ALL, async (tx) => {
    await put('early', instant(WRITTEN + 7_200_000))(tx);
    begun.resolve(undefined);
    await goOn.promise;
  });
  await begun.promise;
  await write(put('late', instant(WRITTEN + 7_300_000)));
  assert.deepEqual(await feed(), [], 'what committed waits for what began before it');
  assert.equal((await found('Location', `_id=${ids.slot('feed', 'late')}`)).length, 1, 'and only in feeds');
  goOn.resolve(undefined);
  await open;
  await settled();
  assert.deepEqual(await feed(), [ids.slot('feed', 'early'), ids.slot('feed', 'late')]);
});

/** Transaction numbers are those of the whole server: another test's open transaction holds feeds back as well. */
async function settled(): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ open: boolean }>(
      `SELECT bool_or(xid >= pg_snapshot_xmin(pg_current_snapshot())) AS open
       FROM (SELECT xid FROM resource UNION ALL SELECT xid FROM slot UNION ALL SELECT xid FROM appointment) AS written`,
    );
    if (rows[0]?.open !== true) return;
    await systemClock.sleep(20);
  }
}
