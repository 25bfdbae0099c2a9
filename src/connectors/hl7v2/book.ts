/**
 * Booking by request (SRM): the site decides, and says so in SRR. Three things are never done: a request whose answer
 * was lost is not sent again, since nothing at the site refuses the second one; an acknowledgement that is no SRR is
 * not taken for a booking; and absence is never concluded, since a site cannot be asked (SQM was withdrawn). Its SIU
 * shows what came of it, and the mapping knows our reference in SCH-1.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { instant } from '../../core/instant.ts';
import { decode, encode } from '../../hl7v2/charset.ts';
import { parseMessage } from '../../hl7v2/message.ts';
import { denied, granted, type AnswerReading } from '../../hl7v2/request-answer.ts';
import type { Hl7Answer, Hl7Exchange, Hl7Outcome } from '../contract-hl7.ts';
import type { AmendOrder } from '../contract-book.ts';
import type { Book, CancelOrder, MoveOrder, PlaceOrder, SiteBooking, WriteOutcome } from '../contract.ts';
import { amendRequest, cancelRequest, headerFor, moveRequest, placeRequest, type RequestSite } from './order.ts';
import type { RequestHeader, SchedulingRequest } from '../../hl7v2/request-facts.ts';
import { requestText, writeRequest } from '../../hl7v2/request-write.ts';

export function hl7Book(site: RequestSite, exchange: Hl7Exchange, clock: Clock): Book {
  const { requests } = site;

  async function ask(
    request: SchedulingRequest,
    about: { readonly correlation: string; readonly calendar: string | null },
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const header = headerFor(site, { ...about, at: clock.now() });
    if (!fitsCharset(header, request)) {
      const detail = 'The character set of the site cannot hold the name or the words of this booking.';
      return { kind: 'refused', because: 'rule', detail };
    }
    const outcome = await exchange.send(writeRequest(header, request), { until: 'application', signal });
    return meaningOf(outcome, { site, wanted, reference: header.controlId });
  }

  return {
    exclusive: false,
    resources: 'several',
    showsWithin_ms: requests.showsWithin_s * 1000,
    place(order: PlaceOrder, signal) {
      if (order.patient.identifiers.length === 0) return Promise.resolve(nameless());
      return ask(placeRequest(site, order), order, { action: 'place', order }, signal);
    },
    reschedule(order: MoveOrder, signal) {
      return ask(moveRequest(site, order), order, { action: 'move', order }, signal);
    },
    cancel(order: CancelOrder, signal) {
      const about = { correlation: order.correlation, calendar: null };
      return ask(cancelRequest(site, order), about, { action: 'cancel', order }, signal);
    },
    amends: ['comment', 'reason'],
    amend(order: AmendOrder, signal) {
      const about = { correlation: order.correlation, calendar: null };
      return ask(amendRequest(site, order), about, { action: 'amend', order }, signal);
    },
    find: () => Promise.resolve({ kind: 'undecided', because: 'the site cannot be asked; its SIU will show it' }),
  };
}

function nameless(): WriteOutcome {
  const detail = 'The site file names no identifier of this patient that the site could know the patient by.';
  return { kind: 'refused', because: 'patient-unknown', detail };
}

type Wanted =
  | { readonly action: 'place'; readonly order: PlaceOrder }
  | { readonly action: 'move'; readonly order: MoveOrder }
  | { readonly action: 'cancel'; readonly order: CancelOrder }
  | { readonly action: 'amend'; readonly order: AmendOrder };

interface Asked {
  readonly site: RequestSite;
  readonly wanted: Wanted;
  /** MSH-10 of the request. */
  readonly reference: string;
}

function meaningOf(outcome: Hl7Outcome, asked: Asked): WriteOutcome {
  const site = asked.site.file.id;
  switch (outcome.kind) {
    case 'unsent':
    case 'unknown':
      return outcome;
    case 'accepted':
      return outcome.ack.code === 'CA' ? later(asked) : saidYes(outcome.ack, asked);
    case 'refused':
      return saidNo(outcome.ack, asked, site);
  }
}

function later({ reference }: Asked): WriteOutcome {
  return { kind: 'accepted', reference };
}

function saidYes(ack: Hl7Answer, asked: Asked): WriteOutcome {
  const { wanted, site } = asked;
  const { message } = parseMessage(ack.bytes, { defaultCharset: site.settings.charsetWhenAbsent });
  const answer = granted(message, readingOf(site));
  // An engine between us and the scheduling system says AA to whatever it took.
  if (!answer.isDecision || answer.status === 'open') return later(asked);
  if (answer.status !== 'ended' && site.requests.bookedBy === 'siu') return later(asked);
  if (wanted.action === 'cancel') {
    if (site.requests.bookedBy === 'siu') return later(asked);
    const { key } = wanted.order;
    // Whose time it was is not part of a cancel: the booking machine knows it, and looks at the status alone.
    const gone = { key, status: 'cancelled', start: EPOCH, end: EPOCH, calendar: '' } as const;
    return { kind: 'booked', at: { ...gone, orderedAt: EPOCH } };
  }
  if (answer.status === 'ended') {
    return { kind: 'refused', because: 'rule', detail: 'The site answered with a visit that is already cancelled.' };
  }
  if (wanted.action === 'amend') {
    const stays = { key: wanted.order.key, status: 'booked', start: EPOCH, end: EPOCH, calendar: '' } as const;
    return { kind: 'booked', at: { ...stays, orderedAt: EPOCH } };
  }
  const { start, end, calendar } = wanted.order;
  const key = answer.key ?? (wanted.action === 'move' ? wanted.order.key : null);
  if (key === null) return later(asked);
  // Its SIU has a time of whole seconds by another clock: ours would outrank what the site says of the visit.
  const at: SiteBooking = { key, status: 'booked', start, end, calendar, orderedAt: EPOCH };
  return { kind: 'booked', at };
}

function saidNo(ack: Hl7Answer, asked: Asked, site: string): WriteOutcome {
  if (ack.code === 'AA' || ack.code === 'CA') return later(asked);
  const { message } = parseMessage(ack.bytes, { defaultCharset: asked.site.settings.charsetWhenAbsent });
  const answer = denied(message, ack.code, readingOf(asked.site));
  if (answer.known && asked.wanted.action === 'place') {
    const detail = 'the site has a request with this reference already';
    return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST', { detail, site }) };
  }
  if (ack.code === 'AE' && !answer.repeat) return { kind: 'refused', because: answer.because, detail: answer.detail };
  const detail = `the site answered ${ack.code}`;
  const error = new HubError(answer.repeat ? 'SITE_FAILED' : 'SITE_REFUSED', { detail, site });
  return { kind: 'unsent', error };
}

function readingOf({ settings, requests }: RequestSite): AnswerReading {
  const { appointmentKey, statusCodes } = settings;
  return { appointmentKey, statusCodes, refusals: requests.refusals };
}

const EPOCH = instant(0);

/** Question marks in a name would be booked as such, and somebody else's record might fit them better. */
function fitsCharset(header: RequestHeader, request: SchedulingRequest): boolean {
  const text = requestText(header, request);
  return decode(encode(text, header.charset), header.charset).text === text;
}
