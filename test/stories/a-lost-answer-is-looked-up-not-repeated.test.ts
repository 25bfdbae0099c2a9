import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, siteKeyOf, type Answer } from '../support/caller.ts';
import { MIDTOWN } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, sitesOf, truthOf, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const WAIT_MS = 400;
const SITE_TIMEOUT_MS = 4_000;
const PLACE = 'POST /api/v1/appointments';

const hub = await startHub(
  { after },
  {
    sites: [MIDTOWN],
    configure: (config) =>
      config.edit('hub.yaml', (file) => {
        file.setIn(['booking', 'wait_ms'], WAIT_MS);
        file.setIn(['booking', 'siteTimeout_ms'], SITE_TIMEOUT_MS);
      }),
  },
);
const caller = callerOf(hub);
const site = practiceOf(hub, MIDTOWN);
const [patientId = ''] = await patientsOf(caller, MIDTOWN);
const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');

/** Calls of this kind that reached the site, answered or not. */
async function calls(begin: string): Promise<number> {
  const all = (await site.state('calls'))['calls'] as Readonly<Record<string, number>>;
  return Object.entries(all)
    .filter(([call]) => call.startsWith(`${begin} `))
    .reduce((sum, [, count]) => sum + count, 0);
}

async function liveVisits(slot: Slot): Promise<readonly string[]> {
  const [settings] = await sitesOf(hub);
  const { rows } = await hub.query(`SELECT id FROM booking WHERE slot_id = $1`, [slot.id]);
  const ours = new Set(rows.map((row) => row['id']));
  const { appointments } = await truthOf(hub, settings!);
  return appointments.filter((one) => one.status === 'booked' && ours.has(one.correlation)).map((one) => one.key);
}

/**
 * A booking whose answer does not come in time: 202, an address to ask, and there the answer that the call would have
 * had.
 */
async function pendingThenBooked(answer: Answer): Promise<Appointment> {
  assert.equal(answer.status, 202, answer.text);
  const where = answer.headers.get('content-location') ?? '';
  assert.match(where, /^http.*\/fhir\/R4\//);
  assert.equal((await caller.ask(where)).status, 202, 'not settled: the same answer again');
  await site.fault({ outage: false, latencyMs: 0, answerDelayMs: 0 });
  const booked = bookedIn(await caller.settled(answer));
  assert.equal(bookedIn(await caller.ask(where)).id, booked.id, 'the address goes on saying so');
  return booked;
}

describe('a lost answer is looked up, not repeated', () => {
  afterEach(async () => {
    await site.fault({
      dropAnswer: false,
      silentDrop: false,
      echoFirst: false,
      outage: false,
      latencyMs: 0,
      answerDelayMs: 0,
    });
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await eventuallyNone('hub and site agree', () => disagreements(hub));
  });

  test('the connection is cut after the site has written', async () => {
    const slot = slots[0]!;
    const before = await calls(PLACE);
    await site.fault({ dropAnswer: { times: 1, match: PLACE } });
    const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId, key: 'dropped' })));
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
    assert.equal((await calls(PLACE)) - before, 1, 'it was sent once');
  });

  test('the site says yes and has written nothing: sent again only when it is proven absent', async () => {
    const slot = slots[3]!;
    const before = await calls(PLACE);
    await site.fault({ silentDrop: { times: 1, match: PLACE } });
    const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId, key: 'silent' })));
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
    assert.equal((await calls(PLACE)) - before, 2);
  });

  test('the webhook comes before the answer, and the answer never', async () => {
    const slot = slots[6]!;
    const before = await calls(PLACE);
    await site.fault({ echoFirst: { times: 1 }, dropAnswer: { times: 1, match: PLACE } });
    const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId, key: 'echo' })));
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
    assert.equal((await calls(PLACE)) - before, 1);
  });

  test('the site is slow: the caller is told where to ask', async () => {
    const slot = slots[9]!;
    const before = await calls(PLACE);
    await site.fault({ latencyMs: WAIT_MS * 2 });
    const booked = await pendingThenBooked(await caller.book({ slot, patientId, key: 'slow' }));
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
    assert.equal((await calls(PLACE)) - before, 1);
  });

  test('the site answers after the hub has stopped listening', async () => {
    const slot = slots[12]!;
    const before = await calls(PLACE);
    // The question before it ends in time, the write does not.
    await site.fault({ answerDelayMs: SITE_TIMEOUT_MS * 0.6 });
    const answer = await caller.book({ slot, patientId, key: 'too-late' });
    await eventually('the site has written it', async () => (await liveVisits(slot)).length === 1);
    await eventually('the hub has given up the call', async () => {
      const { rows } = await hub.query(`SELECT state FROM booking WHERE slot_id = $1`, [slot.id]);
      return rows[0]?.['state'] === 'unknown';
    });
    const shown = await caller.read<Slot>(`Slot/${slot.id ?? ''}`);
    assert.notEqual(shown.status, 'free', 'what may be taken is not offered');
    const booked = await pendingThenBooked(answer);
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
    // Counted by the site when it has answered, to whomever.
    await eventually('the call is counted', async () => (await calls(PLACE)) > before);
    assert.equal((await calls(PLACE)) - before, 1);
  });

  test('the site is away: the time is kept, and booked when it is back', async () => {
    const slot = slots[15]!;
    await site.fault({ outage: true });
    const answer = await caller.book({ slot, patientId, key: 'away' });
    const shown = await caller.read<Slot>(`Slot/${slot.id ?? ''}`);
    assert.notEqual(shown.status, 'free');
    const booked = await pendingThenBooked(answer);
    assert.deepEqual(await liveVisits(slot), [siteKeyOf(booked, MIDTOWN)]);
  });

  test('a cancel whose answer is cut off is done once and said to be done', async () => {
    const slot = slots[18]!;
    const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId, key: 'to-cancel' })));
    await site.fault({ dropAnswer: { times: 1, match: '/cancel' } });
    const answer = await caller.settled(await caller.cancelByPatch(booked.id ?? ''));
    assert.equal(answer.status, 200, answer.text);
    assert.equal((JSON.parse(answer.text) as Appointment).status, 'cancelled');
    assert.deepEqual(await liveVisits(slot), []);
  });
});
