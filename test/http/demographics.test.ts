/** IHE PDQm: Patients by what is sealed at rest. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { code, entries, matches, testPlan, type Who } from './hub.ts';
import { CLOSED, peopleHub, PLAN, ROBERT, type PeopleHub } from './people-world.ts';

async function find({ hub }: PeopleHub, query: string, who: Who = 'readonly'): Promise<readonly string[]> {
  const answer = await hub.fhir(who, `/Patient?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return [...matches(answer)].sort();
}

function limited(searchRowsExamined: number): typeof PLAN {
  return testPlan({ searchRowsExamined }, PLAN.sites as never);
}

describe('a search for people', () => {
  it('finds them by any of the demographics, alone and together', async (t) => {
    const world = await peopleHub(t);
    const robert = await world.tell('north', '1', { ...ROBERT, middle: 'Émile', email: 'Rob@Oak.example' });
    const ines = await world.tell('south', '7', {
      ...{ family: 'Núñez', given: 'Inés', gender: 'female', birthDate: '1980-02-29', phone: '614-555-1000' },
      address: { line: ['9 Elm Road'], city: 'Columbus', state: 'OH', postalCode: '43004', country: 'US' },
    });
    await world.settle();
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['family=okon', [robert]],
      ['family=nun', [ines]],
      ['family=N%C3%BA%C3%B1ez,Okonkwo', [ines, robert].sort()],
      ['family:exact=Okonkwo', [robert]],
      ['family:exact=okonkwo', []],
      ['given=rob', [robert]],
      ['given=emile', [robert]],
      ['given=oko', []],
      ['name=oko', [robert]],
      ['name=rob', [robert]],
      ['birthdate=1972-03-04', [robert]],
      ['birthdate=1972', [robert]],
      ['birthdate=lt1980-02-29', [robert]],
      ['birthdate=ge1980-02-29', [ines]],
      ['birthdate=ge1972&birthdate=le1980', [ines, robert].sort()],
      ['gender=female', [ines]],
      ['gender=male,female', [ines, robert].sort()],
      ['telecom=phone%7C(937)%20555-2222', [robert]],
      ['telecom=rob%40oak.example', [robert]],
      ['phone=1-614-555-1000', [ines]],
      ['email=rob%2Btag%40oak.example', [robert]],
      ['phone=999-999-9999', []],
      ['address=9%20Elm', [ines]],
      ['address-city=spring', [robert]],
      ['address-postalcode=430', [ines]],
      ['address-state=OH&address-country=us', [ines]],
      ['family=Okonkwo&gender=male', [robert]],
      ['family=Okonkwo&gender=female', []],
      ['birthdate=1972-03-04&family=Oko', [robert]],
      ['birthdate=1972-03-04&family=Nun', []],
      ['active=true&family=okon', [robert]],
      ['identifier=urn:oid:1.2.3.2%7C&birthdate=ge1900', [ines]],
      ['identifier=urn:oid:1.2.3.2%7C,urn:oid:1.2.3.1%7C1', [ines, robert].sort()],
      ['identifier=urn:oid:9.9%7C', []],
    ];
    for (const [query, expected] of cases) assert.deepEqual(await find(world, query), expected, query);
    const body = new URLSearchParams([
      ['family', 'Oko'],
      ['birthdate', '1972-03-04'],
    ]);
    const posted = await world.hub.fhir('readonly', '/Patient/_search', { method: 'POST', body });
    assert.deepEqual(matches(posted), [robert]);
    assert.deepEqual((await world.hub.fhir('readonly', '/Patient?gender=none')).status, 200);
    assert.deepEqual((await world.hub.fhir('readonly', '/Patient?family:contains=x')).status, 400);
  });

  it('pages, counts, and reaches the visits of whom it finds', async (t) => {
    const world = await peopleHub(t);
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await world.tell('north', String(n), { ...ROBERT, given: `Robert${n}` }));
    const first = await world.hub.fhir('readonly', '/Patient?family=Okonkwo&_count=2&_total=accurate');
    assert.deepEqual([matches(first).length, first.body['total']], [2, 5]);
    const seen = [...matches(first)];
    for (let page = first; ;) {
      const links = page.body['link'] as readonly { readonly relation: string; readonly url: string }[];
      const next = links.find(({ relation }) => relation === 'next');
      if (next === undefined) break;
      page = await world.hub.fhir('readonly', next.url);
      seen.push(...matches(page));
    }
    assert.deepEqual(seen.sort(), ids.sort());
    const visits = await world.hub.fhir('readonly', '/Appointment?patient.family=Secret&patient.given=ann');
    assert.ok(matches(visits).length > 0);
    assert.deepEqual(matches(await world.hub.fhir('readonly', '/Appointment?patient.family=Okonkwo')), []);
  });

  it('finds no record that the caller may not see, and none that is not in use', async (t) => {
    const world = await peopleHub(t);
    const hidden = await world.tell(CLOSED, '5', ROBERT);
    const kept = await world.tell('north', '1', ROBERT);
    await world.tell('north', '2', ROBERT);
    await world.merge('north', '2', '1');
    await world.settle();
    for (const query of ['family=Okonkwo', 'birthdate=1972-03-04&family=Ok', 'phone=937-555-2222']) {
      assert.deepEqual(await find(world, query), [kept], query);
      assert.deepEqual(await find(world, query, 'cleared'), [hidden, kept].sort(), query);
    }
  });

  it('opens no more records than the hub allows, and says what finds people without that', async (t) => {
    const world = await peopleHub(t);
    const robert = await world.tell('north', '1', ROBERT);
    await world.settle();
    world.hub.plan = limited(2);
    const answer = await world.hub.fhir('readonly', '/Patient?given=Robert');
    assert.deepEqual([answer.status, code(answer)], [403, 'SEARCH_TOO_COSTLY']);
    assert.match(answer.text, /birthdate with family, or telecom/);
    assert.deepEqual(await find(world, 'birthdate=1972-03-04&family=Okonkwo'), [robert]);
    assert.deepEqual(await find(world, 'phone=937-555-2222&given=Rob'), [robert]);
    assert.deepEqual(await find(world, 'given=Robert&identifier=urn:oid:1.2.3.1%7C1'), [robert]);
  });

  it('shows each with its link to the golden record', async (t) => {
    const world = await peopleHub(t);
    await world.tell('north', '1', ROBERT);
    const answer = await world.hub.fhir('readonly', '/Patient?family=Okonkwo');
    assert.match(JSON.stringify(entries(answer)[0]?.resource), /"type":"refer"/);
  });
});
