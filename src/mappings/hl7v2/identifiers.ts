/**
 * Identifiers of people and appointments: whose they are by the site file, and what they are called where it says
 * nothing.
 */
import { SYSTEMS } from '../../fhir/types.ts';
import type { IdentifierSettings } from '../../settings/identifier-shape.ts';
import { meaningOf } from '../../settings/identifier-types.ts';
import type { AppointmentChange, SiteIdentifier } from '../contract.ts';
import type { Repetition, Segment } from '../../hl7v2/segment.ts';
import { fieldOf, part, type Reading } from './reading.ts';

/** A CX, read. */
export interface PatientId {
  readonly identifier: SiteIdentifier;
  /** What the site file says about its authority; undefined when it is not listed. */
  readonly rule: IdentifierSettings | undefined;
  /** Authority as sent, `''` for none. */
  readonly authority: string;
  /** The field it stood in: `PID-3`. */
  readonly where: string;
}

const SSN_OID = '2.16.840.1.113883.4.1';
/** What clerks type where there is none, and the one that was printed in a million wallets. */
const DUMMY_SSN = /^(?:(\d)\1{8}|123456789|987654321|078051120)$/;

/**
 * All of PID-3, PID-2, PID-4 and PID-19 that hold something, in this order (PID-2 alone is what version 2.1 senders
 * fill).
 */
export function patientIds(reading: Reading, pid: Segment): readonly PatientId[] {
  const found = [3, 2, 4].flatMap((n) => pid.repetitions(n).flatMap((cx) => patientId(reading, cx, `PID-${n}`) ?? []));
  const ssn = socialSecurity(part(pid, 19), 'PID-19');
  return ssn === null ? found : [...found, ssn];
}

/** `where` is the place of PID that the field stands for: MRG-1 is looked up as PID-3. */
export function patientId(reading: Reading, cx: Repetition, where: string): PatientId | null {
  const value = part(cx, 1);
  // Senders fill unused places with zeros.
  if (/^0*$/.test(value)) return null;
  const namespace = part(cx, 4);
  const oid = part(cx, 4, 2);
  const type = part(cx, 5).toUpperCase();
  const rule = ruleFor(reading, [namespace, oid], type, where);
  if (rule !== undefined) {
    const code = type === '' ? meaningOf(rule).code : type;
    return { identifier: identifier(rule.system, value, code), rule, authority: namespace || oid, where };
  }
  if (isOurs(reading, namespace)) return null;
  if (type === 'SS' || namespace === 'USSSA' || oid === SSN_OID) return socialSecurity(value, where);
  const names = [namespace || oid, type].filter((name) => name !== '');
  const system = reading.localSystem(...(names.length === 0 ? ['patient'] : names));
  return { identifier: identifier(system, value, type), rule, authority: namespace || oid, where };
}

/** Given by this hub: it names no record of the site, whatever the site made of it. */
function isOurs({ settings }: Reading, namespace: string): boolean {
  return namespace !== '' && namespace === settings.requests?.namespace;
}

/** Of PID-3, the hub's own ids of the person. */
export function hubPersonIds(reading: Reading, pid: Segment): readonly string[] {
  const ours = pid.repetitions(3).filter((cx) => isOurs(reading, part(cx, 4)) && part(cx, 1) !== '');
  return [...new Set(ours.map((cx) => part(cx, 1)))];
}

/**
 * `ACME^MR`, then `ACME`, by namespace and by universal id; `^MR` for a type alone; `PID-3` for an id that says
 * nothing. Two hospitals may call themselves by one namespace: where the site file gives the universal id, another one
 * in the message is another authority.
 */
function ruleFor(
  reading: Reading,
  authority: readonly [namespace: string, universalId: string],
  type: string,
  where: string,
): IdentifierSettings | undefined {
  const named = authority.filter((name) => name !== '');
  const [, universalId] = authority;
  const keys = [...named.map((name) => `${name}^${type}`), ...named];
  if (named.length === 0) keys.push(type === '' ? where : `^${type}`);
  const { identifiers } = reading.site;
  for (const key of keys) {
    const rule = Object.hasOwn(identifiers, key) ? identifiers[key] : undefined;
    const isOther = universalId !== '' && ![undefined, universalId].includes(rule?.universalId);
    if (rule !== undefined && !isOther) return rule;
  }
  if (universalId === '') return undefined;
  return Object.entries(identifiers).find(
    ([key, rule]) => rule.universalId === universalId && isOfType(key, type),
  )?.[1];
}

/** `ACME^MR` is of that type; a name without one is of all. */
function isOfType(key: string, type: string): boolean {
  const [, own] = key.split('^');
  return own === undefined || own === type;
}

/** As the site file would name it. */
function authorityName({ authority, identifier: { type } }: PatientId): string {
  if (authority === '' && type === undefined) return 'PID-3';
  return type === undefined ? authority : `${authority}^${type}`;
}

/** Whether one of them is of an authority that the site file lists for people. */
export function isTold(ids: readonly PatientId[]): boolean {
  return ids.some(({ rule }) => rule !== undefined && meaningOf(rule).trust !== 'ignore');
}

/** Authorities of PID-3 that the site file does not list, each once. */
export function unlisted(ids: readonly PatientId[]): readonly string[] {
  const own = ids.filter(
    ({ rule, where, identifier: { system } }) => rule === undefined && where === 'PID-3' && system !== SYSTEMS.ssn,
  );
  return [...new Set(own.map(authorityName))];
}

