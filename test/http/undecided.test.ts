/** Visits by links that nobody has decided: only where they are asked for, marked, and told to nobody else. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { EXTENSIONS, type Appointment } from '../../src/fhir/types.ts';
import { instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Cleanup } from '../support/database.ts';
import { ids } from '../store/search-world.ts';
import { entries, matches } from './hub.ts';
import { CLOSED, peopleHub, ROBERT, type PeopleHub } from './people-world.ts';

/** Without a date of birth it may be a child of one name: a person has to look. */
const { birthDate: _unknown, ...PERHAPS } = ROBERT;

async function visitOf(people: PeopleHub, site: string, key: string, patients: readonly string[]): Promise<string> {
  const id = canonicalId.appointment(site, key);
  const now = instant(Date.UTC(2026, 10, 22, 13));
  const participant = patients.map((one) => {
    return { actor: { reference: `Patient/${one}` }, status: 'accepted' } as const;
  });
  const resource: Appointment = { resourceType: 'Appointment', status: 'booked', participant };
  const columns = { visitType: null, specialty: null, actors: [], slots: [], tokens: [], during: null };
  const where = { locations: [ids.northClinic], security: site === CLOSED ? ['R'] : [] };
  await people.hub.write((tx) =>
    tx.resources.putAppointment(
      { id, site, siteKey: key, ...columns, ...where, patients, orderedAt: now, resource },
      { site, messageId: null, siteTime: now, now },
    ),
  );
  return id;
}

async function worldOf(t: Cleanup): Promise<PeopleHub & { readonly north: string; readonly south: string }> {
  const people = await peopleHub(t);
  const north = await people.tell('north', '1', ROBERT);
  const south = await people.tell('south', '7', PERHAPS);
  await people.settle();
  assert.deepEqual((await people.hub.write(({ identity }) => identity.waiting([north])))[0]?.why, 'review');
  return { ...people, north, south };
}

const found = (bundle: Parameters<typeof entries>[0]): readonly (readonly [string | undefined, unknown])[] =>
  entries(bundle).map(({ resource, search }) => {
    const { extension = null } = search as { extension?: unknown };
    return [(resource as { id?: string }).id, extension];
  });

it('what may be of the person is found where it is asked for, each entry marked with the pair, and audited', async (t) => {
  const people = await worldOf(t);
  const { hub, north, south } = people;
  const own = await visitOf(people, 'north', 'v1', [north]);
  const perhaps = await visitOf(people, 'south', 'v2', [south]);
  const both = await visitOf(people, 'south', 'v3', [south, north]);
  const search = (query: string): ReturnType<typeof hub.fhir> =>
    hub.fhir('readonly', `/Appointment?patient=Patient/${query}`, { headers: { 'x-request-id': 'asked' } });
  for (const query of [north, `${north}&_undecided=false`, goldenIdOf(north)]) {
    assert.deepEqual([...matches(await search(query))].sort(), [own, both].sort());
  }
  const mark = {
    url: EXTENSIONS.undecided,
    extension: [
      { url: 'record', valueReference: { reference: `Patient/${south}` } },
      { url: 'with', valueReference: { reference: `Patient/${north}` } },
    ],
  };
  for (const query of [north, goldenIdOf(north)]) {
    const bundle = await search(`${query}&_undecided=true`);
    assert.deepEqual(
      new Map(found(bundle)),
      new Map<string, unknown>([
        [own, null],
        [perhaps, [mark]],
        [both, null],
      ]),
    );
    assert.match(JSON.stringify(bundle.body['link']), /_undecided=true/);
  }
  const { rows } = await hub.pool.query<{ resource_id: string }>(
    `SELECT DISTINCT resource_id FROM audit WHERE request_id = 'asked' AND resource_id IS NOT NULL`,
  );
  assert.deepEqual(rows.map((row) => row.resource_id), [south]); // prettier-ignore
});

it('a pair that somebody has decided on is undecided no more', async (t) => {
  const people = await worldOf(t);
  const { hub, north, south } = people;
  await visitOf(people, 'south', 'v2', [south]);
  const said = await hub.request(`/ops/api/identity/pairs/${north}/${south}`, {
    method: 'POST',
    headers: { authorization: 'Bearer admin-token-0123456789', 'content-type': 'application/json' },
    body: JSON.stringify({ verdict: 'different', reason: 'asked the patient' }),
  });
  assert.equal(said.status, 200, said.text);
  assert.deepEqual(found(await hub.fhir('readonly', `/Appointment?patient=${north}&_undecided=true`)), []);
});

it('who may not see both records of a pair is told of none', async (t) => {
  const people = await peopleHub(t);
  const north = await people.tell('north', '1', ROBERT);
  const hidden = await people.tell(CLOSED, '5', PERHAPS);
  await people.settle();
  // Not hidden itself, and of the hidden record alone.
  const visit = await visitOf(people, 'south', 'v2', [hidden]);
  const path = `/Appointment?patient=${north}&_undecided=true`;
  assert.deepEqual(matches(await people.hub.fhir('cleared', path)), [visit]);
  const told = await people.hub.fhir('readonly', path);
  assert.deepEqual(matches(told), []);
  assert.doesNotMatch(told.text, new RegExp(hidden));
});

it('it is for visits alone', async (t) => {
  const { hub } = await peopleHub(t);
  const strict = { headers: { prefer: 'handling=strict' } };
  assert.equal((await hub.fhir('readonly', '/Patient?_undecided=true&active=true', strict)).status, 400);
  assert.equal((await hub.fhir('readonly', '/Appointment?_undecided=perhaps')).status, 400);
});
