/** One selecting parameter, with its modifiers and chains, to a Criterion. */
import { isUuid } from '../core/ids.ts';
import { parseDateValue } from './search-date.ts';
import {
  isSealedType,
  isStoredType,
  modifiersOf,
  searchParam,
  searchParams,
  type SearchParam,
} from './search-params.ts';
import { shown, VALUES_MAX, type Parsed, type SearchRequest } from './search-parse.ts';
import type { Criterion, DateValue, ReferenceValue, TokenValue } from './search.ts';
import type { StoredType } from './types.ts';

type Outcome = Parsed<Criterion>;
const CHAIN_MAX = 3;

export function parseCriterion(name: string, value: string, request: SearchRequest): Outcome {
  return read(request.type, name.split('.'), value, request);
}

/** `path` is the name split at the dots of a chain: ['schedule', 'actor:Practitioner', 'identifier']. */
function read(type: StoredType, path: readonly string[], value: string, request: SearchRequest): Outcome {
  const [head = '', ...rest] = path;
  const [name = '', modifier, ...more] = head.split(':');
  const param = searchParam(type, name);
  const whole = shown(path.join('.'));
  if (param === undefined || rest.length >= CHAIN_MAX) {
    const names = searchParams(type).map((each) => each.name);
    return { kind: 'unknown', because: `${type} has no search parameter ${whole}; it has ${names.join(', ')}.` };
  }
  if (more.length > 0) return { kind: 'invalid', because: `${whole}: one modifier at most.` };
  if (rest.length > 0) return chain(param, modifier, rest, value, request, whole);
  if (modifier !== undefined && !modifiersOf(param).includes(modifier)) {
    return { kind: 'invalid', because: unsupported(param, modifier, whole) };
  }
  if (modifier === 'missing') return missing(param, value, whole);
  const values = split(value);
  if (values.length > VALUES_MAX) return { kind: 'invalid', because: `${whole}: at most ${VALUES_MAX} values.` };
  switch (param.type) {
    case 'token':
      return tokens(type, param, modifier === 'not', values, whole);
    case 'date':
      return dates(param, values, request, whole);
    case 'reference':
      return references(param, modifier, values, request, whole);
    case 'string':
      return strings(param, modifier, values, whole);
  }
}

function unsupported(param: SearchParam, modifier: string, whole: string): string {
  const able = modifiersOf(param);
  const list = able.length === 0 ? 'it has none' : `it has ${able.map((each) => `:${each}`).join(', ')}`;
  const advice =
    modifier === 'identifier' && param.type === 'reference'
      ? `; to find by the identifier of what is referred to, write ${param.name}.identifier`
      : '';
  return `${whole}: this modifier is not supported; ${list}${advice}.`;
}

function chain(
  param: SearchParam,
  modifier: string | undefined,
  rest: readonly string[],
  value: string,
  request: SearchRequest,
  whole: string,
): Outcome {
  if (param.type !== 'reference') return { kind: 'unknown', because: `${whole}: ${param.name} refers to nothing.` };
  if (modifier !== undefined && !(isStoredType(modifier) && param.targets.includes(modifier))) {
    return { kind: 'unknown', because: `${whole}: ${param.name} reaches ${param.targets.join(', ')} only.` };
  }
  const targets = modifier === undefined ? param.targets : param.targets.filter((target) => target === modifier);
  const tried = targets.map((target) => ({ target, outcome: read(target, rest, value, request) }));
  const invalid = tried.find(({ outcome }) => outcome.kind === 'invalid');
  if (invalid !== undefined) return invalid.outcome;
  const found = tried.flatMap(({ target, outcome }): Criterion[] =>
    outcome.kind === 'ok' ? [{ kind: 'chain', param: param.name, target, inner: outcome.value }] : [],
  );
  const [first] = found;
  if (first === undefined) return tried[0]?.outcome ?? { kind: 'unknown', because: `${whole} is not supported.` };
  const warning = tried
    .map(({ outcome }) => (outcome.kind === 'ok' ? outcome.warning : undefined))
    .find((text) => text);
  const criterion: Criterion = found.length === 1 ? first : { kind: 'any', of: found };
  return { kind: 'ok', value: criterion, ...(warning === undefined ? {} : { warning }) };
}

function missing(param: SearchParam, value: string, whole: string): Outcome {
  if (value !== 'true' && value !== 'false') return { kind: 'invalid', because: `${whole}: write true or false.` };
  return { kind: 'ok', value: { kind: 'missing', param: param.name, missing: value === 'true' } };
}

