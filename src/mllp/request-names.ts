/** What tells requests (SRM) apart: pure. */
import { sha256 } from '../core/ids.ts';
import { latin1 } from '../hl7v2/charset.ts';
import type { FramePart } from '../hl7v2/acknowledge-frame.ts';
import { findHeader, header } from '../hl7v2/header.ts';
import { parseMessage } from '../hl7v2/message.ts';
import type { SchedulingRequest } from '../hl7v2/request-facts.ts';

/** The message without its time (MSH-7): senders that repeat one put a new time on it. */
export function contentOf(bytes: Uint8Array): string {
  const text = latin1(bytes);
  const at = findHeader(text);
  if (at === -1) return text;
  const line = /^[^\r\n]*/.exec(text.slice(at))?.[0] ?? '';
  const { field } = header(bytes).separators;
  const fields = line.split(field);
  if (fields[6] !== undefined) fields[6] = '';
  return text.slice(0, at) + fields.join(field) + text.slice(at + line.length);
}

/** ARQ-1 as its requests are put in order by; where it names nothing each request stands for itself. */
export function placerOf({ bytes, head }: Pick<FramePart, 'bytes' | 'head'>): string {
  const [placer] = parseMessage(bytes).message.first('ARQ')?.repetitions(1) ?? [];
  const part = (component: number): string => (placer?.component(component) ?? '').trim();
  return part(1) === '' ? `none:${head.raw(10)}` : [part(1), part(2), part(3)].join('^');
}

/** What is asked for, apart from who keyed it and what is known of the patient beside the identifiers. */
export function digestOf(request: SchedulingRequest): string {
  const { contact: _contact, enteredBy: _enteredBy, patients, ...rest } = request;
  return sha256(JSON.stringify({ ...rest, patients: patients.map(({ identifiers }) => identifiers) }));
}
