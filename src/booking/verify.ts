/**
 * Freshness before booking: what is known of a slot's window may be older than its site's limit (`poll.freshFor_s`).
 * Then the site is asked for that window first, its answer is stored and applied like any other, and the booking sees
 * what came of it. A site that cannot be asked (it only sends, or its slots are made by templates) is not verified, and
 * nothing is claimed of it. One that does not answer in time is sent the booking all the same: it decides anyway. A
 * window that is fresh costs one look into the database and no call.
 */
import type { AvailabilityWindow } from '../connectors/contract.ts';
import { plus } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import { systemScope, type Scope, type Tx } from '../store/contract.ts';
import { calendarOf } from './order.ts';
import type { BookingDeps } from './place.ts';

/**
 * Asks the site for this window, with the part of its budget that is kept for bookings, and stores the answer. The id
 * of the message that must be applied; null: the site said again what is known, which is confirmed with that.
 */
export type AskWindow = (window: AvailabilityWindow, signal: AbortSignal) => Promise<number | null>;

export interface Stale {
  readonly site: string;
  readonly window: AvailabilityWindow;
  readonly ask: AskWindow;
}

/** Resolves when the window was verified, or that could not be had until `until` (the clock's monotonic time). */
export type Verify = (stale: Stale, until: number) => Promise<void>;

const SCOPE = systemScope('verify');
const LOOK_MS = 25;
/** After a question that failed bookings of the window go on without one for so long: each would wait in vain. */
const FAILED_MS = 5_000;

/** The slot's window where its site must be asked before the slot is taken. Null: it need not, or cannot. */
export async function staleWindow(deps: BookingDeps, tx: Tx, slot: StoredSlot): Promise<Stale | null> {
  const site = deps.plan().sites.find((candidate) => candidate.id === slot.site);
  const ask = site === undefined || !isOurs(deps, site) ? null : (deps.askWindow?.(slot.site) ?? null);
  if (site === undefined || ask === null) return null;
  const calendar = calendarOf(site, slot.scheduleId);
  if (calendar === null) return null;
  const { localVisitType: visitType, during } = slot;
  const known = await tx.feeds.windowAt(site.id, calendar, visitType, during.start);
  if (known === null) return null;
  const oldest = plus(deps.clock.now(), -site.poll.freshFor_s * 1000);
  if (known.verifiedAt !== null && known.verifiedAt >= oldest) return null;
  return { site: site.id, window: { calendar, visitType, window: known.window }, ask };
}

/** A booking there will be sent, and now: one that waits until the site is back is looked at then. */
function isOurs(deps: BookingDeps, site: SiteSettings): boolean {
  return mayWrite(site) && (deps.away?.(site.id) ?? null) === null && deps.ability(site.id)?.book === true;
}

/** `failedAt` in monotonic time. */
interface Asked {
  over: Promise<void>;
  failedAt: number | null;
}

/** However many callers want one window, the site is asked once. */
export function verifier(deps: Pick<BookingDeps, 'store' | 'clock' | 'plan'>): Verify {
  const { clock, plan } = deps;
  const asked = new Map<string, Asked>();
  const ask = (key: string, stale: Stale): Promise<void> => {
    const run = async (): Promise<void> => {
      try {
        const message = await stale.ask(stale.window, AbortSignal.timeout(plan().hub.booking.siteTimeout_ms));
        if (message !== null) await applied(deps, message);
        asked.delete(key);
      } catch {
        // The feed has it noted already (pipeline/availability.ts); here it only says that nothing was verified.
        entry.failedAt = clock.monotonic();
      }
    };
    const entry: Asked = { over: Promise.resolve(), failedAt: null };
    asked.set(key, entry);
    entry.over = run();
    return entry.over;
  };
  return async (stale, until) => {
    const { calendar, visitType, window } = stale.window;
    const key = [stale.site, calendar, visitType, window.start].join(' ');
    const known = asked.get(key);
    const isOver = known === undefined || (known.failedAt !== null && clock.monotonic() - known.failedAt > FAILED_MS);
    const late = new AbortController();
    const left = clock.sleep(Math.max(0, until - clock.monotonic()), late.signal);
    await Promise.race([isOver ? ask(key, stale) : known.over, left]);
    late.abort();
  };
}

/** Until the message is done, or parked: then nothing more is to be had of it. */
async function applied(deps: Pick<BookingDeps, 'store' | 'clock' | 'plan'>, id: number): Promise<void> {
  const until = deps.clock.monotonic() + deps.plan().hub.booking.wait_ms;
  while (deps.clock.monotonic() < until) {
    const message = await deps.store.read(SCOPE, (tx) => tx.inbox.get(id));
    if (message === null || message.status !== 'received') return;
    await deps.clock.sleep(LOOK_MS);
  }
}

/** Of several slots that are booked together: each window once, all at the same time. */
export async function freshen(
  deps: BookingDeps,
  scope: Scope,
  slots: (tx: Tx) => Promise<readonly (StoredSlot | null)[]>,
  until: number,
): Promise<void> {
  const { verify } = deps;
  if (verify === undefined) return;
  const stale = await deps.store.read(scope, async (tx) => {
    const found: Stale[] = [];
    for (const slot of await slots(tx)) {
      const one = slot === null ? null : await staleWindow(deps, tx, slot);
      if (one !== null) found.push(one);
    }
    return found;
  });
  await Promise.all(stale.map((one) => verify(one, until)));
}

/** When the caller stops waiting, in the clock's monotonic time. */
export function patienceOf({ clock, plan }: Pick<BookingDeps, 'clock' | 'plan'>): number {
  return clock.monotonic() + plan().hub.booking.wait_ms;
}
