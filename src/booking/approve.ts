/**
 * Sites whose file says `write: approval`: a coordinator decides before the site is asked. The time is held meanwhile.
 * What is approved goes the way of every other booking; what is declined, or not decided in time, gives its time back.
 */
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { mayWrite } from '../settings/write.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking, BookingState } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import type { Approvals, Decision, WaitingApproval } from './contract.ts';
import { onceMore } from './lost-answer.ts';
import { setOff } from './new-booking.ts';
import { OUTDATED, outdated } from './outdated.ts';
import { giveBack } from './pending.ts';
import { type BookingDeps } from './place.ts';
import { writableSite } from './prepare.ts';
import { approved, type Beginning } from './queue.ts';

export interface ApprovalDeps extends BookingDeps {
  readonly deliver: (siteId: string) => void;
  /** Said after the commit: callers who wait for this booking look again. */
  readonly changed: (booking: Booking, state: BookingState) => void;
  readonly decided: (site: string, decision: Decision['decision'] | 'overtaken') => void;
}

/** In the place of a site's reason. */
export const DECLINED = 'declined';
const LISTED_MAX = 500;
const TAKEN = 'The time was taken while the booking waited for approval.';

export function approvals(deps: ApprovalDeps): Approvals {
  return {
    async list(scope) {
      return deps.store.read(scope, async (tx) => {
        const waiting = await tx.bookings.awaitingApproval(scope.sites, LISTED_MAX);
        const shown: WaitingApproval[] = [];
        for (const booking of waiting) if (await maySee(tx, booking)) shown.push(shownOf(booking));
        return shown;
      });
    },

    async decide(decision, scope) {
      const seen = isUuid(decision.bookingId)
        ? await deps.store.read(scope, (tx) => visibleBooking(tx, decision.bookingId))
        : null;
      if (seen === null) throw new HubError('NOT_FOUND', { detail: 'there is no such booking' });
      const done = await onceMore(deps.clock, (again) =>
        deps.store.transaction(scope, (tx) => decideUnderLock(deps, tx, seen, { ...decision, again })),
      );
      deps.decided(seen.site, done.tooLate === null ? decision.decision : 'overtaken');
      deps.changed(seen, done.state);
      if (done.state === 'held' || done.state === 'queued') deps.deliver(seen.site);
      if (done.tooLate !== null) throw done.tooLate;
      return { bookingId: seen.id, state: done.state };
    },
  };
}

async function visibleBooking(tx: Tx, id: string): Promise<Booking | null> {
  const booking = await tx.bookings.get(id);
  return booking !== null && (await maySee(tx, booking)) ? booking : null;
}

/** Who may not see the visit decides nothing about it, nor learns that there is something to decide. */
async function maySee({ scope, resources }: Tx, booking: Booking): Promise<boolean> {
  if (scope.sites !== '*' && !scope.sites.includes(booking.site)) return false;
  return (await resources.read('Appointment', booking.appointmentId)) !== null;
}

function shownOf(booking: Booking): WaitingApproval {
  const { id, site, action, appointmentId, slotId, patientId, during, client, createdAt, waitsUntil, order } = booking;
  const from = order.move?.from ?? null;
  return {
    bookingId: id,
    ...{ site, action, appointmentId, slotId, patientId, during, from, client },
    askedAt: createdAt,
    until: waitsUntil ?? createdAt,
  };
}

interface Done {
  readonly state: BookingState;
  /** It was approved, and cannot be done any more: it is refused, and its caller told. */
  readonly tooLate: HubError | null;
}

async function decideUnderLock(
  deps: ApprovalDeps,
  tx: Tx,
  seen: Booking,
  decision: Decision & { readonly again: boolean },
): Promise<Done> {
  const now = deps.clock.now();
  await tx.lockRead([seen.appointmentId, ...seen.resources], async () =>
    (await tx.busy.ofAppointment(seen.appointmentId)).map((row) => row.resourceId),
  );
  const booking = (await tx.bookings.get(seen.id)) ?? seen;
  const decided = decision.again ? await decidedBefore(tx, booking, decision) : null;
  if (decided !== null) return decided;
  checkOpen(booking, now);
  if (decision.decision === 'decline') return decline(tx, booking, decision, now);
  const site = await writableNow(deps, tx, booking);
  if ((await tx.busy.overtaken([booking.id])).length > 0) {
    return overtaken(tx, booking, decision, { code: 'SLOT_TAKEN', because: 'slot-taken', why: TAKEN }, now);
  }
  const why = await outdated(tx, booking);
  if (why !== null) return overtaken(tx, booking, decision, { code: 'RULE_BROKEN', because: OUTDATED, why }, now);
  return approve(tx, booking, decision, approved(deps, site, now), now);
}

