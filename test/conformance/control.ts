/** Speaks `/__sim/` of every simulator alike. */
import assert from 'node:assert/strict';
import { parseInstant, type Interval } from '../../src/core/instant.ts';

export type Row = Readonly<Record<string, unknown>>;

export async function control(method: string, url: string, body?: unknown): Promise<Row> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, `${method} ${url}: ${text}`);
  return JSON.parse(text) as Row;
}

export function actor(url: string): (action: string, fields?: Row) => Promise<Row> {
  return (action, fields = {}) => control('POST', `${url}/__sim/act`, { action, ...fields });
}

export function rowsOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}

export function textOf(value: unknown): string {
  assert.ok(typeof value === 'string' || typeof value === 'number', 'neither a text nor a number');
  return String(value);
}

/** `start` and `end` of a row, in UTC. */
export function intervalOf(row: Row): Interval {
  const [start, end] = [parseInstant(textOf(row['start'])), parseInstant(textOf(row['end']))];
  assert.ok(start !== null && end !== null, 'start or end is no time');
  return { start, end };
}
