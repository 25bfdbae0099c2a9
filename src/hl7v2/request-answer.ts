/**
 * What the answer to a request says (SRR, or an ACK in its place): the visit as the site booked it, or why it did not.
 * The words of a site are compared and never passed on: they may repeat what was sent.
 */
import { ackClass, ackErrors } from './ack-class.ts';
import type { Message } from './message.ts';
import type { Segment } from './segment.ts';

/** How the answers of one site are read. */
export interface AnswerReading {
  readonly appointmentKey: 'filler' | 'placer';
  /** Local status (SCH-25), in any case, to a value of table 0278. */
  readonly statusCodes: Readonly<Record<string, string>>;
  /** The site's own codes of a denial, in any case. */
  readonly refusals: Readonly<Record<string, Denial>>;
}

/** Why a site says no; the words of the connector contract. */
export type Denial =
  | 'slot-taken'
  | 'outside-window'
  | 'patient-unknown'
  | 'patient-ambiguous'
  | 'patient-merged'
  | 'needs-referral'
  | 'needs-authorisation'
  | 'needs-answers'
  | 'duplicate-visit'
  | 'restricted'
  | 'not-allowed'
  | 'rule';

/** An answer that says yes. */
export interface Granted {
  /** SRR: the scheduling application itself; an ACK may be an engine's that only took the message. */
  readonly isDecision: boolean;
  /** The site's name of the visit, as the mapping reads it from SIU; null when SCH names none. */
  readonly key: string | null;
  /** SCH-25 by the site's own codes, else table 0278; open: asked for and not decided, or on a waiting list. */
  readonly status: 'booked' | 'open' | 'ended';
}

export interface Denied {
  readonly because: Denial;
  readonly detail: string;
  /** The request did not reach the scheduling application or could not be worked on: asking again may help. */
  readonly repeat: boolean;
  /** The site knows our reference already: an earlier request was taken, whatever its answer was. */
  readonly known: boolean;
}

export function granted(message: Message, reading: AnswerReading): Granted {
  const sch = message.first('SCH');
  return {
    isDecision: message.messageCode === 'SRR',
    key: sch === undefined ? null : keyOf(sch, reading),
    status: sch === undefined ? 'booked' : statusOf(sch, reading),
  };
}

const OPEN: ReadonlySet<string> = new Set(['PENDING', 'WAITLIST', 'TENTATIVE']);
const ENDED: ReadonlySet<string> = new Set([
  'CANCELLED',
  'CANCELED',
  'DISCONTINUED',
  'DC',
  'DELETED',
  'BLOCKED',
  'NOSHOW',
]);

function statusOf(sch: Segment, reading: AnswerReading): Granted['status'] {
  const sent = said(sch, 25).toUpperCase();
  const own = Object.entries(reading.statusCodes).find(([code]) => code.toUpperCase() === sent)?.[1];
  const status = (own ?? sent).toUpperCase();
  if (OPEN.has(status)) return 'open';
  return ENDED.has(status) ? 'ended' : 'booked';
}

/** SCH-2, else SCH-1, by `appointmentKey`; with authority and occurrence, as the mapping names appointments. */
function keyOf(sch: Segment, reading: AnswerReading): string | null {
  const order = reading.appointmentKey === 'filler' ? [2, 1] : [1, 2];
  // Our own reference is no name that the site gave.
  const fields = reading.appointmentKey === 'filler' ? order.slice(0, 1) : order;
  for (const field of fields) {
    const id = said(sch, field);
    if (id === '') continue;
    const authority = said(sch, field, 2) || said(sch, field, 3);
    const occurrence = said(sch, 3);
    const key = authority === '' ? id : `${id}^${authority}`;
    return /^0*$/.test(occurrence) ? key : `${key}#${occurrence}`;
  }
  return null;
}

interface Meaning {
  readonly because: Denial;
  readonly detail: string;
}

const TAKEN: Meaning = { because: 'slot-taken', detail: 'The time is no longer open at the site.' };

const MEANING: Readonly<Record<Denial, string>> = {
  'slot-taken': TAKEN.detail,
  'outside-window': 'The site does not take bookings for that time: it is too soon, too far ahead, or outside hours.',
  'patient-unknown': 'The site does not know this patient under the identifier that was sent.',
  'patient-ambiguous': 'The site has several records that fit this patient.',
  'patient-merged': 'The site has merged this patient’s record into another. Use that one.',
  'needs-referral': 'The site demands a referral for this visit.',
  'needs-authorisation': 'The site demands an authorisation for this visit.',
  'needs-answers': 'The site demands something that the request does not carry.',
  'duplicate-visit': 'The site has such a visit for this patient already.',
  restricted: 'The site keeps this patient or this visit to itself.',
  'not-allowed': 'The site does not allow this hub to do that.',
  rule: 'The site refused the request.',
};

