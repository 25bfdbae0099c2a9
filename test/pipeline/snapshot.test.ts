/** A site's own file of all its visits, held against our copy. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SiteEvent } from '../../src/connectors/contract.ts';
import { sha256 } from '../../src/core/ids.ts';
import { plus, type Instant } from '../../src/core/instant.ts';
import type { AppointmentChange } from '../../src/mappings/contract.ts';
import { applySnapshot, compareSnapshot, type Snapshot, type SnapshotReport } from '../../src/pipeline/snapshot.ts';
import {
  BOB,
  during,
  MONDAY,
  openWorld,
  SCOPE,
  siteOf,
  testMappingOf,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const ELEVEN = during(11, 0, 50);

interface Clinic {
  readonly world: World;
  readonly takenAt: Instant;
  compare(...visits: readonly AppointmentChange[]): Promise<SnapshotReport>;
  /** `ordered`: when the site says that its visits were last changed; default a minute before the file. */
  apply(visits: readonly (AppointmentChange | 'noise')[], ordered?: Instant): Promise<SnapshotReport>;
  status(key: string): Promise<string>;
  share(): Promise<number | undefined>;
}

/** Told before: A at nine, B at ten. The file is of five minutes later, and now it is another five minutes later. */
async function opened(t: Cleanup): Promise<Clinic> {
  const world = await openWorld(t);
  await world.tell('north', visit('A', 'n1', NINE));
  await world.tell('north', visit('B', 'n1', TEN, { patients: [BOB] }));
  world.clock.advance(300_000);
  const takenAt = world.clock.now();
  world.clock.advance(300_000);
  const site = { ...(world.plan.sites.find(({ id }) => id === 'north') ?? siteOf('north')), timeZone: 'UTC' };
  const deps = {
    store: world.store,
    clock: { ...world.clock, sleep: () => world.apply() },
    plan: () => world.plan,
    mappingOf: testMappingOf,
    stored: () => undefined,
  };
  const event = (said: AppointmentChange | 'noise', occurredAt: Instant): SiteEvent => {
    const text = JSON.stringify(said === 'noise' ? { mapped: NOISE } : { changes: [said] });
    return {
      shape: 'event',
      kind: 'test',
      id: sha256(`${text} ${occurredAt}`),
      occurredAt,
      sequenceKeys: [said === 'noise' ? 'noise' : `appointment:${said.key}`],
      contentType: 'application/json',
      body: Buffer.from(text),
    };
  };
  const snapshot = (visits: readonly (AppointmentChange | 'noise')[], ordered = plus(takenAt, -60_000)): Snapshot => {
    const messages = visits.map((one) => event(one, ordered));
    return { messages, takenAt, window: MONDAY, showsWithin_ms: 0 };
  };
  return {
    world,
    takenAt,
    compare: (...visits) => compareSnapshot(deps, SCOPE, site, snapshot(visits)),
    apply: (visits, ordered) => applySnapshot(deps, SCOPE, site, snapshot(visits, ordered), 'request-1'),
    status: async (key) => (await world.appointment('north', key)).resource.status,
    share: async () => (await world.read((tx) => tx.proofs.completeness())).find((one) => one.site === 'north')?.proven,
  };
}

const NOISE = {
  kind: 'unreadable',
  issues: [{ code: 'MESSAGE_INCOMPLETE', where: 'SCH-2', problem: 'there is none' }],
};

