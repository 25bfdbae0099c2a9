/**
 * Changes that leave the time of a visit alone: its outward status (arrived, checked in, fulfilled, not come), its
 * comment and reason, and whether the patient has said that they come. Asked for here, done by the owning site; until
 * it has, the Appointment stays as it was. They take the same path as any booking, hold no time, and are never made
 * while another call about the visit is under way.
 */
import { HubError } from '../core/errors.ts';
import type { SettableStatus } from '../connectors/contract-book.ts';
import { AMENDABLE, amendmentOf, OVER, sameText, type Amendment } from '../fhir/amendment.ts';
import { mayBecome, stepsFrom } from '../fhir/status-flow.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking, BookingOrder } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { AmendRequest, StatusRequest } from './contract.ts';
import { writeBooking, type NewBooking } from './new-booking.ts';
import { placedAs as placedAsOf } from './movable.ts';
import { owningSite, type Ability } from './owning-site.ts';
import { type BookingDeps } from './place.ts';
import { repeatOf } from './request-key.ts';
import { beginning } from './queue.ts';
import { isSettled } from './states.ts';

export type ChangeAsked =
  | { readonly kind: 'asked' | 'repeated'; readonly booking: Booking }
  /** The visit stands so already: nobody is asked. */
  | { readonly kind: 'already'; readonly appointmentId: string };

const SETTABLE: ReadonlySet<string> = new Set<SettableStatus>([
  'booked',
  'arrived',
  'checked-in',
  'fulfilled',
  'noshow',
]);

/** What one kind of change asks of the visit, of its site, and of the booking that carries it. */
interface Wish {
  readonly action: 'status' | 'amend';
  /** Null: it stands so already. @throws HubError RULE_BROKEN when this visit cannot be changed so */
  readonly orderFor: (visit: StoredAppointment) => BookingOrder | null;
  /** @throws HubError SITE_CANNOT */
  readonly demand: (ability: Ability, site: SiteSettings) => void;
  readonly ledger: (visit: StoredAppointment) => Readonly<Record<string, string>>;
}

export function askStatus(deps: BookingDeps, request: StatusRequest, scope: Scope): Promise<ChangeAsked> {
  const { status, reason } = request;
  return deps.store.transaction(scope, (tx) =>
    askUnderLock(deps, tx, request, {
      action: 'status',
      orderFor({ resource: { status: from } }) {
        if (from === status) return null;
        return { status: { from, status: settable(from, status), ...(reason === undefined ? {} : { reason }) } };
      },
      demand(ability, site) {
        const can = ability.statuses ?? [];
        if ((can as readonly string[]).includes(status)) return;
        const list = can.length === 0 ? 'the hub can set none there' : `the hub can set there: ${can.join(', ')}`;
        const detail =
          `it cannot be asked for the status ${status} (${list}); record it at the site, and its news will show ` +
          'it here';
        throw new HubError('SITE_CANNOT', { detail, site: site.id });
      },
      ledger: ({ resource }) => ({ from: resource.status, to: status }),
    }),
  );
}

export function askAmend(deps: BookingDeps, request: AmendRequest, scope: Scope): Promise<ChangeAsked> {
  const changed = (visit: StoredAppointment): readonly (keyof Amendment)[] => {
    const now = amendmentOf(visit.resource);
    return AMENDABLE.filter((part) => request.to[part] !== undefined && !sameText(request.to[part], now[part]));
  };
  const wanted = AMENDABLE.filter((part) => request.to[part] !== undefined);
  return deps.store.transaction(scope, (tx) =>
    askUnderLock(deps, tx, request, {
      action: 'amend',
      orderFor(visit) {
        const parts = changed(visit);
        if (parts.length === 0) return null;
        const { status } = visit.resource;
        if (OVER.has(status)) {
          throw new HubError('RULE_BROKEN', {
            detail: `an appointment that is ${status} cannot be amended; tell the clinic`,
          });
        }
        return { amend: { from: pick(amendmentOf(visit.resource), parts), to: pick(request.to, parts) } };
      },
      demand(ability, site) {
        const can = ability.amends ?? [];
        const cannot = wanted.filter((part) => !can.includes(part));
        if (cannot.length === 0) return;
        const list =
          can.length === 0 ? 'the hub can amend nothing there' : `the hub can amend there: ${can.join(', ')}`;
        const rest = wanted.length > cannot.length ? 'send what can be amended by itself' : 'tell the clinic';
        throw new HubError('SITE_CANNOT', {
          detail: `it cannot be asked to amend ${cannot.join(' and ')} (${list}); ${rest}`,
          site: site.id,
        });
      },
      ledger: (visit) => ({ parts: changed(visit).join(' ') }),
    }),
  );
}

