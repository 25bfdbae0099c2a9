/** Resources on a real database: versions, history, who may see what, and what stands on the disk. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { derivedId } from '../../src/core/ids.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { Location, Patient } from '../../src/fhir/types.ts';
import type { Cause, ResourceRow, Served } from '../../src/store/contract-resources.ts';
import { systemScope, type Scope } from '../../src/store/contract.ts';
import { at, openedStore, type Opened } from './opened.ts';

const SCOPE = systemScope('test');
const id = (name: string): string => derivedId('test', name);
const cause = (now: Instant, more: Partial<Cause> = {}): Cause => ({
  site: 'north',
  messageId: 7,
  siteTime: at(-1),
  now,
  ...more,
});

function place(name: string, more: Partial<ResourceRow> = {}, text = name): ResourceRow {
  const resource: Location = { resourceType: 'Location', status: 'active', name: text, mode: 'instance' };
  return { type: 'Location', id: id(name), site: 'north', resource, name: text, ...more };
}

function person(name: string, more: Partial<ResourceRow> = {}): ResourceRow {
  const resource: Patient = {
    resourceType: 'Patient',
    active: true,
    name: [{ family: name }],
    birthDate: '1980-02-03',
  };
  return { type: 'Patient', id: id(name), site: 'north', resource, tokens: [`identifier:urn:mrn|${name}`], ...more };
}

describe('resources', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let opened: Opened;
  before(async () => {
    opened = await openedStore({ after: (fn) => cleanups.push(fn) });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  const put = (row: ResourceRow, now = at(0)): Promise<boolean> =>
    opened.write((tx) => tx.resources.put(row, cause(now)));
  const read = (type: 'Location' | 'Patient', name: string, scope: Scope = SCOPE): Promise<Served | null> =>
    opened.store.read(scope, (tx) => tx.resources.read(type, id(name)));

  it('gain a version when they change, and none when they do not', async () => {
    assert.equal(await put(place('a')), true);
    assert.equal(await put(place('a'), at(1)), false);
    assert.equal(await put(place('a', {}, 'renamed'), at(2)), true);
    assert.equal(await put(place('a', { security: ['R'] }, 'renamed'), at(3)), true);
    const served = await read('Location', 'a');
    assert.equal(served?.version, 3);
    const body = JSON.parse(served.json) as {
      id: string;
      meta: { versionId: string; source: string; lastUpdated: string };
    };
    assert.deepEqual([body.id, body.meta.versionId, body.meta.source], [id('a'), '3', 'urn:slotwire:site:north#7']);
  });

  it('keep each version with the time of the site and our own', async () => {
    await put(place('h'));
    await put(place('h', {}, 'later'), at(5));
    const first = await opened.store.read(SCOPE, (tx) => tx.resources.readVersion('Location', id('h'), 1));
    assert.match(first?.json ?? '', /"name":"h"/);
    assert.equal(await opened.store.read(SCOPE, (tx) => tx.resources.readVersion('Location', id('h'), 3)), null);
    const { rows } = await opened.pool.query(
      `SELECT version, recorded_at, site_time FROM history WHERE id = $1 ORDER BY 1`,
      [id('h')],
    );
    assert.deepEqual(rows, [
      { version: 1, recorded_at: at(0), site_time: at(-1) },
      { version: 2, recorded_at: at(5), site_time: at(-1) },
    ]);
  });

  it('written by two at once lose neither version', async () => {
    await put(place('c'));
    await Promise.all(Array.from({ length: 10 }, (_, n) => put(place('c', {}, `name ${n}`), at(n))));
    const { rows } = await opened.pool.query(
      `SELECT count(*)::int AS n, max(version) AS last FROM history WHERE id = $1`,
      [id('c')],
    );
    assert.deepEqual(rows, [{ n: 11, last: 11 }]);
  });

  it('of people are sealed on the disk, bodies, names and search tokens alike', async () => {
    await put(person('Secretname'));
    const { rows } = await opened.pool.query<Record<string, unknown>>(
      `SELECT content, name, tokens::text, encode(sealed, 'escape') AS sealed FROM resource WHERE id = $1
       UNION ALL SELECT content, NULL, NULL, encode(sealed, 'escape') FROM history WHERE id = $1`,
      [id('Secretname')],
    );
    assert.equal(rows.length, 2);
    assert.ok(!JSON.stringify(rows).includes('Secretname') && !JSON.stringify(rows).includes('1980-02-03'));
    assert.match((await read('Patient', 'Secretname'))?.json ?? '', /Secretname/);
  });

  it('are there for the sites, places and clearances of the asker, and for nobody else', async () => {
    await put(place('here', { locations: [id('hall')], security: ['R'] }));
    const may = { ...SCOPE, sites: ['north'], locations: [id('hall')], clearances: ['R'] };
    assert.notEqual(await read('Location', 'here', may), null);
    assert.equal(await read('Location', 'here', { ...may, sites: ['south'] }), null);
    assert.equal(await read('Location', 'here', { ...may, locations: [id('annex')] }), null);
    assert.equal(await read('Location', 'here', { ...may, clearances: ['42CFRPart2'] }), null);
    assert.notEqual(await read('Location', 'here', { ...may, locations: '*' }), null);
  });

  it('whose label came later are hidden with all their versions', async () => {
    await put(place('hidden'));
    await put(place('hidden', { security: ['R'] }), at(1));
    const none = { ...SCOPE, clearances: [] };
    assert.equal(await opened.store.read(none, (tx) => tx.resources.readVersion('Location', id('hidden'), 1)), null);
  });

  it('of no site belong to everybody', async () => {
    await put(place('canonical', { site: null }));
    assert.notEqual(await read('Location', 'canonical', { ...SCOPE, sites: ['south'] }), null);
  });

  it('of people are found by the key of their site, and linked only on purpose', async () => {
    await opened.write(async (tx) => {
      await tx.resources.linkPatient(id('one'), id('one'), 'north', 'k1', at(0));
      await tx.resources.linkPatient(id('two'), id('one'), 'south', 'k1', at(0));
      assert.equal(await tx.resources.patientByKey('north', 'k1'), id('one'));
      assert.equal(await tx.resources.patientByKey('north', 'k2'), null);
      assert.deepEqual([...(await tx.resources.linkedPatients(id('two')))].sort(), [id('one'), id('two')].sort());
      assert.deepEqual(await tx.resources.linkedPatients(id('alone')), [id('alone')]);
    });
  });

  it('count local codes that nobody mapped, and tell the first', async () => {
    const count = (): Promise<{ readonly first: boolean }> =>
      opened.write((tx) => tx.resources.countUnmapped('north', 'visit-type', 'x', at(0)));
    assert.deepEqual([await count(), await count()], [{ first: true }, { first: false }]);
  });
});