/** Codes that fillers use in ERR-5, in capitals without anything between the letters. */
const BY_CODE: Readonly<Record<string, Denial>> = {
  SLOTTAKEN: 'slot-taken',
  SLOTUNAVAILABLE: 'slot-taken',
  SLOTNOTAVAILABLE: 'slot-taken',
  NOTAVAILABLE: 'slot-taken',
  UNAVAILABLE: 'slot-taken',
  TIMETAKEN: 'slot-taken',
  ROOMTAKEN: 'slot-taken',
  RESOURCETAKEN: 'slot-taken',
  DOUBLEBOOKED: 'slot-taken',
  CONFLICT: 'slot-taken',
  NOSLOT: 'slot-taken',
  OUTSIDEHOURS: 'outside-window',
  OUTSIDEWINDOW: 'outside-window',
  TOOLATE: 'outside-window',
  PATIENTUNKNOWN: 'patient-unknown',
  UNKNOWNPATIENT: 'patient-unknown',
  PATIENTNOTFOUND: 'patient-unknown',
  PATIENTMERGED: 'patient-merged',
  DUPLICATE: 'duplicate-visit',
  NOTALLOWED: 'not-allowed',
  NOTAUTHORIZED: 'not-allowed',
};

/** Texts, in order; what fits none is a rule of the site. A time is only called taken where the text says so. */
const BY_TEXT: readonly (readonly [RegExp, Denial])[] = [
  [/\b(patient|mrn|pid)\b.*\b(unknown|not (found|known|registered|on file))/, 'patient-unknown'],
  [/\bunknown (patient|mrn)/, 'patient-unknown'],
  [/\b(patient|record)\b.*\bmerged\b/, 'patient-merged'],
  [/\b(multiple|several|ambiguous)\b.*\bpatients?\b|\bpatients?\b.*\bambiguous\b/, 'patient-ambiguous'],
  [/\breferral\b/, 'needs-referral'],
  [/\bpre-?authori[sz]ation|\bauthori[sz]ation (is )?(required|missing|needed)/, 'needs-authorisation'],
  [/\bduplicate (appointment|booking|visit)|\balready has (an? )?(appointment|booking|visit)/, 'duplicate-visit'],
  [/\boutside (of )?(the )?(office|opening|working|booking|clinic|schedule)/, 'outside-window'],
  [/\btoo (late|early|soon|far)|\bin the past/, 'outside-window'],
  [/\b(slot|time|resource|provider|practitioner|room)s?\b.*\b(taken|unavailable|occupied|full)\b/, 'slot-taken'],
  [/\b(slot|time|resource|provider|practitioner|room)s?\b.*\b(not|no longer) (available|free|open)\b/, 'slot-taken'],
  [/\b(slot|time|resource|provider|practitioner|room)s?\b.*\b(already )?booked\b/, 'slot-taken'],
  [/\bdouble[- ]?book|\bno (free |open |available )?(slot|time|opening)s?\b/, 'slot-taken'],
  [/\bno (resource|provider|practitioner|room)s? (is |are )?(available|free|open)\b/, 'slot-taken'],
  [/\b(scheduling|time|slot) conflict|\bconflicts? with\b/, 'slot-taken'],
  [/\bnot (allowed|permitted|authori[sz]ed)|\bno (rights?|permission)\b|\bforbidden\b/, 'not-allowed'],
];

/** AE, AR, CE or CR, as sent. */
export function denied(message: Message, code: 'AE' | 'AR' | 'CE' | 'CR', reading: AnswerReading): Denied {
  const errors = ackErrors(message);
  const because = reasonOf(message, errors, reading);
  const known = code === 'AE' && errors.includes('205');
  const codes = errors.length === 0 ? '' : ` (${code}, ${errors.join(', ')})`;
  return {
    because,
    detail:
      because === 'rule' ? `${MEANING.rule.slice(0, -1)}${codes === '' ? ` (${code})` : codes}.` : MEANING[because],
    repeat: ackClass(code, errors) === 'transient',
    known,
  };
}

function reasonOf(message: Message, errors: readonly string[], reading: AnswerReading): Denial {
  const codes = ownCodes(message);
  const listed = new Map(Object.entries(reading.refusals).map(([code, reason]) => [code.toUpperCase(), reason]));
  for (const code of [...codes, ...errors]) {
    const reason = listed.get(code.toUpperCase());
    if (reason !== undefined) return reason;
  }
  for (const code of codes) {
    const reason = BY_CODE[code.toUpperCase().replace(/[^A-Z]/g, '')];
    if (reason !== undefined) return reason;
  }
  const unknownKey = errors.includes('204') && message.all('ERR').some(isAboutPatient);
  if (unknownKey) return 'patient-unknown';
  const text = textsOf(message).join(' ').toLowerCase();
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'rule';
}

/** ERR-5, and ERR-3 and MSA-6 where they are not of table 0357. */
function ownCodes(message: Message): readonly string[] {
  const codes = message.all('ERR').flatMap((error) => [said(error, 5), said(error, 3)]);
  const msa = message.first('MSA');
  if (msa !== undefined) codes.push(said(msa, 6));
  return codes.filter((code) => code !== '' && !/^\d+$/.test(code));
}

function isAboutPatient(error: Segment): boolean {
  return said(error, 2) === 'PID' || said(error, 1) === 'PID';
}

/** MSA-3, ERR-5.2, ERR-7 and ERR-8, MSA-6.2; not the names of table 0357, which say nothing about a booking. */
function textsOf(message: Message): readonly string[] {
  const msa = message.first('MSA');
  const texts = msa === undefined ? [] : [msa.field(3) ?? '', said(msa, 6, 2)];
  for (const error of message.all('ERR')) texts.push(said(error, 5, 2), error.field(7) ?? '', error.field(8) ?? '');
  return texts;
}

function said(segment: Segment, field: number, component = 1): string {
  return (segment.component(field, component) ?? '').trim();
}
