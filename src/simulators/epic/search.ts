/** What searches of every resource share (sheet section 2): where parameters stand, dates, what is not known. */
import { addDays, onDate } from '../kit/calendar.ts';
import { parseInstant, type Instant } from '../../core/instant.ts';
import type { Call } from '../kit/route.ts';
import { refusal, type Issue } from './answers.ts';
import { settingsOf, type Hospital } from './hospital.ts';

export interface Search {
  readonly query: URLSearchParams;
  readonly self: string;
}

/** Of a POST `_search` one half counts and the other is ignored, but for `_format` (a change of February 2026). */
export function searchOf(hospital: Hospital, call: Call): Search {
  const isPost = call.method === 'POST';
  const fromBody = isPost && settingsOf(hospital).postSearch === 'body';
  const query = new URLSearchParams(fromBody ? call.body.toString('utf8') : call.query);
  if (isPost && !fromBody && call.query.size === 0) {
    for (const [name, value] of new URLSearchParams(call.body.toString('utf8'))) query.append(name, value);
  }
  query.delete('_format');
  const text = query.toString();
  const path = call.path.replace(/\/_search$/, '');
  return { query, self: `${hospital.base()}${path}${text === '' ? '' : `?${text}`}` };
}

/** Sources disagree on what an unknown parameter leads to: ignored and said so, or refused. */
export function unknownIssues(hospital: Hospital, query: URLSearchParams, known: readonly string[]): Issue[] {
  const unknown = [...new Set(query.keys())].filter((name) => !known.includes(name.replace(/:.*$/, '')));
  if (unknown.length === 0) return [];
  const diagnostics = `unknown parameter ${unknown.join(', ')}`;
  if (settingsOf(hospital).unknownParameter === 'refuse') throw refusal(hospital, 400, { code: '4115', diagnostics });
  return [{ code: '4122', diagnostics }];
}

/** A test for `ge2026-12-01` and the like. A date alone is a day of the site. @throws Refusal 4115 */
export function dateTest(hospital: Hospital, text: string): (at: number) => boolean {
  const [, prefix = '', value = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? [];
  const span = spanOf(value, hospital.seed.site.timezone);
  if (span === null) throw refusal(hospital, 400, { code: '4115', location: 'date' });
  const { start, end } = span;
  switch (prefix) {
    case '':
    case 'eq':
      return (at) => at >= start && at < end;
    case 'ge':
      return (at) => at >= start;
    case 'gt':
      return (at) => at >= end;
    case 'le':
      return (at) => at < end;
    case 'lt':
      return (at) => at < start;
    default:
      throw refusal(hospital, 400, { code: '4115', location: 'date', diagnostics: `prefix ${prefix}` });
  }
}

function spanOf(value: string, zone: string): { readonly start: number; readonly end: number } | null {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) {
    const [start, end] = [onDate(value, '00:00', zone), onDate(addDays(value, 1), '00:00', zone)];
    return start === null || end === null ? null : { start, end };
  }
  const at: Instant | null = parseInstant(value);
  return at === null ? null : { start: at, end: at + (/:\d\d:\d\d/.test(value) ? 1000 : 60_000) };
}

/** The value of a token: what stands behind the system. */
export function tokenValue(token: string): string {
  return token.slice(token.lastIndexOf('|') + 1);
}
