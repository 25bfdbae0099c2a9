/**
 * Blocks owed to other systems. One row per visit and calendar says what should stand there now (`mirror`); a delivery
 * says what was owed when it was written, with its window. The two may differ by the time the site has answered (the
 * visit moved, or ended, or came back), so each answer is weighed against what is wanted then, and what stands too much
 * is taken away again.
 */
import type { Block, BlockOrder, BlockOutcome } from '../connectors/contract.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { formatInstant, HOUR_MS, parseInstant, plus, type Instant, type Interval } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Delivery, Mirror } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { DeliverDeps } from './deliver.ts';

const SCOPE = systemScope('deliver');
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 600_000;
const REMOVE_ROUNDS = 5;

type Done = Extract<BlockOutcome, { readonly kind: 'done' }>;

/** The body of a delivery: which block is meant, whatever becomes of the visit meanwhile. */
export function blockBody(calendar: string, during: Interval, key: string | null): Delivery['body'] {
  const window = { start: formatInstant(during.start), end: formatInstant(during.end) };
  return { calendar, ...window, ...(key === null ? {} : { key }) };
}

/**
 * What our block carries at the site: `<appointment>/<start>/<end>`. With the times, because of a visit that moved two
 * blocks may be at the site at once, and the old one must not be taken for the new.
 */
export function blockCorrelation(appointmentId: string, during: Interval): string {
  return `${appointmentId}/${formatInstant(during.start)}/${formatInstant(during.end)}`;
}

export async function sendBlock(
  deps: DeliverDeps,
  site: SiteSettings,
  block: Block | undefined,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const order = orderOf(delivery);
  const wanted = order === null ? false : await isWanted(deps, site, delivery, order);
  const began = deps.clock.monotonic();
  const outcome = order === null || !wanted ? null : await call(deps, block, delivery, order, signal);
  if (outcome !== null) deps.events.delivered(site.id, delivery.kind, outcome.kind, deps.clock.monotonic() - began);
  const now = deps.clock.now();
  await deps.store.transaction(SCOPE, async (tx) => {
    if (outcome === null || order === null) return tx.outbox.finish(delivery.id, 'done', null);
    if (outcome.kind === 'done') {
      await (delivery.kind === 'block' ? placed : removed)(tx, site, delivery, order, outcome, now);
      // What the other system computes from its blocks has changed.
      await tx.feeds.windowsDue(site.id, order.calendar, order.window, now);
      return tx.outbox.finish(delivery.id, 'done', null);
    }
    if (outcome.kind === 'refused') {
      await refused(tx, site, delivery, order, outcome.detail, now);
      return tx.outbox.finish(delivery.id, 'parked', 'SITE_REFUSED');
    }
    // Unsent and unknown alike go again: a block is looked for before it is placed a second time.
    const wait_ms = outcome.error.retryAfter_ms ?? Math.min(RETRY_FIRST_MS * 2 ** delivery.attempts, RETRY_MAX_MS);
    // Looked for before the site's quiet time is over, it would be missed and placed twice.
    const quiet_ms = outcome.kind === 'unknown' ? (block?.showsWithin_ms ?? 0) : 0;
    return tx.outbox.requeue(delivery.id, plus(now, Math.max(wait_ms, quiet_ms)), outcome.error.code);
  });
}

async function call(
  deps: DeliverDeps,
  block: Block | undefined,
  delivery: Delivery,
  order: BlockOrder,
  signal: AbortSignal,
): Promise<BlockOutcome> {
  if (block === undefined) return { kind: 'refused', detail: 'this site cannot close time through its interface' };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.plan().hub.booking.siteTimeout_ms)]);
  try {
    return await (delivery.kind === 'block' ? place : remove)(block, delivery, order, limit);
  } catch (error) {
    return { kind: 'unknown', error: asHubError(error) };
  }
}

/** Done is what the site shows, not what it answers: a block that is not there would let two people book one person. */
async function place(block: Block, delivery: Delivery, order: BlockOrder, signal: AbortSignal): Promise<BlockOutcome> {
  const known = delivery.attempts > 1 ? await block.find(order, signal) : null;
  if (known?.kind === 'found') return { kind: 'done', key: known.key };
  const outcome = await block.place(order, signal);
  if (outcome.kind !== 'done' || (await block.find(order, signal)).kind === 'found') return outcome;
  return notShown('the block was answered with success, but the site does not show it');
}