/** What this very request decided, though its answer was lost on the way; null: it decided nothing. */
async function decidedBefore(tx: Tx, booking: Booking, { requestId }: Decision): Promise<Done | null> {
  const steps = await tx.ledger.ofBooking(booking.id);
  const own = steps.find(({ cause, actor }) => cause === `request:${requestId}` && actor === tx.scope.actor);
  if (own === undefined) return null;
  const { state, refusedBecause, detail } = booking;
  if (own.kind !== 'overtaken') return { state, tooLate: null };
  return { state, tooLate: tooLateFor(refusedBecause === OUTDATED ? 'RULE_BROKEN' : 'SLOT_TAKEN', detail ?? '') };
}

function tooLateFor(code: TooLate['code'], why: string): HubError {
  return new HubError(code, { detail: `${why} Its caller is told` });
}

/** @throws HubError when there is nothing to decide any more, with what has become of it */
function checkOpen({ state, waitsUntil, refusedBecause }: Booking, now: Instant): void {
  const isLate = state === 'awaiting-approval' && waitsUntil !== null && waitsUntil <= now;
  if (isLate || state === 'expired') {
    throw new HubError('HOLD_EXPIRED', { detail: 'nobody decided in time, and the time is free again' });
  }
  if (state === 'awaiting-approval') return;
  const became = state === 'refused' ? (refusedBecause ?? state) : state;
  throw new HubError('RULE_BROKEN', {
    detail: `this booking waits for no decision: it is ${became} already, and nothing is left to do`,
  });
}

/** As the plan is now: it may be another one than when the booking was asked for. */
async function writableNow(deps: BookingDeps, tx: Tx, { site: id, action, slotId }: Booking): Promise<SiteSettings> {
  const slot = slotId === null ? null : await tx.resources.slot(slotId);
  if ((action === 'place' || action === 'move') && slot !== null) return writableSite(deps, deps.plan(), slot).site;
  const site = deps.plan().sites.find((one) => one.id === id);
  if (site === undefined || deps.ability(id) === null) {
    throw new HubError('SITE_NOT_WRITABLE', { detail: 'the site is not in service; it can be declined', site: id });
  }
  if (!mayWrite(site)) {
    throw new HubError('SITE_NOT_WRITABLE', { detail: 'its file forbids it now; it can be declined', site: id });
  }
  return site;
}

async function approve(
  tx: Tx,
  booking: Booking,
  decision: Decision,
  { state, holdUntil }: Beginning,
  now: Instant,
): Promise<Done> {
  await step(tx, booking, state, { waitsUntil: null }, now);
  await tx.busy.keep(booking.id, holdUntil ?? undefined);
  await tx.workItems.close('approval', `booking:${booking.id}`, now);
  await setOff(tx, { ...booking, state, waitsUntil: null }, decision.trace, now);
  await record(tx, booking, decision, 'approved', now);
  return { state, tooLate: null };
}

async function decline(tx: Tx, booking: Booking, decision: Decision, now: Instant): Promise<Done> {
  const detail = `A coordinator of the site declined it: ${decision.reason ?? 'no reason given'}`;
  await step(tx, booking, 'refused', { refusedBecause: DECLINED, detail, waitsUntil: null }, now);
  await giveBack(tx, booking, decision.reason === undefined ? undefined : { text: decision.reason }, now);
  await record(tx, booking, decision, 'declined', now);
  return { state: 'refused', tooLate: null };
}

interface TooLate {
  readonly code: 'SLOT_TAKEN' | 'RULE_BROKEN';
  /** In the place of a site's reason. */
  readonly because: string;
  readonly why: string;
}

async function overtaken(
  tx: Tx,
  booking: Booking,
  decision: Decision,
  { code, because, why }: TooLate,
  now: Instant,
): Promise<Done> {
  await step(tx, booking, 'refused', { refusedBecause: because, detail: why, waitsUntil: null }, now);
  await giveBack(tx, booking, { text: why }, now);
  await record(tx, booking, decision, 'overtaken', now);
  return { state: 'refused', tooLate: tooLateFor(code, why) };
}

async function step(
  tx: Tx,
  booking: Booking,
  to: BookingState,
  patch: Parameters<Tx['bookings']['move']>[4],
  now: Instant,
): Promise<void> {
  if (await tx.bookings.move(booking.id, ['awaiting-approval'], to, now, patch)) return;
  throw new HubError('RULE_BROKEN', {
    detail: 'somebody else decided about this booking at the same time; list what waits again',
  });
}

/** Who decided is the actor of the scope. Why stands in the booking alone: a reason may name the patient. */
async function record(tx: Tx, booking: Booking, decision: Decision, kind: string, at: Instant): Promise<void> {
  const { id: bookingId, site, appointmentId, action } = booking;
  const cause = `request:${decision.requestId}`;
  await tx.ledger.add([{ at, kind, site, bookingId, appointmentId, cause, data: { action } }]);
  await tx.audit({
    at,
    action: 'operate',
    resourceType: 'Appointment',
    resourceId: appointmentId,
    site,
    outcome: 'success',
    requestId: decision.requestId,
  });
}
