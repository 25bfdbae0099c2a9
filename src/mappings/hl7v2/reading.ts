/** One message while it is mapped: what is said where, the settings it is read by, and the warnings that add up. */
import { DAY_MS, type Instant } from '../../core/instant.ts';
import type { FieldOrders, Hl7v2Settings } from '../../connectors/kit/hl7/wire.ts';
import type { Message } from '../../hl7v2/message.ts';
import type { Repetition, Segment, Value } from '../../hl7v2/segment.ts';
import { EARLIEST_NEWS, parseTime, resolveTime } from '../../hl7v2/time.ts';
import type { Coding } from '../../fhir/types.ts';
import { feedSettings } from '../../settings/feed-settings.ts';
import type { SiteSettings } from '../../settings/shape.ts';
import type { CodedText, MapIssue, SiteFacts } from '../contract.ts';
import { CODING_SYSTEMS } from './codes.ts';

/** `SCH-11.4`: field 11, component 4 of a segment named SCH. */
export interface FieldPath {
  readonly segment: string;
  readonly field: number;
  readonly component: number;
}

const PATH = /^([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+))?$/;

export function pathOf(text: string): FieldPath {
  const found = PATH.exec(text);
  return { segment: found?.[1] ?? '', field: Number(found?.[2] ?? 0), component: Number(found?.[3] ?? 1) };
}

/** What is said, blanks around it cut off; `''` for nothing and for `""`. */
export function said(value: Value): string {
  return (value ?? '').trim();
}

/** The part of a Segment or of one Repetition that holds components. */
export interface Composite {
  component(component: number, part?: number | 'all'): Value;
}

export function part(composite: Composite, component: number, sub = 1): string {
  return said(composite.component(component, sub));
}

/** A field whose first repetition is a composite. */
export function fieldOf(segment: Segment, n: number): Repetition | undefined {
  return segment.repetitions(n)[0];
}

/** How this site's feed is read, whatever its kind. */
export function feedOf({ site }: Pick<SiteFacts, 'site'>): Hl7v2Settings {
  // The plan has checked and completed them by the kind's own spec; the site file's type only does not know the kind.
  return feedSettings(site.settings) as unknown as Hl7v2Settings;
}

export class Reading {
  readonly message: Message;
  readonly site: SiteSettings;
  readonly settings: Hl7v2Settings;
  readonly visitTypes: SiteFacts['visitTypes'];
  /** Ordering time of everything that this message says. */
  readonly at: Instant;
  readonly #warnings: Set<string>;
  readonly #unlisted: Set<string>;

  constructor(message: Message, facts: SiteFacts, at: Instant, collected?: Reading, fields?: FieldOrders) {
    this.#warnings = collected === undefined ? new Set() : collected.#warnings;
    this.#unlisted = collected === undefined ? new Set() : collected.#unlisted;
    this.message = message;
    this.site = facts.site;
    const settings = feedOf(facts);
    this.settings = fields === undefined ? settings : { ...settings, fields };
    this.visitTypes = facts.visitTypes;
    this.at = at;
  }

  /** The same message read by other places. What is warned of while reading so stands with the rest. */
  withFields(fields: FieldOrders): Reading {
    const { site, visitTypes } = this;
    return new Reading(this.message, { site, visitTypes }, this.at, this, fields);
  }

  get trigger(): string {
    return this.message.triggerEvent;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Authorities that number people here and that the site file does not list, where it asks to be told of them. */
  get unlisted(): readonly string[] {
    return [...this.#unlisted];
  }

  unlistedAuthority(name: string): void {
    if (this.site.unknownIdentifiers === 'park') this.#unlisted.add(name);
  }

  /**
   * `where` is a path, `problem` a sentence; neither may hold a value of the message, since warnings are logged and
   * shown.
   */
  warn(where: string, problem: string): void {
    this.#warnings.add(`${where}: ${problem}`);
  }

  /** First that is said at a path, over all segments of that name. */
  first(path: string): string {
    const { segment, field, component } = pathOf(path);
    for (const one of this.message.all(segment)) {
      const text = said(one.component(field, component));
      if (text !== '') return text;
    }
    return '';
  }

  /** A moment with a time of day; null, with a warning unless it is empty, where there is none. */
  time(text: string, where: string, zone: string): Instant | null {
    if (text === '') return null;
    const time = parseTime(text);
    if (time === null) {
      this.warn(where, 'is not a time');
      return null;
    }
    if (time.precision === 'year' || time.precision === 'month' || time.precision === 'day') {
      this.warn(where, 'has no time of day, so it is not read as a moment');
      return null;
    }
    const resolved = resolveTime(time, zone);
    if (resolved?.exact === false) {
      this.warn(
        where,
        'happens twice or never on the day the clocks change; the earlier or next possible moment was taken',
      );
    }
    return resolved?.at ?? null;
  }

  /** Address of a system that only this site knows. */
  localSystem(...names: readonly string[]): string {
    return ['urn:slotwire:site', this.site.identity, ...names.map(encodeURIComponent)].join(':');
  }

  /**
   * CE, CWE: code^text^system^alternate code^text^system, and the original text in 9. Undefined when nothing is said.
   */
  coded(segment: Segment, n: number): CodedText | undefined {
    const field = fieldOf(segment, n);
    if (field === undefined) return undefined;
    const where = `${segment.name}-${n}`;
    const coding = [1, 4].flatMap((at) => this.#coding(field, at, where));
    const texts = [part(field, 9), part(field, 2), part(field, 5), part(field, 1)];
    const text = texts.find((one) => one !== '');
    return text === undefined ? undefined : { coding, text };
  }

  #coding(field: Repetition, at: number, where: string): readonly Coding[] {
    const code = part(field, at);
    if (code === '') return [];
    const display = part(field, at + 1);
    const system = this.#codingSystem(part(field, at + 2), where);
    return [display === '' ? { system, code } : { system, code, display }];
  }

  #codingSystem(name: string, where: string): string {
    const known = CODING_SYSTEMS[name.toUpperCase()];
    if (known !== undefined) return known;
    const table = /^(?:HL7)(\d{4})$/i.exec(name)?.[1];
    return table === undefined ? this.localSystem(where) : `http://terminology.hl7.org/CodeSystem/v2-${table}`;
  }
}

/**
 * When what a message says happened, by the places of the site file. A time more than a day after receipt is a mistake:
 * taken as it is, it would outrank all news until then.
 */
export function orderingTime(message: Message, facts: SiteFacts, receivedAt: Instant): Instant | null {
  const { orderingTime: paths, adtFields } = feedOf(facts);
  const at = (path: string): string => {
    const { segment, field, component } = pathOf(path);
    return said(message.first(segment)?.component(field, component));
  };
  for (const path of paths) {
    // The start of a planned visit, which some senders repeat in EVN-6, is not when the news was made.
    if (path === 'EVN-6' && adtFields.start.some((start) => at(start) === at(path))) continue;
    const time = parseTime(at(path));
    const moment = time === null ? null : (resolveTime(time, facts.site.timeZone)?.at ?? null);
    if (moment !== null && moment >= EARLIEST_NEWS && moment - receivedAt <= DAY_MS) return moment;
  }
  return null;
}

/** Collected where a message cannot be mapped as a whole. */
export function incomplete(where: string, problem: string): MapIssue {
  return { code: 'MESSAGE_INCOMPLETE', where, problem };
}

/**
 * Collected where a message can be read and can mean two things: a person decides, mostly by a line in the site file.
 */
export function undecided(where: string, problem: string): MapIssue {
  return { code: 'MESSAGE_UNDECIDED', where, problem };
}