/** Until the site shows none: a lost answer may have left more than one. */
async function remove(block: Block, delivery: Delivery, order: BlockOrder, signal: AbortSignal): Promise<BlockOutcome> {
  const told = delivery.body['key'] ?? null;
  for (let round = 0; round < REMOVE_ROUNDS; round += 1) {
    const found = await block.find(order, signal);
    const key = found.kind === 'found' ? found.key : round === 0 ? told : null;
    if (key === null) return { kind: 'done', key: told ?? '' };
    const outcome = await block.remove(key, signal);
    if (outcome.kind !== 'done') return outcome;
  }
  return notShown('the removal was answered with success, but the site still shows the block');
}

function notShown(detail: string): BlockOutcome {
  return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST', { detail }) };
}

/** A block that nobody wants any more is not placed; removing is always right. */
async function isWanted(
  deps: DeliverDeps,
  site: SiteSettings,
  delivery: Delivery,
  order: BlockOrder,
): Promise<boolean> {
  if (delivery.kind === 'unblock') return true;
  const mirror = await deps.store.read(SCOPE, (tx) => mirrorOf(tx, site, delivery, order));
  return mirror !== null && mirror.state === 'owed' && sameWindow(mirror.during, order.window);
}

async function placed(
  tx: Tx,
  site: SiteSettings,
  delivery: Delivery,
  order: BlockOrder,
  outcome: Done,
  now: Instant,
): Promise<void> {
  const mirror = await mirrorOf(tx, site, delivery, order);
  const meant = mirror !== null && sameWindow(mirror.during, order.window) ? mirror : null;
  if (meant?.state === 'placed' && meant.key === outcome.key) return;
  if (meant?.state === 'owed') {
    await tx.mirrors.put({ ...meant, key: outcome.key, state: 'placed' });
    return;
  }
  // Given up or moved while the block was on its way: it is taken away again.
  const body = blockBody(order.calendar, order.window, outcome.key);
  await tx.outbox.add({ ...delivery, kind: 'unblock', body }, now, now);
}

async function removed(
  tx: Tx,
  site: SiteSettings,
  delivery: Delivery,
  order: BlockOrder,
  outcome: Done,
  now: Instant,
): Promise<void> {
  const mirror = await mirrorOf(tx, site, delivery, order);
  // The row stands for a block at another time by now.
  if (mirror === null || !sameWindow(mirror.during, order.window)) return;
  if (mirror.state === 'removing') await tx.mirrors.put({ ...mirror, key: outcome.key, state: 'removed' });
  if (mirror.state !== 'placed' || mirror.key !== outcome.key) return;
  // The visit came back in between and found the old block still standing: it is owed anew.
  await tx.mirrors.put({ ...mirror, key: null, state: 'owed' });
  const body = blockBody(order.calendar, order.window, null);
  await tx.outbox.add({ ...delivery, kind: 'block', body }, now, now);
}

async function refused(
  tx: Tx,
  site: SiteSettings,
  delivery: Delivery,
  order: BlockOrder,
  why: string,
  now: Instant,
): Promise<void> {
  const mirror = await mirrorOf(tx, site, delivery, order);
  if (mirror === null) return;
  await tx.mirrors.put({ ...mirror, state: 'refused' });
  await tx.workItems.open({
    id: newId(now),
    kind: 'mirror-refused',
    subject: `mirror:${mirror.appointmentId}:${site.id}`,
    site: site.id,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence: { appointment: mirror.appointmentId, calendar: mirror.calendar, why },
  });
}

/** Null: the delivery does not say what it is about, which only a hand in the database can have caused. */
function orderOf(delivery: Delivery): BlockOrder | null {
  const { appointmentId, body } = delivery;
  const [start, end] = [parseInstant(body['start'] ?? ''), parseInstant(body['end'] ?? '')];
  if (appointmentId === null || start === null || end === null) return null;
  const window = { start, end };
  return { correlation: blockCorrelation(appointmentId, window), calendar: body['calendar'] ?? '', window };
}

async function mirrorOf(tx: Tx, site: SiteSettings, delivery: Delivery, order: BlockOrder): Promise<Mirror | null> {
  const mirrors = delivery.appointmentId === null ? [] : await tx.mirrors.ofAppointment(delivery.appointmentId);
  return mirrors.find((mirror) => mirror.site === site.id && mirror.calendar === order.calendar) ?? null;
}

function sameWindow(left: Interval, right: Interval): boolean {
  return left.start === right.start && left.end === right.end;
}
