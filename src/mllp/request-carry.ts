/**
 * Carries out one request (SRM) at the booking desk, as its client:
 *
 *   | S01           | place                                                                |
 *   | S02           | move                                                                 |
 *   | S03           | reason and comment, where the site can; another time is S02          |
 *   | S04, S05, S06 | cancel; S05 and S06 before the visit began: there is nothing to stop |
 *
 * The same request again, as after a restart, finds the booking that it made: a placement by the client's own id of the
 * appointment (ARQ-1), all others by the row that they are stored in.
 */
import type { BookingAnswer, BookingDesk } from '../booking/contract.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import type { Coded, EntityId, SchedulingRequest } from '../hl7v2/request-facts.ts';
import { readRequest } from '../hl7v2/request-read.ts';
import { parseMessage, type Message } from '../hl7v2/message.ts';
import type { Plan } from '../settings/shape.ts';
import type { Hl7Request } from '../store/contract-requests.ts';
import type { Store } from '../store/contract.ts';
import type { BoundClient } from './request-clients.ts';
import { denial, type Denial } from './request-denial.ts';
import { digestOf } from './request-names.ts';
import { patientOf } from './request-patient.ts';
import { slotOf, type SlotAsk } from './request-slot.ts';
import { placeKey, visitOf, type FoundVisit } from './request-visit.ts';

export interface CarryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly desk: BookingDesk;
  readonly plan: () => Plan;
}

export interface Carried {
  readonly message: Message;
  /** Null: it could not be read so far that it names anything. */
  readonly request: SchedulingRequest | null;
  readonly outcome: BookingAnswer | Denial;
}

interface Asked {
  readonly deps: CarryDeps;
  readonly client: BoundClient;
  readonly row: Hl7Request;
  readonly message: Message;
  readonly request: SchedulingRequest;
}

/** @throws HubError of the desk: refusals of what was asked, and trouble that may be over in a moment */
export async function carryOut(deps: CarryDeps, client: BoundClient, row: Hl7Request): Promise<Carried> {
  const { message } = parseMessage(row.body);
  const { request, issues } = readRequest(message, deps.plan().hub.timeZone);
  const [issue] = issues;
  if (request === null || issue !== undefined) {
    const code = /missing|names nothing|no time/.test(issue?.problem ?? '') ? '101' : '102';
    const where = issue?.where ?? 'ARQ';
    return { message, request, outcome: denial(code, `${where} ${issue?.problem ?? 'cannot be read'}.`, where) };
  }
  const asked = { deps, client, row, message, request };
  return { message, request, outcome: await known(asked) };
}

async function known(asked: Asked): Promise<BookingAnswer | Denial> {
  const { deps, client, request } = asked;
  const key = requestKeyOf(asked);
  const booking = await deps.store.read(client.scope, (tx) => tx.bookings.byRequestKey(client.id, key));
  if (booking === null) return ask(asked);
  if (request.trigger === 'S01' && booking.requestDigest !== digestOf(request)) {
    throw new HubError('REQUEST_KEY_REUSED');
  }
  const answer = await deps.desk.status(booking.id, client.scope);
  return answer ?? denial('204', 'There is no such appointment, or this sender may not see it.', 'ARQ-1');
}

function ask(asked: Asked): Promise<BookingAnswer | Denial> {
  switch (asked.request.trigger) {
    case 'S01':
      return place(asked);
    case 'S02':
      return move(asked);
    case 'S03':
      return modify(asked);
    default:
      return cancel(asked);
  }
}

async function place(asked: Asked): Promise<BookingAnswer | Denial> {
  const { deps, client, request } = asked;
  const wanted = await deps.store.read(client.scope, async (tx) => {
    const found = await slotOf(tx, slotAsk(asked));
    if (found.kind === 'denied') return found;
    const patient = await patientOf(tx, client.hl7, request, found.site);
    return patient.kind === 'denied' ? patient : { kind: 'found' as const, slot: found.slot, patientId: patient.id };
  });
  if (wanted.kind === 'denied') return wanted;
  const { slot, patientId } = wanted;
  const reason = wordsOf(request.reason);
  return deps.desk.place(
    {
      ...base(asked),
      slotId: slot.id,
      start: slot.during.start,
      end: slot.during.end,
      patientId,
      channel: 'staff',
      ...(reason === undefined ? {} : { reason }),
      ...(request.comment === undefined ? {} : { comment: request.comment }),
      identifiers: [{ system: placerSystem(client.id, request.placer), value: request.placer.id }],
    },
    client.scope,
  );
}

