/** Bookings that are not settled, and a person's word on one that is parked. Mounted behind the check for an admin. */
import { Router, raw, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { formatInstant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import { readJson } from './body.ts';
import { contextOf, callerOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

const SHOWN_MAX = 200;
const BODY_BYTES = 10_000;
const REASON_MAX = 500;

export function opsBookings(deps: Pick<HttpDeps, 'store' | 'settleBooking'>): Router {
  const router = Router();
  router.get('/bookings', async (req, res) => {
    const { scope } = callerOf(req);
    const found = await deps.store.read(scope, (tx) => tx.bookings.unsettled(SHOWN_MAX, tx.scope.sites));
    res.json({ bookings: found.map(shown) });
  });
  router.post('/bookings/:id/settle', raw({ type: () => true, limit: BODY_BYTES }), async (req, res) => {
    const bookingId = req.params.id;
    if (!isUuid(bookingId)) throw new HubError('NOT_FOUND', { detail: 'the id of a booking is a UUID' });
    const { requestId } = contextOf(req);
    res.json(shown(await deps.settleBooking(callerOf(req).scope, { bookingId, requestId, ...word(req) })));
  });
  return router;
}

/** In the body and not in the address: addresses end up in logs. */
function word(req: Request): { readonly as: 'booked' | 'refused'; readonly reason: string; readonly key?: string } {
  const body = readJson(req, ['application/json']);
  const { as, reason, key } = (typeof body === 'object' && body !== null ? body : {}) as Readonly<
    Record<string, unknown>
  >;
  if (as !== 'booked' && as !== 'refused') {
    throw new HubError('PARAMETER_INVALID', { detail: 'as is booked or refused' });
  }
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > REASON_MAX) {
    throw new HubError('PARAMETER_INVALID', {
      detail: `reason is 1 to ${REASON_MAX} characters: who said so, and how`,
    });
  }
  if (key !== undefined && (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))) {
    throw new HubError('PARAMETER_INVALID', { detail: 'key is the site’s own id of the visit' });
  }
  return { as, reason, ...(key === undefined ? {} : { key }) };
}

/** Never what was ordered: it names the patient. */
function shown(booking: Booking): Readonly<Record<string, unknown>> {
  const { id, action, site, state, appointmentId, siteKey, detail, attempts, client, during } = booking;
  return {
    id,
    action,
    site,
    state,
    since: formatInstant(booking.stateAt),
    createdAt: formatInstant(booking.createdAt),
    start: during === null ? null : formatInstant(during.start),
    appointmentId,
    siteKey,
    client,
    attempts,
    detail,
  };
}
