/**
 * Reads of a message what the hub must know before anything is mapped: what it is, when it happened, and what it shares
 * with other messages. Total: a frame that nobody can make sense of is an event too, and is parked by the mapping.
 */
import { DAY_MS, type Instant } from '../../../core/instant.ts';
import { sha256 } from '../../../core/ids.ts';
import { messageBytes } from '../../../hl7v2/batch.ts';
import { parseMessage, type Message } from '../../../hl7v2/message.ts';
import type { Repetition, Segment, Value } from '../../../hl7v2/segment.ts';
import { EARLIEST_NEWS, parseTime, resolveTime } from '../../../hl7v2/time.ts';
import type { SiteSettings } from '../../../settings/shape.ts';
import type { Hl7Feed, Site, SiteEvent } from '../../contract.ts';
import { addressOf, type Hl7v2Settings } from './wire.ts';

/** As IHE names the encoding with vertical bars; the character set is in MSH-18. */
const CONTENT_TYPE = 'x-application/hl7-v2+er7';

/**
 * An ordering time later than this after receipt is a mistake: taken as it is, it would outrank all news until then.
 */
const FARTHEST_AHEAD_MS = DAY_MS;

export function hl7Feed(site: Site<Hl7v2Settings>): Hl7Feed {
  const { settings } = site;
  return {
    address: addressOf(settings),
    accepts: settings.accepts,
    read(frame, receivedAt) {
      const id = sha256(frame);
      const messages = messagesOf(frame, settings);
      const first = messages[0];
      const keys = new Set(messages.flatMap((message) => sequenceKeys(message, site)));
      const event: SiteEvent = {
        shape: 'event',
        kind: first === undefined ? 'HL7' : kindOf(first),
        id,
        occurredAt: first === undefined ? null : orderingTime(first, site, receivedAt),
        sequenceKeys: keys.size > 0 ? [...keys] : [lastResort(first, id)],
        contentType: CONTENT_TYPE,
        body: frame,
      };
      const controlId = first?.controlId ?? '';
      return controlId === '' ? event : { ...event, controlId };
    },
  };
}

function messagesOf(frame: Uint8Array, settings: Hl7v2Settings): readonly Message[] {
  return messageBytes(frame).map(
    (bytes) => parseMessage(bytes, { defaultCharset: settings.charsetWhenAbsent }).message,
  );
}

/** `SIU^S12`; the code alone where no trigger is sent (`ACK`). */
function kindOf(message: Message): string {
  const { messageCode, triggerEvent } = message;
  if (messageCode === '') return 'HL7';
  return triggerEvent === '' || messageCode === 'ACK' ? messageCode : `${messageCode}^${triggerEvent}`;
}

function orderingTime(message: Message, site: Site<Hl7v2Settings>, receivedAt: Instant): Instant | null {
  for (const path of site.settings.orderingTime) {
    const found = /^(\w{3})-(\d+)(?:\.(\d+))?$/.exec(path);
    const segment = message.first(found?.[1] ?? '');
    const time = parseTime(said(segment?.component(Number(found?.[2]), Number(found?.[3] ?? 1))));
    const at =
      time === null || isPlanned(message, path, site) ? null : (resolveTime(time, site.file.timeZone)?.at ?? null);
    if (at !== null && at >= EARLIEST_NEWS && at - receivedAt <= FARTHEST_AHEAD_MS) return at;
  }
  return null;
}

/**
 * Some senders write the start of the planned visit into EVN-6: taken for the moment of the news, it would outrank the
 * cancellation that comes before that day.
 */
function isPlanned(message: Message, path: string, { settings }: Site<Hl7v2Settings>): boolean {
  if (path !== 'EVN-6') return false;
  const evn = said(message.first('EVN')?.component(6, 1));
  return settings.adtFields.start.some((start) => {
    const found = /^(\w{3})-(\d+)(?:\.(\d+))?$/.exec(start);
    return said(message.first(found?.[1] ?? '')?.component(Number(found?.[2]), Number(found?.[3] ?? 1))) === evn;
  });
}

/**
 * Coarser than the keys that the mapping gives: a number alone, without its authority, because one message names the
 * authority and the next leaves it out. Messages that share a number are applied in order, which harms nothing.
 */