function tokens(
  type: StoredType,
  param: SearchParam,
  negate: boolean,
  values: readonly string[],
  whole: string,
): Outcome {
  const anyOf: TokenValue[] = [];
  let warning: string | undefined;
  for (const text of values) {
    const value = tokenOf(text);
    if (value === null) return { kind: 'invalid', because: `${whole}: write code, system|code, |code or system|.` };
    // Of a Patient the system alone is asked of the open record, where it is an identifier's.
    const isDomain = param.name === 'identifier' && typeof value.system === 'string' && !negate;
    if (value.code === undefined && isSealedType(type) && !isDomain) {
      return { kind: 'invalid', because: `${whole}: ${type} is found by whole identifiers only; write system|value.` };
    }
    const code = param.codes === undefined ? value.code : value.code?.toLowerCase();
    if (param.codes !== undefined && code !== undefined && !param.codes.includes(code)) {
      if (param.place.kind === 'flag') return { kind: 'invalid', because: `${whole}: write true or false.` };
      warning = `${whole}: there is no code ${shown(code)}; the codes are ${param.codes.join(', ')}.`;
    }
    anyOf.push({ ...value, ...(code === undefined ? {} : { code }) });
  }
  const criterion: Criterion = { kind: 'token', param: param.name, negate, anyOf };
  return { kind: 'ok', value: criterion, ...(warning === undefined ? {} : { warning }) };
}

/** Null: `system|code` and its short forms are written otherwise. */
export function tokenOf(text: string): TokenValue | null {
  const parts = splitAt(text, '|').map(unescaped);
  const [first = '', second] = parts;
  if (parts.length > 2 || text === '|') return null;
  if (second === undefined) return { code: first };
  if (first === '') return { system: null, code: second };
  return second === '' ? { system: first } : { system: first, code: second };
}

function dates(param: SearchParam, values: readonly string[], request: SearchRequest, whole: string): Outcome {
  const anyOf: DateValue[] = [];
  for (const text of values) {
    // A birthday is the same day wherever it is asked for.
    const zone = param.place.kind === 'sealed' ? 'UTC' : request.zone;
    const value = parseDateValue(unescaped(text), zone, request.now);
    if (value === null) {
      return {
        kind: 'invalid',
        because:
          `${whole}: write a date like 2026-03-14 or 2026-03-14T10:00:00Z, ` +
          'with eq, ne, gt, lt, ge, le, sa, eb or ap before it.',
      };
    }
    anyOf.push(value);
  }
  return { kind: 'ok', value: { kind: 'date', param: param.name, anyOf } };
}

const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;

function references(
  param: SearchParam,
  modifier: string | undefined,
  values: readonly string[],
  request: SearchRequest,
  whole: string,
): Outcome {
  const anyOf: ReferenceValue[] = [];
  let warning: string | undefined;
  for (const value of values) {
    const text = unescaped(value);
    const local = text.startsWith(`${request.base}/`) ? text.slice(request.base.length + 1) : text;
    // Another server's resource: we never refer to one, so nothing matches.
    if (/^(?:https?|urn):/i.test(local)) continue;
    const parts = local.split('/');
    const id = parts.at(-1) ?? '';
    const type = parts.length === 2 ? parts[0] : modifier;
    if (parts.length > 2 || !FHIR_ID.test(id) || (type !== undefined && !/^[A-Z][A-Za-z]+$/.test(type))) {
      return { kind: 'invalid', because: `${whole}: write a reference like ${param.targets[0] ?? 'Type'}/id.` };
    }
    const types = type === undefined ? param.targets : param.targets.filter((target) => target === type);
    if (types.length === 0) warning = `${whole}: refers to ${param.targets.join(', ')}, never to ${shown(type ?? '')}.`;
    // Our ids are UUIDs; any other id is well formed and names nothing.
    if (isUuid(id)) anyOf.push(...types.map((target) => ({ type: target, id })));
  }
  const criterion: Criterion = { kind: 'reference', param: param.name, anyOf };
  return { kind: 'ok', value: criterion, ...(warning === undefined ? {} : { warning }) };
}

function strings(param: SearchParam, modifier: string | undefined, values: readonly string[], whole: string): Outcome {
  const anyOf = values.map(unescaped);
  if (anyOf.some((text) => text.trim() === '')) return { kind: 'invalid', because: `${whole}: write some text.` };
  const match = modifier === 'exact' || modifier === 'contains' ? modifier : 'starts';
  return { kind: 'ok', value: { kind: 'string', param: param.name, anyOf, match } };
}

/** Alternatives, still escaped; empty ones (`free,`) are left out. */
function split(value: string): readonly string[] {
  const parts = splitAt(value, ',').filter((part) => part !== '');
  return parts.length === 0 ? [value] : parts;
}

/** Splits where the separator is not escaped with a backslash. */
function splitAt(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let current = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '\\' && index + 1 < text.length) {
      current += char + text.charAt(index + 1);
      index += 1;
    } else if (char === separator) {
      parts.push(current);
      current = '';
    } else current += char;
  }
  return [...parts, current];
}

function unescaped(text: string): string {
  return text.replace(/\\([,$|\\])/g, '$1');
}
