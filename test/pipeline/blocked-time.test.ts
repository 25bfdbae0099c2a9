/** SIU S23 and S24, and appointments whose status is Blocked: closed time, to the status of the slots in it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { during, offered, slotKey } from '../support/builders.ts';
import { openSiu, siu, type SiuWorld } from './siu.ts';

const at = (minute: number): string => `2026112212${String(minute).padStart(2, '0')}`;
const time = (from: string, to: string): string => `^^^20261123${from}00^20261123${to}00`;
const ADA = ['RGS|1', 'AIP|1||ADA'];

/** Status of the slots of the same person at a site that publishes them, by their starts. */
async function slots(world: SiuWorld): Promise<string> {
  const states = [];
  for (const hour of [9, 10, 11])
    states.push((await world.slot('north', slotKey('n1', 't50', during(hour).start))).status);
  return states.join(' ');
}

async function world(t: Parameters<typeof openSiu>[0]): Promise<SiuWorld> {
  const opened = await openSiu(t);
  const day = [9, 10, 11].map((hour) => offered('n1', 't50', during(hour, 0, 50)));
  await opened.offer('north', 'n1', 't50', day);
  return opened;
}

function block(trigger: 'S23' | 'S24', from: string, to: string, said: Parameters<typeof siu>[1] = {}): string {
  return siu(trigger, { filler: 'B-1^HOSP', patients: [], resources: ADA, time: time(from, to), ...said });
}

describe('blocked time', () => {
  it('closes the slots of the person in it at every site, and opens them again under its id', async (t) => {
    const clinic = await world(t);
    await clinic.send(block('S23', '0900', '1050'));
    assert.equal(await slots(clinic), 'busy-unavailable busy-unavailable free');
    await clinic.send(block('S24', '0900', '1050', { sent: at(1) }));
    assert.equal(await slots(clinic), 'free free free');
    assert.deepEqual(await clinic.busy(), []);
  });

  it('is opened in part: what remains stays closed on both sides', async (t) => {
    const clinic = await world(t);
    await clinic.send(block('S23', '0900', '1200'));
    await clinic.send(block('S24', '1000', '1100', { sent: at(1) }));
    assert.equal(await slots(clinic), 'busy-unavailable free busy-unavailable');
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-10:00', 'ADA 11:00-12:00']);
    await clinic.send(block('S24', '0900', '1200', { sent: at(2) }));
    assert.deepEqual(await clinic.busy(), []);
  });

  it('is opened under another id, over two blocks, and in the middle of one', async (t) => {
    const clinic = await world(t);
    await clinic.send(block('S23', '0900', '1000'));
    await clinic.send(block('S23', '1000', '1200', { filler: 'B-2^HOSP' }));
    await clinic.send(block('S24', '0930', '1030', { filler: 'B-3^HOSP', sent: at(1) }));
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-09:30', 'ADA 10:30-12:00']);
  });

  it('stays open when what closed it is replayed, and is closed whole when it is closed anew', async (t) => {
    const clinic = await world(t);
    const first = await clinic.send(block('S23', '0900', '1200'));
    await clinic.send(block('S24', '1000', '1100', { filler: 'B-9^HOSP', sent: at(1) }));
    await clinic.write((tx) => tx.inbox.replay(first, clinic.clock.now()));
    await clinic.apply();
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-10:00', 'ADA 11:00-12:00']);
    await clinic.send(block('S23', '0900', '1130', { sent: at(2) }));
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-11:30']);
  });

  it('has the time of each of its resources', async (t) => {
    const clinic = await world(t);
    const resources = ['RGS|1', 'AIP|1||ADA|||20261123090000|||60|min', 'AIP|2||BEN|||20261123100000|||120|min'];
    await clinic.send(block('S23', '0900', '1200', { resources }));
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-10:00', 'BEN 10:00-12:00']);
    assert.equal(await slots(clinic), 'busy-unavailable free free');
    const opens = ['RGS|1', 'AIP|1||BEN|||20261123110000|||60|min'];
    await clinic.send(block('S24', '1100', '1200', { resources: opens, sent: at(1) }));
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-10:00', 'BEN 10:00-11:00']);
  });

  it('of a room closes the room and nobody', async (t) => {
    const clinic = await world(t);
    await clinic.send(block('S23', '0900', '1000', { resources: ['RGS|1', 'AIL|1||ROOM1'] }));
    assert.deepEqual(await clinic.busy(), ['room1 09:00-10:00']);
    assert.equal(await slots(clinic), 'free free free');
  });

  it('does not take the time of a visit that stands in it, nor give it back', async (t) => {
    const clinic = await world(t);
    await clinic.send(siu('S12', { time: time('1000', '1050'), resources: ADA }));
    await clinic.send(block('S23', '0900', '1200'));
    assert.equal(await slots(clinic), 'busy-unavailable busy busy-unavailable');
    await clinic.send(block('S24', '0900', '1200', { sent: at(1) }));
    assert.equal(await slots(clinic), 'free busy free');
  });

  it('sent as an appointment whose status is Blocked is opened by its cancel, and is no appointment', async (t) => {
    const clinic = await world(t);
    const said = { filler: 'X-1^HOSP', patients: [], resources: ADA, time: time('0900', '1000') };
    await clinic.send(siu('S12', { ...said, status: 'Blocked' }));
    assert.equal(await slots(clinic), 'busy-unavailable free free');
    await clinic.send(siu('S15', { ...said, sent: at(1), status: 'Cancelled' }));
    assert.equal(await slots(clinic), 'free free free');
    assert.deepEqual(await clinic.rows('SELECT 1 FROM appointment'), []);
  });

  it('that is opened before it was closed, by the times of the messages, stays open', async (t) => {
    const clinic = await world(t);
    await clinic.send(block('S24', '0900', '1000', { sent: at(5) }));
    const late = await clinic.send(block('S23', '0900', '1000', { sent: at(1) }));
    assert.equal(await clinic.ended(late), 'superseded');
    assert.deepEqual(await clinic.busy(), []);
  });
});