describe('a snapshot', () => {
  it('that is only compared shows what differs, and changes nothing', async (t) => {
    const clinic = await opened(t);
    const seen = await clinic.compare(visit('A', 'n1', ELEVEN), visit('C', 'n1', NINE));
    assert.deepEqual(
      [seen.missingHere, seen.otherHere, seen.notThere, seen.later, seen.proven],
      [['C'], ['A'], ['B'], [], false],
    );
    assert.equal(await clinic.status('B'), 'booked');
    assert.equal(await clinic.share(), undefined);
  });

  it('is the truth of its window: visits are taken, moved and cancelled, and the window is proven', async (t) => {
    const clinic = await opened(t);
    const done = await clinic.apply([visit('A', 'n1', ELEVEN), visit('C', 'n1', NINE)]);
    assert.deepEqual([done.cancelled, done.proven, done.waiting], [['B'], true, 0]);
    assert.equal((await clinic.world.appointment('north', 'A')).during?.start, ELEVEN.start);
    assert.equal(await clinic.status('C'), 'booked');
    const { resource } = await clinic.world.appointment('north', 'B');
    assert.equal(resource.status, 'cancelled');
    assert.match(resource.cancelationReason?.text ?? '', /^No longer in the snapshot of 2026-/);
    const ledger = await clinic.world.rows(`SELECT cause FROM ledger WHERE kind = 'status' ORDER BY id DESC LIMIT 1`);
    assert.match(String(ledger[0]?.['cause']), /^message:\d+$/);
    assert.equal(await clinic.share(), 1);
  });

  it('applied twice changes nothing the second time', async (t) => {
    const clinic = await opened(t);
    const visits = [visit('A', 'n1', NINE)];
    await clinic.apply(visits);
    const { version } = await clinic.world.appointment('north', 'B');
    const again = await clinic.apply(visits);
    assert.deepEqual([again.cancelled, again.proven], [[], true]);
    assert.equal((await clinic.world.appointment('north', 'B')).version, version);
  });

  it('overwrites nothing that was told after it was taken', async (t) => {
    const clinic = await opened(t);
    await clinic.world.tell('north', visit('A', 'n1', ELEVEN));
    await clinic.world.tell('north', visit('D', 'n1', during(13, 0, 50)));
    const done = await clinic.apply([visit('A', 'n1', NINE), visit('B', 'n1', TEN, { patients: [BOB] })]);
    assert.deepEqual([[...done.later].sort(), done.cancelled, done.proven], [['A', 'D'], [], true]);
    assert.equal((await clinic.world.appointment('north', 'A')).during?.start, ELEVEN.start);
    assert.equal(await clinic.status('D'), 'booked');
  });

  it('cancels no visit that was heard of only after it was taken, however old its news is', async (t) => {
    const clinic = await opened(t);
    await clinic.world.tell('north', visit('D', 'n1', ELEVEN), { at: plus(clinic.takenAt, -120_000) });
    const done = await clinic.apply([visit('A', 'n1', NINE), visit('B', 'n1', TEN, { patients: [BOB] })]);
    assert.deepEqual([done.later, done.cancelled], [['D'], []]);
    assert.equal(await clinic.status('D'), 'booked');
  });

  it('of which one message names no visit cancels nothing, and proves nothing', async (t) => {
    const clinic = await opened(t);
    const done = await clinic.apply([visit('A', 'n1', NINE), 'noise']);
    assert.deepEqual(done.unreadable, [{ number: 2, code: 'MESSAGE_INCOMPLETE' }]);
    assert.deepEqual([done.notThere, done.cancelled, done.proven], [['B'], [], false]);
    assert.equal(await clinic.status('B'), 'booked');
    assert.equal(await clinic.share(), 0);
  });

  it('repairs what was received before and lost on the way', async (t) => {
    const clinic = await opened(t);
    const visits = [visit('A', 'n1', NINE), visit('C', 'n1', ELEVEN)];
    await clinic.apply(visits);
    // Whatever it was that went wrong: the copy says something else than the message that was applied.
    await clinic.world.rows(`UPDATE appointment SET start_at = start_at + interval '1 hour' WHERE site_key = 'C'`);
    assert.deepEqual((await clinic.compare(...visits)).otherHere, ['C']);
    const done = await clinic.apply(visits);
    assert.equal(done.proven, true);
    assert.equal((await clinic.world.appointment('north', 'C')).during?.start, ELEVEN.start);
  });
});
