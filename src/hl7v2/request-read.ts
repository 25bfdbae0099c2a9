/**
 * Reads a request for an appointment (SRM) that somebody sends to the hub, as facts. Total: what cannot be read is told
 * in `issues`, by place and without its content.
 */
import { HOUR_MS, MINUTE_MS, plus, type Instant, type Interval } from '../core/instant.ts';
import type { Message } from './message.ts';
import type { Repetition, Segment } from './segment.ts';
import { fhirDate, parseTime, resolveTime } from './time.ts';
import type {
  Coded,
  EntityId,
  PatientIdentifier,
  PersonId,
  PlaceId,
  Preference,
  Preferences,
  RequestPatient,
  RequestResource,
  RequestTrigger,
  SchedulingRequest,
} from './request-facts.ts';

export interface ReadRequest {
  /** Null: what it asks for cannot be told. */
  readonly request: SchedulingRequest | null;
  readonly issues: readonly { readonly where: string; readonly problem: string }[];
}

const TRIGGERS: ReadonlySet<string> = new Set(['S01', 'S02', 'S03', 'S04', 'S05', 'S06']);
/** Where duration and start stand in the segments that name a resource. */
const TIMES: Readonly<Record<string, { readonly start: number; readonly duration: number }>> = {
  AIS: { start: 4, duration: 7 },
  AIG: { start: 8, duration: 11 },
  AIL: { start: 6, duration: 9 },
  AIP: { start: 6, duration: 9 },
};
const UNIT_MS: Readonly<Record<string, number>> = { S: 1000, SEC: 1000, M: MINUTE_MS, MIN: MINUTE_MS, H: HOUR_MS };

/** `zone`: of times that name no offset. */
export function readRequest(message: Message, zone: string): ReadRequest {
  const reader = new Reader(message, zone);
  const request = reader.request();
  return { request, issues: reader.issues };
}

class Reader {
  readonly issues: { where: string; problem: string }[] = [];
  readonly #message: Message;
  readonly #zone: string;

  constructor(message: Message, zone: string) {
    this.#message = message;
    this.#zone = zone;
  }

  request(): SchedulingRequest | null {
    const trigger = this.#trigger();
    const arq = this.#message.first('ARQ');
    if (arq === undefined) this.#say('ARQ', 'the segment is missing');
    if (trigger === null || arq === undefined) return null;
    const placer = entity(arq.repetitions(1)[0]);
    if (placer === undefined) this.#say('ARQ-1', 'names nothing, and an answer needs it');
    const filler = entity(arq.repetitions(2)[0]);
    const minutes = this.#minutes(arq, 9);
    const asked = arq.repetitions(11).flatMap((window) => this.#window(window));
    const windows = asked.length > 0 ? asked : this.#windowOfResources(minutes);
    if ((trigger === 'S01' || trigger === 'S02') && windows.length === 0) this.#say('ARQ-11', 'no time is asked for');
    if (placer === undefined) return null;
    const preferences = this.#preferences();
    const comment = this.#notes(arq);
    const attending = person(this.#message.first('PV1')?.repetitions(7)[0]);
    return {
      trigger,
      placer,
      ...given('filler', filler),
      ...given('occurrence', said(arq, 3) || undefined),
      ...given('eventReason', coded(arq.repetitions(6)[0])),
      ...given('reason', coded(arq.repetitions(7)[0])),
      ...given('type', coded(arq.repetitions(8)[0])),
      ...given('duration_min', minutes),
      windows,
      contact: person(arq.repetitions(15)[0]) ?? { id: '' },
      enteredBy: person(arq.repetitions(19)[0]) ?? { id: '' },
      ...given('preferences', preferences),
      ...given('comment', comment === '' ? undefined : comment),
      patients: this.#message.all('PID').map((pid) => this.#patient(pid)),
      ...given('attending', attending),
      groups: this.#groups(windows[0], minutes),
    };
  }

  #trigger(): RequestTrigger | null {
    const { triggerEvent } = this.#message;
    if (isTrigger(triggerEvent)) return triggerEvent;
    this.#say('MSH-9', 'is no request for an appointment that this version reads (S01 to S06)');
    return null;
  }

  #say(where: string, problem: string): void {
    this.issues.push({ where, problem });
  }