async function move(asked: Asked): Promise<BookingAnswer | Denial> {
  const { deps, client, request } = asked;
  const wanted = await deps.store.read(client.scope, async (tx) => {
    const found = await visitOf(tx, visitAsk(asked));
    if (found.kind === 'denied') return found;
    const { site, calendar, visitType } = found;
    const to = await slotOf(tx, { ...slotAsk(asked), within: { site, calendar, visitType } });
    return to.kind === 'denied' ? to : { kind: 'found' as const, visit: found, slot: to.slot };
  });
  if (wanted.kind === 'denied') return wanted;
  const { visit, slot } = wanted;
  const reason = wordsOf(request.eventReason);
  return deps.desk.move(
    {
      ...base(asked),
      appointmentId: visit.id,
      slotId: slot.id,
      start: slot.during.start,
      end: slot.during.end,
      channel: 'staff',
      ...(reason === undefined ? {} : { reason }),
      version: null,
    },
    client.scope,
  );
}

async function modify(asked: Asked): Promise<BookingAnswer | Denial> {
  const { deps, client, request } = asked;
  const found = await deps.store.read(client.scope, (tx) => visitOf(tx, visitAsk(asked)));
  if (found.kind === 'denied') return found;
  const { during, site } = found;
  const [wanted] = readRequest(asked.message, site.timeZone).request?.windows ?? [];
  if (wanted !== undefined && during !== null && wanted.start !== during.start) {
    return denial('207', 'S03 leaves the time as it is. Send S02 to move the appointment.', 'ARQ-11', 'not-allowed');
  }
  const reason = wordsOf(request.reason);
  const to = {
    ...(reason === undefined ? {} : { reason }),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
  };
  if (Object.keys(to).length === 0) {
    const text = 'S03 changes the reason (ARQ-7) and the comment (NTE) of an appointment; this one names neither.';
    return denial('101', text, 'ARQ-7');
  }
  return deps.desk.amend({ ...base(asked), appointmentId: found.id, to, version: null }, client.scope);
}

async function cancel(asked: Asked): Promise<BookingAnswer | Denial> {
  const { deps, client, request } = asked;
  const found = await deps.store.read(client.scope, (tx) => visitOf(tx, visitAsk(asked)));
  if (found.kind === 'denied') return found;
  if (request.trigger !== 'S04' && hasBegun(found, deps)) {
    const text = 'The visit has begun: how it ended is for the clinic to say.';
    return denial('207', text, 'ARQ-2', 'not-allowed');
  }
  const reason = wordsOf(request.eventReason);
  return deps.desk.cancel(
    {
      ...base(asked),
      appointmentId: found.id,
      ...(reason === undefined ? {} : { reason }),
      by: 'staff',
      version: null,
    },
    client.scope,
  );
}

function hasBegun({ during }: FoundVisit, { clock }: CarryDeps): boolean {
  return during !== null && during.start <= clock.now();
}

function slotAsk({ deps, client, message, request }: Asked): SlotAsk {
  return { plan: deps.plan(), hl7: client.hl7, message, request, now: deps.clock.now() };
}

function visitAsk({ deps, client, row, request }: Asked): Parameters<typeof visitOf>[1] {
  return { plan: deps.plan(), client, row, request };
}

function base(
  asked: Asked,
): Pick<Parameters<BookingDesk['cancel']>[0], 'client' | 'requestKey' | 'digest' | 'requestId' | 'trace'> {
  const { client, row, request } = asked;
  return {
    client: client.id,
    requestKey: requestKeyOf(asked),
    digest: digestOf(request),
    requestId: `srm-${row.id}`,
    trace: null,
  };
}

function requestKeyOf({ row, request }: Asked): string {
  return request.trigger === 'S01' ? placeKey(request.placer) : `srm-${request.trigger}:${row.id}`;
}

function wordsOf(coded: Coded | undefined): string | undefined {
  const words = coded?.text ?? coded?.code;
  return words === undefined || words === '' ? undefined : words;
}

/** Of the client's own ids of appointments: an OID where ARQ-1 names one, else a system of its own. */
function placerSystem(client: string, { namespace = '', universalId, universalIdType }: EntityId): string {
  if (universalIdType === 'ISO' && universalId !== undefined) return `urn:oid:${universalId}`;
  const own = `urn:slotwire:client:${client}:appointment`;
  return namespace === '' ? own : `${own}:${encodeURIComponent(namespace)}`;
}
