/**
 * What concerns requests of our own (SRM): our reference in the site's news, and the site's answer where it comes as a
 * message of its own (enhanced acknowledgement; or later than anybody waited).
 */
import type { Hl7v2Settings } from '../../connectors/kit/hl7/wire.ts';
import { recordOf } from '../../hl7v2/own-control-id.ts';
import { denied, granted, type AnswerReading } from '../../hl7v2/request-answer.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import type { BookingAnswer } from '../contract-answer.ts';
import type { AppointmentChange, Mapped } from '../contract.ts';
import { fieldOf, part, type Reading } from './reading.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * SCH-1 where it is ours: the form of our ids, in our namespace or, as some send it back, in none. Whether there is
 * such a booking is seen when it is applied.
 */
export function ownReference(reading: Reading, sch: Segment): Pick<AppointmentChange, 'correlation'> {
  const correlation = ownId(reading, sch);
  return correlation === null ? {} : { correlation };
}

function ownId({ settings }: Reading, sch: Segment): string | null {
  const ei = fieldOf(sch, 1);
  if (settings.requests === undefined || ei === undefined) return null;
  const id = part(ei, 1).toLowerCase();
  const namespace = part(ei, 2) || part(ei, 3);
  return UUID.test(id) && (namespace === '' || namespace === settings.requests.namespace) ? id : null;
}

/** SRR, and ACK in its place. */
export function mapAnswer(reading: Reading): Mapped {
  const { message, settings } = reading;
  if (settings.requests === undefined) return ignored('answers a request; this hub has sent none');
  const booking = bookingOf(reading);
  if (booking === null) return ignored('answers a request that this hub did not send');
  const word = wordOf(reading, readingOf(settings, settings.requests));
  if (word === null) return ignored('takes a request of this hub, and does not decide it');
  if (word.kind === 'granted' && settings.requests.bookedBy === 'siu') {
    return ignored('grants a request of this hub; its SIU will show it');
  }
  const change: BookingAnswer = { kind: 'booking-answer', at: reading.at, booking, word };
  return { kind: 'changes', changes: [change], warnings: reading.warnings };

  function ignored(because: string): Mapped {
    return { kind: 'ignored', because: `${message.messageCode} ${because}.` };
  }
}

/** By MSA-2, which is our own control id; else by SCH-1, where an engine has put another one there. */
function bookingOf(reading: Reading): string | null {
  const named = recordOf(reading.first('MSA-2'));
  if (named !== null) return named;
  const sch = reading.message.first('SCH');
  const own = sch === undefined ? null : ownId(reading, sch);
  return own === null ? null : own.replaceAll('-', '').slice(-16);
}

function wordOf({ message }: Reading, how: AnswerReading): BookingAnswer['word'] | null {
  const code = (message.first('MSA')?.component(1, 1) ?? '').trim().toUpperCase();
  switch (code) {
    case 'AA': {
      const answer = granted(message, how);
      // An ACK may be an engine's, which only took it.
      if (!answer.isDecision || answer.status === 'open') return null;
      if (answer.status === 'booked') return { kind: 'granted', key: answer.key };
      // A cancel that is granted shows the visit as it stands then.
      return { kind: 'granted', key: null };
    }
    case 'AE':
    case 'AR':
    case 'CE':
    case 'CR': {
      const { because, detail, known } = denied(message, code, how);
      return known ? null : { kind: 'denied', because, detail };
    }
    default:
      return null;
  }
}

function readingOf(settings: Hl7v2Settings, requests: NonNullable<Hl7v2Settings['requests']>): AnswerReading {
  const { appointmentKey, statusCodes } = settings;
  return { appointmentKey, statusCodes, refusals: requests.refusals };
}