/** Null for what cannot be one: other countries put other numbers into PID-19, and dummies would link strangers. */
function socialSecurity(text: string, where: string): PatientId | null {
  const found = /^(\d{3})-?(\d{2})-?(\d{4})$/.exec(text);
  if (found === null) return null;
  const [, area = '', group = '', serial = ''] = found;
  const value = area + group + serial;
  if (/^(000|666|9)/.test(area) || group === '00' || serial === '0000' || DUMMY_SSN.test(value)) return null;
  return { identifier: identifier(SYSTEMS.ssn, value, 'SS'), rule: undefined, authority: SYSTEMS.ssn, where };
}

/**
 * Names the site's record of a patient for ever, so it must not depend on the order of PID-3: the identifier that
 * write-back uses, else one that the site file lists, else the first of PID-3 with an authority, else the first. Null
 * without any; the number of an account or a visit, which names another record each time, is none.
 */
export function recordKey(ids: readonly PatientId[]): string | null {
  const own = ids.filter(
    ({ identifier: { system }, rule }) =>
      system !== SYSTEMS.ssn && (rule === undefined || meaningOf(rule).trust !== 'ignore'),
  );
  const listed = own.filter((id) => id.where === 'PID-3');
  const unknown = listed.length > 0 ? listed : own;
  const chosen =
    own.find((id) => id.rule?.useForWriteBack === true) ??
    own.find((id) => id.rule !== undefined && meaningOf(id.rule).trust === 'proves') ??
    own.find((id) => id.rule !== undefined) ??
    unknown.find((id) => id.authority !== '') ??
    unknown[0];
  if (chosen === undefined) return null;
  const { value } = chosen.identifier;
  return chosen.authority === '' ? value : `${value}^${chosen.authority}`;
}

/** SCH-1 and SCH-2, and PV1-19 of every patient. */
export function appointmentIdentifiers(reading: Reading, sch: Segment | undefined): readonly SiteIdentifier[] {
  const found: (SiteIdentifier | null)[] = [];
  if (sch !== undefined) {
    found.push(entity(reading, fieldOf(sch, 1), 'PLAC', 'placer'), entity(reading, fieldOf(sch, 2), 'FILL', 'filler'));
  }
  for (const pv1 of reading.message.all('PV1')) found.push(visitNumber(reading, fieldOf(pv1, 19)));
  return unique(found.filter((one) => one !== null));
}

/**
 * The visit that this one is an occurrence of (SCH-23, SCH-24), what was asked for with it (SCH-4), orders (26, 27).
 */
export function linkedIdentifiers(
  reading: Reading,
  sch: Segment,
): Pick<AppointmentChange, 'parents' | 'group' | 'orders'> {
  const all = (n: number, type: string, name: string): readonly SiteIdentifier[] =>
    sch.repetitions(n).flatMap((ei) => entity(reading, ei, type, name) ?? []);
  const parents = [...all(23, 'PLAC', 'placer'), ...all(24, 'FILL', 'filler')];
  const [group] = all(4, 'PGN', 'placer');
  const orders = [...all(26, 'PLAC', 'order'), ...all(27, 'FILL', 'order')];
  return {
    ...(parents.length === 0 ? {} : { parents }),
    ...(group === undefined ? {} : { group }),
    ...(orders.length === 0 ? {} : { orders }),
  };
}

/** EI: id^namespace^universal id^type. */
function entity(reading: Reading, ei: Repetition | undefined, type: string, name: string): SiteIdentifier | null {
  return ei === undefined ? null : owned(reading, part(ei, 1), [part(ei, 2), part(ei, 3), part(ei, 4)], type, name);
}

/** CX, whose authority is one component of three parts. */
export function visitNumber(reading: Reading, cx: Repetition | undefined): SiteIdentifier | null {
  return cx === undefined
    ? null
    : owned(reading, part(cx, 1), [part(cx, 4), part(cx, 4, 2), part(cx, 4, 3)], 'VN', 'visit');
}

function owned(
  reading: Reading,
  value: string,
  authority: readonly [namespace: string, id: string, idType: string],
  type: string,
  name: string,
): SiteIdentifier | null {
  if (value === '') return null;
  const [namespace, id, idType] = authority;
  const rule = ruleFor(reading, [namespace, id], type, name);
  if (rule !== undefined) return identifier(rule.system, value, type);
  if (idType.toUpperCase() === 'ISO' && /^[0-2](\.\d+)+$/.test(id)) return identifier(`urn:oid:${id}`, value, type);
  return identifier(reading.localSystem(namespace || id || name), value, type);
}

/**
 * The appointment's name at the site: id and authority of the filler's or the placer's id, with the occurrence number
 * of a repeating appointment whose occurrences have no ids of their own (SCH-3). Null when the message names none.
 */
export function appointmentKey(reading: Reading, sch: Segment): string | null {
  const order = reading.settings.appointmentKey === 'filler' ? [2, 1] : [1, 2];
  for (const n of order) {
    const ei = fieldOf(sch, n);
    if (ei === undefined || part(ei, 1) === '') continue;
    const authority = part(ei, 2) || part(ei, 3);
    const occurrence = part(sch, 3);
    const key = authority === '' ? part(ei, 1) : `${part(ei, 1)}^${authority}`;
    return /^0*$/.test(occurrence) ? key : `${key}#${occurrence}`;
  }
  return null;
}

function identifier(system: string, value: string, type: string): SiteIdentifier {
  return type === '' ? { system, value } : { system, value, type };
}

function unique(identifiers: readonly SiteIdentifier[]): readonly SiteIdentifier[] {
  const seen = new Map(identifiers.map((one) => [`${one.system}|${one.value}|${one.type ?? ''}`, one]));
  return [...seen.values()];
}