function sequenceKeys(message: Message, { file, settings }: Site<Hl7v2Settings>): readonly string[] {
  const mrgs = message.all('MRG');
  // Every pair of a merge, and whatever may name one of its sides: what follows about any of them must wait for it.
  const sides = message.all('PID').flatMap((pid) => patientIds(file, pid, mrgs.length > 0));
  const patients = [...sides, ...mrgs.flatMap((mrg) => mergedIds(file, mrg))];
  const keys = patients.map((id) => `patient:${id}`);
  for (const sch of message.all('SCH')) {
    const ids = settings.appointmentKey === 'filler' ? [2, 1] : [1, 2];
    const id = ids.map((field) => said(sch.component(field, 1))).find((text) => text !== '');
    if (id !== undefined) keys.push(`appointment:${id}`);
  }
  const isBlock = message.triggerEvent === 'S23' || message.triggerEvent === 'S24';
  return keys.length > 0 && !isBlock ? keys : [...keys, ...resourceKeys(message)];
}

/** Whatever may name the record in the mapping (identifiers.ts), or its messages would pass each other. */
function patientIds(file: SiteSettings, pid: Segment, merges: boolean): readonly string[] {
  const all = pid.repetitions(3);
  const listed = recordIds(file, all, 'PID-3', merges);
  const older = ([2, 4] as const).flatMap((field) =>
    pid.repetitions(field).filter((id) => isListed(file, id, `PID-${field}`)),
  );
  // Version 2.1 senders have the patient in PID-2 alone.
  const further = listed.length > 0 && !merges ? older : [...pid.repetitions(2), ...older];
  return [...listed, ...further.map(idOf).filter(isId)];
}

function mergedIds(file: SiteSettings, mrg: Segment): readonly string[] {
  const all = [1, 4, 2].flatMap((field) => mrg.repetitions(field));
  return recordIds(file, all, 'PID-3', true);
}

/** Where nothing else is given, a number of the state names the record after all; one of social security never does. */
function recordIds(file: SiteSettings, all: readonly Repetition[], where: string, merges: boolean): readonly string[] {
  const records = all.filter((id) => namesOneRecord(id) || isListed(file, id, where));
  const rest = merges ? all : all.filter((id) => typeOf(id) !== 'SS');
  return (records.length > 0 ? records : rest).map(idOf).filter(isId);
}

/** Numbers of the state are left out: dummies like 999-99-9999 would put half a clinic into one sequence. */
function namesOneRecord(id: Repetition): boolean {
  return !['SS', 'DL', 'PPN', 'NI', 'NH'].includes(typeOf(id));
}

/** By the names that the site file may give it: `NHS^NH`, `NHS`, `^NH`, `PID-2`. */
function isListed({ identifiers }: SiteSettings, id: Repetition, where: string): boolean {
  const authorities = [said(id.component(4, 1)), said(id.component(4, 2))].filter((name) => name !== '');
  const type = typeOf(id);
  const bare = type === '' ? where : `^${type}`;
  const names = authorities.length === 0 ? [bare] : authorities.flatMap((name) => [`${name}^${type}`, name]);
  return names.some((name) => Object.hasOwn(identifiers, name));
}

function typeOf(id: Repetition): string {
  return said(id.component(5)).toUpperCase();
}

function idOf(id: Repetition): string {
  return said(id.component(1));
}

function isId(text: string): boolean {
  return !/^0*$/.test(text);
}

const RESOURCE_FIELDS: readonly (readonly [segment: string, field: number])[] = [
  ['SCH', 5],
  ['AIP', 3],
  ['AIL', 3],
  ['AIG', 3],
  ['MFE', 4],
];

function resourceKeys(message: Message): readonly string[] {
  return RESOURCE_FIELDS.flatMap(([name, field]) =>
    message.all(name).map((segment) => said(segment.component(field, 1))),
  )
    .filter((code) => code !== '')
    .map((code) => `resource:${code}`);
}

function lastResort(message: Message | undefined, id: string): string {
  const controlId = message?.controlId ?? '';
  return controlId === '' ? `message:${id}` : `control:${controlId}`;
}

function said(value: Value): string {
  return (value ?? '').trim();
}
