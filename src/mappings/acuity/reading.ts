/**
 * Reads fields of vendor JSON one by one and collects what is wrong, so that a bad record is a list of issues, never a
 * throw.
 */
import { parseInstant, type Instant } from '../../core/instant.ts';
import type { Mapped, MapIssue } from '../contract.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Reading {
  readonly issues: MapIssue[];
  /** Whole number above 0, as text: the vendor's ids. */
  id(name: string): string;
  /** Text without the space around it; empty when absent. */
  text(name: string): string;
  instant(name: string): Instant | null;
  /** Number above 0; the vendor writes some numbers as text. */
  positive(name: string): number | null;
}

export function reading(fields: Fields): Reading {
  const issues: MapIssue[] = [];
  const missing = (where: string, problem: string): void => {
    issues.push({ code: 'MESSAGE_INCOMPLETE', where, problem });
  };
  return {
    issues,
    id(name) {
      const value = fields[name];
      if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return String(value);
      missing(name, 'must be a whole number above 0');
      return '';
    },
    text: (name) => textOf(fields[name]),
    instant(name) {
      const value = fields[name];
      const at = typeof value === 'string' ? parseInstant(value) : null;
      if (at === null) missing(name, 'must be a date and time with an offset');
      return at;
    },
    positive(name) {
      const value = positiveOf(fields[name]);
      if (value === null) missing(name, 'must be a number above 0');
      return value;
    },
  };
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

export function positiveOf(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : null;
}

/** The body as an object; null when it is anything else. */
export function objectIn(body: Uint8Array): Fields | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function rowsIn(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function unreadable(where: string, problem: string): Mapped {
  return { kind: 'unreadable', issues: [{ code: 'MESSAGE_UNREADABLE', where, problem }] };
}
