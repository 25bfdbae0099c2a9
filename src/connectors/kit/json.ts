/** Reading vendors' JSON without changing a byte of it: what is stored must be what was sent. */
import { HubError } from '../../core/errors.ts';

/**
 * The elements of a JSON array as the text they have in it, so that each can be stored untouched.
 * `text` must be valid JSON whose top level is an array (parse it first).
 */
export function rawElements(text: string): readonly string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = -1;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') {
      const begin = at;
      at = endOfString(text, at);
      if (depth === 1 && start < 0) start = begin;
    } else if (sign === '[' || sign === '{') {
      if (depth === 1 && start < 0) start = at;
      depth += 1;
    } else if ((sign === ',' && depth === 1) || (sign === ']' && depth === 1)) {
      if (start >= 0) elements.push(text.slice(start, at).trimEnd());
      start = -1;
      if (sign === ']') depth -= 1;
    } else if (sign === ']' || sign === '}') {
      depth -= 1;
    } else if (depth === 1 && start < 0 && sign !== undefined && sign.trim() !== '') {
      start = at;
    }
  }
  return elements;
}

function endOfString(text: string, open: number): number {
  let at = open + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/**
 * Parses and checks an answer. The detail names the call, never what was in the body.
 * @throws HubError SITE_ANSWER_UNREADABLE
 */
export function readJson<T>(text: string, is: (value: unknown) => value is T, call: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HubError('SITE_ANSWER_UNREADABLE', { detail: `${call}: the answer is not JSON` });
  }
  if (is(value)) return value;
  throw new HubError('SITE_ANSWER_UNREADABLE', { detail: `${call}: the answer has another shape than documented` });
}