  #time(text: string, where: string): Instant | null {
    if (text === '') return null;
    const at = this.#at(text);
    if (at === null) this.#say(where, 'is not a time');
    return at;
  }

  #at(text: string): Instant | null {
    const time = parseTime(text);
    return time === null ? null : (resolveTime(time, this.#zone)?.at ?? null);
  }

  #window(window: Repetition): readonly Interval[] {
    const start = this.#time(part(window, 1), 'ARQ-11.1');
    const end = this.#time(part(window, 2), 'ARQ-11.2') ?? start;
    if (start === null || end === null) return [];
    if (end < start) this.#say('ARQ-11', 'ends before it begins');
    return end < start ? [] : [{ start, end }];
  }

  /** Many write the time of the visit into AIS and the like alone; the earliest begins it. */
  #windowOfResources(minutes: number | undefined): readonly Interval[] {
    const [first] = this.#message.segments
      .flatMap((segment) => {
        const fields = TIMES[segment.name];
        const start = fields === undefined ? null : this.#at(said(segment, fields.start));
        // What cannot be read there is told with the resource.
        return start === null ? [] : [{ start, end: plus(start, (minutes ?? 0) * MINUTE_MS) }];
      })
      .sort((one, other) => one.start - other.start);
    return first === undefined ? [] : [first];
  }

  /** Seconds by the standard where no unit is given. */
  #minutes(segment: Segment, field: number): number | undefined {
    const text = said(segment, field);
    if (text === '') return undefined;
    const unit = UNIT_MS[(said(segment, field + 1) || 's').toUpperCase()];
    const number = Number(text);
    if (unit === undefined || !Number.isFinite(number) || number <= 0) {
      this.#say(`${segment.name}-${field}`, 'is not a duration');
      return undefined;
    }
    return (number * unit) / MINUTE_MS;
  }

  #preferences(): Preferences | undefined {
    const apr = this.#message.first('APR');
    if (apr === undefined) return undefined;
    const wanted = (field: number): readonly Preference[] =>
      apr.repetitions(field).map((one) => ({ name: part(one, 1), value: part(one, 2) }));
    return { time: wanted(1), resource: wanted(2), location: wanted(3) };
  }

  /** NTE-3 behind ARQ; APR may stand between. */
  #notes(arq: Segment): string {
    const heads = [arq, ...this.#message.all('APR').slice(0, 1)];
    return heads
      .flatMap((head) => this.#message.following(head, 'NTE'))
      .flatMap((note) => note.repetitions(3).map((line) => line.text ?? ''))
      .join('\n');
  }

  #patient(pid: Segment): RequestPatient {
    const born = parseTime(said(pid, 7));
    const contacts = pid.repetitions(13);
    const phone = contacts.map((one) => part(one, 1)).find((text) => text !== '');
    const email = contacts.map((one) => part(one, 4)).find((text) => text !== '');
    return {
      identifiers: pid.repetitions(3).map(patientIdentifier),
      family: said(pid, 5),
      given: said(pid, 5, 2),
      ...given('birthDate', born === null ? undefined : fhirDate(born)),
      ...given('phone', phone),
      ...given('email', email),
    };
  }

  #groups(window: Interval | undefined, minutes: number | undefined): readonly (readonly RequestResource[])[] {
    const members = ['AIS', 'AIG', 'AIL', 'AIP'];
    return this.#message
      .groups('RGS', { members })
      .map(({ segments }) =>
        segments.filter(({ name }) => members.includes(name)).map((one) => this.#resource(one, window, minutes)),
      )
      .filter((group) => group.length > 0);
  }

  #resource(segment: Segment, window: Interval | undefined, minutes: number | undefined): RequestResource {
    const fields = TIMES[segment.name] ?? { start: 4, duration: 7 };
    const start = this.#time(said(segment, fields.start), `${segment.name}-${fields.start}`);
    const own = this.#minutes(segment, fields.duration) ?? minutes;
    const during = start === null || own === undefined ? undefined : { start, end: plus(start, own * MINUTE_MS) };
    // The time of the whole visit, said again.
    const isWhole = during?.start === window?.start && own === minutes;
    return { ...whatOf(segment), ...given('during', isWhole ? undefined : during) };
  }
}

function whatOf(segment: Segment): RequestResource {
  const [first] = segment.repetitions(3);
  const type = coded(segment.repetitions(4)[0]) ?? { code: '' };
  switch (segment.name) {
    case 'AIS':
      return { kind: 'service', service: coded(first) ?? { code: '' } };
    case 'AIP':
      return { kind: 'person', person: person(first) ?? { id: '' }, role: type };
    case 'AIL':
      return { kind: 'place', place: place(first), type };
    default:
      return { kind: 'thing', thing: coded(first) ?? { code: '' }, type };
  }
}

function isTrigger(text: string): text is RequestTrigger {
  return TRIGGERS.has(text);
}

function entity(ei: Repetition | undefined): EntityId | undefined {
  if (ei === undefined || part(ei, 1) === '') return undefined;
  return {
    id: part(ei, 1),
    ...given('namespace', part(ei, 2) || undefined),
    ...given('universalId', part(ei, 3) || undefined),
    ...given('universalIdType', part(ei, 4) || undefined),
  };
}

function coded(ce: Repetition | undefined): Coded | undefined {
  if (ce === undefined) return undefined;
  const [code, text, system] = [part(ce, 1), part(ce, 2), part(ce, 3)];
  return { code, ...given('text', text || undefined), ...given('system', system || undefined) };
}

function person(xcn: Repetition | undefined): PersonId | undefined {
  if (xcn === undefined) return undefined;
  return {
    id: part(xcn, 1),
    ...given('family', part(xcn, 2) || undefined),
    ...given('given', part(xcn, 3) || undefined),
  };
}

function place(pl: Repetition | undefined): PlaceId {
  if (pl === undefined) return { pointOfCare: '' };
  return {
    pointOfCare: part(pl, 1),
    ...given('room', part(pl, 2) || undefined),
    ...given('bed', part(pl, 3) || undefined),
    ...given('facility', part(pl, 4) || undefined),
  };
}

function patientIdentifier(cx: Repetition): PatientIdentifier {
  return {
    id: part(cx, 1),
    ...given('namespace', part(cx, 4) || undefined),
    ...given('universalId', part(cx, 4, 2) || undefined),
    ...given('type', part(cx, 5) || undefined),
  };
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
}

function part(repetition: Repetition, component: number, sub = 1): string {
  return (repetition.component(component, sub) ?? '').trim();
}

function said(segment: Segment, field: number, component = 1): string {
  return (segment.component(field, component) ?? '').trim();
}