/** @throws HubError RULE_BROKEN, naming the steps that there are */
function settable(from: AppointmentStatus, status: AppointmentStatus): SettableStatus {
  if (!mayBecome(from, status)) {
    const detail = `an appointment that is ${from} cannot become ${status}; ${stepsFrom(from)}`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  // From pending to booked is the site's decision, and no step that a caller takes for it.
  if (!SETTABLE.has(status) || (status === 'booked' && from !== 'arrived')) {
    const detail = `that an appointment becomes ${status} is for its site to say; ask the clinic to record it`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  return status as SettableStatus;
}

function pick(all: Amendment, parts: readonly (keyof Amendment)[]): Amendment {
  return Object.fromEntries(parts.flatMap((part) => (all[part] === undefined ? [] : [[part, all[part]]])));
}

async function askUnderLock(
  deps: BookingDeps,
  tx: Tx,
  request: StatusRequest | AmendRequest,
  wish: Wish,
): Promise<ChangeAsked> {
  const now = deps.clock.now();
  await tx.lock([request.appointmentId, `request:${request.client}:${request.requestKey}`]);
  const repeated = await repeatOf(tx, request);
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  const visible = await tx.resources.read('Appointment', request.appointmentId);
  const visit = visible === null ? null : await tx.resources.appointment(request.appointmentId);
  if (visit === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  if (request.version !== null && request.version !== visit.version) throw new HubError('VERSION_MISMATCH');
  const order = wish.orderFor(visit);
  if (order === null) return { kind: 'already', appointmentId: visit.id };
  const latest = await tx.bookings.latestOf(visit.id);
  if (latest !== null && !isSettled(latest.state)) {
    if (latest.action === wish.action && isSame(latest.order, order)) return { kind: 'repeated', booking: latest };
    const detail = 'a request about this visit is not settled yet; ask again when it is';
    throw new HubError('RULE_BROKEN', { detail });
  }
  const { site, ability } = owningSite(deps, visit);
  wish.demand(ability, site);
  const { state, waitsUntil } = beginning(deps, site, null, now);
  const facts: NewBooking = {
    state,
    waitsUntil,
    action: wish.action,
    site: site.id,
    appointmentId: visit.id,
    slotId: visit.slots[0] ?? null,
    during: visit.during,
    resources: [],
    patientId: visit.patients[0] ?? null,
    siteKey: visit.siteKey,
    order: withReference(order, placedAsOf(latest)),
  };
  const booking = await writeBooking(tx, request, facts, now);
  const asked = { kind: 'asked', booking } as const;
  const { id: bookingId, appointmentId } = booking;
  const cause = `request:${request.requestId}`;
  const data = wish.ledger(visit);
  const kind = `${wish.action}-asked`;
  await tx.ledger.add([{ at: now, kind, site: site.id, bookingId, appointmentId, cause, data }]);
  return asked;
}

/** The reference under which the hub placed the visit: some sites know it by that alone. */
function withReference(order: BookingOrder, placedAs: string | undefined): BookingOrder {
  if (placedAs === undefined) return order;
  const { status, amend } = order;
  return {
    ...order,
    ...(status === undefined ? {} : { status: { ...status, placedAs } }),
    ...(amend === undefined ? {} : { amend: { ...amend, placedAs } }),
  };
}

function isSame(open: BookingOrder, asked: BookingOrder): boolean {
  if (asked.status !== undefined) return open.status?.status === asked.status.status;
  const [left, right] = [open.amend?.to, asked.amend?.to];
  if (left === undefined || right === undefined) return false;
  return AMENDABLE.every((part) => left[part] === right[part]);
}
