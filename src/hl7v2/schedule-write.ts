/**
 * What a filler says about an appointment (HL7 v2 chapter 10): the answer to a request (SRR), and news of it (SIU).
 * Both carry the same groups: SCH, notes, patients, resources. Written as the version of the request has them, in its
 * separators and its character set.
 */
import { MINUTE_MS, type Instant, type Interval } from '../core/instant.ts';
import { errorName, isAtLeast, type AckError } from './acknowledge.ts';
import { isWideCharset } from './charset.ts';
import type { Header } from './header.ts';
import type { Coded, EntityId, PersonId, RequestPatient, RequestResource } from './request-facts.ts';
import { codedField, entityField, pidSegment, personField, resourceName, resourceWhat } from './request-write.ts';
import { formatTime } from './time.ts';
import { raw, writeMessage, type FieldInput, type SegmentInput } from './write.ts';

/** Table 0278. */
export type FillerStatus = 'Pending' | 'Booked' | 'Started' | 'Complete' | 'Cancelled' | 'Noshow' | 'Deleted';

/** An appointment as SCH and the segments behind it say it. */
export interface ScheduledFacts {
  /** SCH-1, as the placer named it. */
  readonly placer?: EntityId;
  /** SCH-2; absent: there is no appointment. */
  readonly filler?: EntityId;
  readonly eventReason?: Coded;
  readonly reason?: Coded;
  readonly during?: Interval;
  readonly zone: string;
  readonly status?: FillerStatus;
  readonly contact: PersonId;
  readonly enteredBy: PersonId;
  /** NTE behind SCH, one segment each. */
  readonly notes: readonly string[];
  readonly patients: readonly RequestPatient[];
  readonly resources: readonly RequestResource[];
}

export interface AnswerError extends AckError {
  /** ERR-5: a code of the hub's own. */
  readonly application?: string;
}

export interface AnswerContent {
  readonly code: 'AA' | 'AE' | 'AR';
  /** Our own MSH-10; at most 20 characters. */
  readonly controlId: string;
  readonly at: Instant;
  /** MSA-3: for the people of the sender. Never patient data. */
  readonly text: string;
  readonly errors: readonly AnswerError[];
  /** Null: nothing is known of an appointment. */
  readonly facts: ScheduledFacts | null;
  /** MSH-15 of the answer: it is sent as a message of its own and asks for CA. */
  readonly asksAccept: boolean;
}

/** SRR to the request with this header. `charset`: what it was read in, where it names none (MSH-18). */
export function writeAnswer(request: Header, content: AnswerContent, charset = ''): Uint8Array {
  const { code, text, errors, facts } = content;
  const exact = new Exact();
  const trigger = /^S\d\d$/.test(request.triggerEvent) ? request.triggerEvent : 'S01';
  const zone = facts?.zone ?? 'UTC';
  const segments: SegmentInput[] = [
    msh(request, { ...content, zone, type: typeOf(request, 'SRR', trigger, 'SRR_S01'), exact }),
    ['MSA', code, exact.field(request.raw(10)), text, '', '', ...oldCondition(request, errors)],
    ...errors.map((error) => errorSegment(error, request)),
    ...(facts === null ? [] : scheduled(facts, isAtLeast(request, 2, 5))),
  ];
  return exact.restore(written(segments, request, charset), request);
}

export type NewsTrigger = 'S12' | 'S13' | 'S14' | 'S15';

export interface NewsContent {
  readonly trigger: NewsTrigger;
  readonly controlId: string;
  readonly at: Instant;
  readonly facts: ScheduledFacts;
  /** Enhanced acknowledgement: CA is asked for and nothing else; else the original mode. */
  readonly asksAccept: boolean;
}

/** SIU to the sender of the request with this header. */
export function writeNews(request: Header, content: NewsContent, charset = ''): Uint8Array {
  const exact = new Exact();
  const { trigger, facts } = content;
  const type = typeOf(request, 'SIU', trigger, 'SIU_S12');
  const segments: SegmentInput[] = [
    msh(request, { ...content, zone: facts.zone, type, exact }),
    ...scheduled(facts, isAtLeast(request, 2, 5)),
  ];
  return exact.restore(written(segments, request, charset), request);
}

/**
 * What must go back byte for byte as it came: in the set that it is written in it could be other bytes, so it is put in
 * afterwards.
 */
class Exact {
  readonly #kept: string[] = [];

  field(sent: string): FieldInput {
    if (/^[\x20-\x7e]*$/.test(sent)) return raw(sent);
    this.#kept.push(sent);
    return raw(`@EXACT-${this.#kept.length - 1}@`);
  }

