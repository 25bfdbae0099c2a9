/**
 * The person who settles what the hub cannot find out: a site that cannot be asked, and is silent, may or may not have
 * what was sent to it. They look there themselves, once everything is calm.
 */
import { systemClock } from '../../src/core/clock.ts';
import { callerOf } from '../support/caller.ts';
import { truthOf } from '../support/truth.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 1_000;

export async function coordinate(world: World, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await settleParked(world).catch(() => undefined);
    await systemClock.sleep(LOOK_EVERY_MS, over);
  }
}

async function settleParked({ hub, sites, history }: World): Promise<void> {
  const { rows } = await hub.query(
    `SELECT id, action, site, site_key, extract(epoch FROM start_at) * 1000 AS start
     FROM booking WHERE state = 'parked'`,
  );
  const admin = callerOf(hub, 'admin');
  for (const row of rows) {
    const [id, action] = [String(row['id']), String(row['action'])];
    const site = sites.find((one) => one.id === row['site']);
    if (site === undefined) continue;
    const { appointments } = await truthOf(hub, site);
    const visit = appointments.find((one) =>
      action === 'place' ? one.correlation === id : one.key === String(row['site_key']),
    );
    const isDone =
      visit !== undefined &&
      (action === 'place' ||
        (action === 'cancel' && visit.status === 'cancelled') ||
        (action === 'move' && Number(visit.during.start) === Number(row['start'])));
    const word = { as: isDone ? 'booked' : 'refused', reason: 'seen there', ...(isDone ? { key: visit.key } : {}) };
    const path = `${hub.sandbox().opsUrl}/api/bookings/${id}/settle`;
    const { status } = await admin.ask(path, { method: 'POST', body: word, contentType: 'application/json' });
    history.add({ kind: 'decided', booking: id, as: word.as, status });
  }
}
