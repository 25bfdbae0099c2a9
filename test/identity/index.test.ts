/** Who is who: the same assertion, the same person; and nobody joined silently. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Patient, PractitionerRole } from '../../src/fhir/types.ts';
import { patient } from '../../src/identity/patient-body.ts';
import { identify, practitionerIndex } from '../../src/identity/practitioners.ts';
import {
  ANA,
  BOB,
  during,
  fed,
  NPI,
  openWorld,
  SCOPE,
  SHARED,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';

const [NORTH, , FEED] = testSites();

async function stored(world: World, id: string): Promise<Patient> {
  const served = await world.read((tx) => tx.resources.read('Patient', id));
  assert.ok(served !== null);
  return JSON.parse(served.json) as Patient;
}

describe('patients', () => {
  it('of two sites are two records, however alike they are', async (t) => {
    const world = await openWorld(t);
    const [here, there] = [await world.patient('north'), await world.patient('south')];
    assert.notEqual(here, there);
    assert.deepEqual(await world.read((tx) => tx.resources.linkedPatients(here)), [here]);
  });

  it('are found again by the key of their site', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('V1', 'n1', during(9)));
    await world.tell('north', visit('V2', 'n1', during(10)));
    assert.equal((await world.rows(`SELECT 1 FROM resource WHERE type = 'Patient'`)).length, 1);
    assert.deepEqual(
      (await world.appointment('north', 'V1')).patients,
      (await world.appointment('north', 'V2')).patients,
    );
  });

  it('keep what a message does not state, lose what it clears, and are not overwritten by older news', async (t) => {
    const world = await openWorld(t);
    const now = world.clock.now();
    const id = await world.patient('north');
    const tell = (assertion: typeof ANA, at: typeof now): Promise<number> =>
      world.tell('north', { kind: 'patient', at, patient: assertion }, { at, shape: 'event', object: 'patient-ana' });
    await tell(
      { key: 'ana', identifiers: [], family: 'Lopez-Diaz', given: 'Ana', cleared: ['phone'] },
      plus(now, 2_000),
    );
    await tell({ key: 'ana', identifiers: [], family: 'Older', given: 'Ana' }, plus(now, 1_000));
    const after = await stored(world, id);
    assert.equal(after.name?.[0]?.family, 'Lopez-Diaz');
    assert.equal(after.birthDate, '1980-02-03');
    assert.deepEqual(
      after.telecom?.map((one) => one.system),
      ['email'],
    );
    assert.deepEqual(
      after.identifier?.map((one) => one.value),
      ['M-1'],
    );
  });

  it('said again change no version', async (t) => {
    const world = await openWorld(t);
    await world.patient('north');
    world.clock.advance(1_000);
    await world.patient('north');
    assert.deepEqual(await world.rows(`SELECT version FROM resource WHERE type = 'Patient'`), [{ version: 1 }]);
  });

  it('said again in part, or in another order, change no version', async (t) => {
    const world = await openWorld(t);
    const all = { ...ANA, gender: 'female' as const, deceased: false, address: { line: ['1 Main'], city: 'X' } };
    await world.patient('north', all);
    const { phone: _phone, email: _email, ...some } = all;
    for (const said of [all, some, { ...some, email: ANA.email ?? '' }, { ...some, phone: ANA.phone ?? '' }, ANA]) {
      world.clock.advance(1_000);
      await world.patient('north', said);
    }
    assert.deepEqual(await world.rows(`SELECT version FROM resource WHERE type = 'Patient'`), [{ version: 1 }]);
  });

  it('without a name are kept with what is known', () => {
    assert.deepEqual(patient({ key: 'x', identifiers: [] }, null), { resourceType: 'Patient', active: true });
  });

  it('carry the labels of their site', async (t) => {
    const sensitive = { ...NORTH, sensitivity: { ...NORTH.sensitivity, site: ['R'] } };
    const world = await openWorld(t, { sites: [sensitive, FEED] });
    const id = await world.patient('north');
    assert.equal(await world.read((tx) => tx.resources.read('Patient', id), { ...SCOPE, clearances: [] }), null);
  });
});

describe('practitioners', () => {
  it('with an NPI are one person at all sites; the word of the site file goes before that of a message', () => {
    assert.equal(identify({ code: 'x', npi: NPI }, NORTH).id, SHARED);
    assert.equal(identify({ code: 'ADA', npi: '1999999999' }, FEED).id, SHARED);
    assert.equal(identify({ code: 'zoe' }, NORTH).id, canonicalId.practitionerAtSite('north', 'zoe'));
    assert.notEqual(identify({ code: 'zoe' }, NORTH).id, identify({ code: 'zoe' }, FEED).id);
  });

  it('are told without looking as they are told by looking', async (t) => {
    const world = await openWorld(t);
    const cause = { site: 'feed', messageId: null, siteTime: null, now: world.clock.now() };
    for (const assertion of [{ code: 'ADA' }, { code: 'new' }, { code: 'n', npi: NPI }]) {
      const match = await world.write((tx) => practitionerIndex.resolve(assertion, FEED, tx, cause));
      assert.equal(match.practitionerId, practitionerIndex.idOf(assertion, FEED));
    }
  });

  it('keep their first name, gather their codes, and gain no version by what is known', async (t) => {
    const world = await openWorld(t);
    const person = (code: string, family: string) =>
      ({ actor: { kind: 'practitioner', assertion: { code, npi: NPI, family } }, status: 'accepted' }) as const;
    const versions = (): Promise<unknown> =>
      world.rows(`SELECT version, content FROM resource WHERE id = $1`, [SHARED]);
    const before = await versions();
    await world.tell('feed', fed('F1', during(9), { participants: [person('ADA', 'Shard')], patients: [BOB] }));
    await world.tell('feed', fed('F2', during(10), { participants: [person('A2', 'Sharde')], patients: [BOB] }));
    await world.tell('feed', fed('F3', during(11), { participants: [person('A2', 'Sharrd')], patients: [BOB] }));
    const role = await world.read((tx) =>
      tx.resources.read('PractitionerRole', canonicalId.practitionerRole('feed', SHARED)),
    );
    const { identifier } = JSON.parse(role?.json ?? '{}') as PractitionerRole;
    assert.deepEqual(
      identifier?.map((one) => one.value),
      ['A2', 'ADA'],
    );
    assert.deepEqual(await versions(), before);
  });
});