  restore(bytes: Uint8Array, { separators: { field } }: Header): Uint8Array {
    if (this.#kept.length === 0) return bytes;
    const text = Buffer.from(bytes).toString('latin1');
    // A function: `$` in what is put in means nothing. Only the first: a sender's own words may hold the mark.
    const whole = this.#kept.reduce((done, sent, at) => done.replace(`@EXACT-${at}@`, () => sent), text);
    // FS CR would end the frame: a field separator between them means nothing.
    return Buffer.from(
      whole.replaceAll('\u001c\r', () => `\u001c${field}\r`),
      'latin1',
    );
  }
}

function written(segments: readonly SegmentInput[], request: Header, charset: string): Uint8Array {
  const { separators } = request;
  const named = request.raw(18) === '' ? charset : request.charset;
  // A separator beyond ASCII is one byte, as it was read.
  const isByte = Object.values<string>({ ...separators }).some((one) => /[^\x20-\x7e]/.test(one));
  return writeMessage(segments, { separators, charset: isByte ? '8859/1' : named });
}

interface Opening {
  readonly type: FieldInput;
  readonly controlId: string;
  readonly at: Instant;
  readonly zone: string;
  readonly asksAccept: boolean;
  readonly exact: Exact;
}

/** Parties change places; processing id, version and character set are the sender's. */
function msh(request: Header, { type, controlId, at, zone, asksAccept, exact }: Opening): SegmentInput {
  const parties = [5, 6, 3, 4].map((n) => exact.field(request.raw(n)));
  const charset = isWideCharset(request.charset) ? '' : exact.field(request.raw(18));
  return [
    'MSH',
    ...parties,
    formatTime(at, zone),
    '',
    type,
    controlId,
    exact.field(request.raw(11) || 'P'),
    exact.field(request.raw(12) || '2.3'),
    ...['', '', asksAccept ? 'AL' : '', asksAccept ? 'NE' : '', ''],
    charset,
  ];
}

/** Two components up to 2.3, three from 2.3.1 on. */
function typeOf(request: Header, code: string, trigger: string, structure: string): FieldInput {
  return isAtLeast(request, 2, 3, 1) ? [code, trigger, structure] : [code, trigger];
}

/** MSA-6, which 2.5 replaced by ERR-5: the hub's own code. */
function oldCondition(request: Header, errors: readonly AnswerError[]): readonly FieldInput[] {
  const own = errors.find(({ application }) => application !== undefined)?.application;
  return own === undefined || isAtLeast(request, 2, 5) ? [] : [own];
}

/** ERR-1 up to 2.4, ERR-2 to ERR-8 from 2.5 on. */
function errorSegment(error: AnswerError, request: Header): SegmentInput {
  const { at, code, text, severity = 'E', application } = error;
  const name = errorName(code);
  const place = at === undefined ? [] : [at.segment, String(at.ordinal ?? 1)];
  const field = at?.field === undefined ? '' : String(at.field);
  if (!isAtLeast(request, 2, 5)) return ['ERR', [place[0] ?? '', place[1] ?? '', field, [code, name, 'HL70357']]];
  return ['ERR', '', [...place, field], [code, name, 'HL70357'], severity, application, '', '', text];
}

const MINUTES = ['min', 'minutes', 'ISO+'] as const;

function scheduled(facts: ScheduledFacts, hasTq1: boolean): readonly SegmentInput[] {
  const { during, zone } = facts;
  const time = (at: Instant): string => formatTime(at, zone);
  const minutes = during === undefined ? '' : String((during.end - during.start) / MINUTE_MS);
  const tq1: SegmentInput[] =
    during === undefined || !hasTq1
      ? []
      : [['TQ1', '1', '', '', '', '', [minutes, MINUTES[0]], time(during.start), time(during.end)]];
  return [
    schSegment(facts, minutes, time),
    ...tq1,
    ...facts.notes.map((note, at): SegmentInput => ['NTE', String(at + 1), '', note]),
    ...facts.patients.map((patient, at) => pidSegment(patient, at + 1)),
    ['RGS', '1', 'A'],
    ...resourceSegments(facts, minutes, time),
  ];
}

function schSegment(facts: ScheduledFacts, minutes: string, time: (at: Instant) => string): SegmentInput {
  const { during, status } = facts;
  return [
    'SCH',
    entityField(facts.placer),
    entityField(facts.filler),
    ...['', '', ''],
    codedField(facts.eventReason),
    codedField(facts.reason),
    'Normal',
    minutes,
    minutes === '' ? '' : MINUTES,
    during === undefined ? '' : ['', '', `M${minutes}`, time(during.start), time(during.end)],
    ...['', '', '', ''],
    personField(facts.contact),
    ...['', '', ''],
    personField(facts.enteredBy),
    ...['', '', '', ''],
    status === undefined ? '' : [status, status, 'HL70278'],
  ];
}

function resourceSegments(
  facts: ScheduledFacts,
  minutes: string,
  time: (at: Instant) => string,
): readonly SegmentInput[] {
  const counts = new Map<string, number>();
  const { during, status = '' } = facts;
  return facts.resources.map((resource): SegmentInput => {
    const name = resourceName(resource);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const when: FieldInput[] =
      during === undefined ? ['', '', '', '', ''] : [time(during.start), '', '', minutes, MINUTES];
    return [name, String(count), 'A', ...resourceWhat(resource), ...when, '', status];
  });
}
