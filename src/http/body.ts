/** Bodies as they come in: bytes, then text, then JSON, each step refusing what the next could not bear. */
import type { Request } from 'express';
import { HubError } from '../core/errors.ts';
import type { Pair } from '../fhir/search-parse.ts';

/** FHIR resources nest a dozen levels; deeper ones are made to exhaust a stack. */
const DEPTH_MAX = 60;

/** @throws HubError MEDIA_TYPE_UNSUPPORTED, REQUEST_UNREADABLE */
export function readJson(req: Request, types: readonly string[]): unknown {
  const type = mediaType(req);
  if (!types.includes(type)) {
    throw new HubError('MEDIA_TYPE_UNSUPPORTED', { detail: `this takes ${types.join(' or ')}` });
  }
  const text = readText(req);
  if (depth(text) > DEPTH_MAX) {
    throw new HubError('REQUEST_UNREADABLE', { detail: `the JSON is nested deeper than ${DEPTH_MAX} levels` });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser quotes the text, which may name a patient; only its position is repeated.
    const at = /position \d+|line \d+ column \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    throw new HubError('REQUEST_UNREADABLE', { detail: `the body is not JSON${at === undefined ? '' : ` (${at})`}` });
  }
  // The text is UTF-8, so only an escape can be one of them.
  if (text.includes('\\u') && !storable(value)) {
    throw new HubError('REQUEST_UNREADABLE', { detail: 'a text holds a NUL character or half of a surrogate pair' });
  }
  return value;
}

export const FHIR_JSON: readonly string[] = ['application/fhir+json', 'application/json', 'text/json'];

/** Without parameters; empty when there is none. @throws HubError MEDIA_TYPE_UNSUPPORTED for another FHIR version */
export function mediaType(req: Request): string {
  const [type = '', ...parameters] = (req.get('content-type') ?? '').split(';').map((part) => part.trim());
  const version = parameters.find((part) => /^fhirversion=/i.test(part));
  if (version !== undefined && !/^fhirversion="?4\.0(?:\.\d+)?"?$/i.test(version)) {
    throw new HubError('MEDIA_TYPE_UNSUPPORTED', { detail: 'the hub speaks FHIR 4.0' });
  }
  const charset = parameters.find((part) => /^charset=/i.test(part));
  if (charset !== undefined && !/^charset="?utf-?8"?$/i.test(charset)) {
    throw new HubError('MEDIA_TYPE_UNSUPPORTED', { detail: 'FHIR JSON is UTF-8' });
  }
  return type.toLowerCase();
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** @throws HubError REQUEST_UNREADABLE when the bytes are not UTF-8 */
export function readText(req: Request): string {
  const body: unknown = req.body;
  if (!Buffer.isBuffer(body)) return '';
  try {
    return UTF_8.decode(body);
  } catch {
    throw new HubError('REQUEST_UNREADABLE', { detail: 'the body is not UTF-8' });
  }
}

/** Deepest nesting, counted in the text: the parser would build it all first. */
function depth(text: string): number {
  let deepest = 0;
  let level = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (quoted) {
      if (char === BACKSLASH) index += 1;
      else if (char === QUOTE) quoted = false;
    } else if (char === QUOTE) quoted = true;
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) deepest = Math.max(deepest, (level += 1));
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) level -= 1;
  }
  return deepest;
}
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** PostgreSQL takes no NUL in text, and half a surrogate pair is no character. */
function storable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => storable(key) && storable(inner));
}

/** Names in alphabetical order: two bodies that say the same have the same text, however they were written. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const inner = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(inner)
    .sort()
    .filter((name) => inner[name] !== undefined);
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(inner[name])}`).join(',')}}`;
}

/** A query string or form body as pairs. @throws HubError PARAMETER_INVALID for what is not percent-encoded UTF-8 */
export function readPairs(text: string): readonly Pair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals === -1 ? part : part.slice(0, equals);
      return [decoded(name), equals === -1 ? '' : decoded(part.slice(equals + 1))] as const;
    });
}

function decoded(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new HubError('PARAMETER_INVALID', { detail: 'a parameter is not percent-encoded UTF-8' });
  }
  if (plain.includes('\0')) throw new HubError('PARAMETER_INVALID', { detail: 'a parameter holds a NUL character' });
  return plain;
}

export function queryOf(req: Request): string {
  const mark = req.originalUrl.indexOf('?');
  return mark === -1 ? '' : req.originalUrl.slice(mark + 1);
}
