/** A small Acuity account and its HTTP caller for the simulator's tests. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { instant } from '../../src/core/instant.ts';
import type { Clock } from '../../src/core/clock.ts';
import { acuitySimulator } from '../../src/simulators/acuity/simulator.ts';
import { startSimulator, type StartedSimulator } from '../../src/simulators/kit/start.ts';

export interface Cleanup {
  after(work: () => Promise<void> | void): void;
}

/** Monday 2026-11-30 06:00 in Chicago at the start of every test; real milliseconds pass on top. */
export const MONDAY = instant(Date.parse('2026-11-30T12:00:00Z'));

export function clockFrom(start: number): Clock {
  const began = performance.now();
  return {
    now: () => instant(start + performance.now() - began),
    monotonic: () => performance.now(),
    sleep: async (ms, signal) => {
      await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    },
  };
}

const OFFICE = { mon: ['09:00-12:00', '13:00-17:00'], tue: ['09:00-12:00', '13:00-17:00'] };

export function practiceSeed(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    account: { id: 10101, name: 'Test practice', email: 'office@example.org', timezone: 'America/Chicago' },
    users: [
      { id: 10101, apiKey: 'main-key', admin: true },
      { id: 10102, apiKey: 'second-key', admin: false, calendarIDs: [2] },
    ],
    oauthClients: [{ clientId: 'app', clientSecret: 'app-secret', userId: 10102 }],
    calendars: [
      { id: 1, name: 'Asha Rao', location: 'Room 4', timezone: 'America/Chicago', hours: OFFICE },
      { id: 2, name: 'Ben Ortiz', timezone: 'America/New_York', hours: OFFICE },
    ],
    appointmentTypes: [
      { id: 11, name: 'Visit', type: 'service', duration: 30, calendarIDs: [1, 2], formIDs: [501], price: '80.00' },
      { id: 12, name: 'Long', type: 'service', duration: 60, calendarIDs: [1], paddingBefore: 10, paddingAfter: 15 },
      { id: 13, name: 'Group', type: 'class', duration: 60, classSize: 2, calendarIDs: [1] },
      { id: 14, name: 'Course', type: 'series', duration: 60, classSize: 4, calendarIDs: [2] },
      { id: 15, name: 'Hidden', type: 'service', duration: 30, calendarIDs: [1], private: true },
      { id: 16, name: 'Gone', type: 'service', duration: 30, calendarIDs: [1], active: false },
    ],
    forms: [
      {
        id: 501,
        name: 'Hub',
        fields: [
          { id: 88001, name: 'Hub booking' },
          { id: 88002, name: 'MRN' },
        ],
      },
    ],
    labels: [{ id: 3, name: 'Confirmed', color: 'green' }],
    horizonDays: 7,
    ...more,
    settings: { requestsPerSecond: 1000, concurrentRequests: 100, ...(more['settings'] as object | undefined) },
  };
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The parsed body when it is an object; what it holds is for the test to know. */
  readonly json: Loose;
  /** The parsed body when it is an array. */
  readonly rows: readonly Loose[];
}

export interface Loose {
  readonly [name: string]: Loose;
}

export interface Practice {
  readonly url: string;
  readonly folder: string;
  readonly simulator: StartedSimulator;
  readonly api: (method: string, path: string, body?: unknown, login?: string) => Promise<Reply>;
  readonly act: (action: string, more?: Record<string, unknown>) => Promise<Reply>;
  readonly faults: (switches: Record<string, unknown> | null) => Promise<Reply>;
  readonly state: (only?: string) => Promise<Loose>;
}

export async function practice(
  t: Cleanup,
  more: Record<string, unknown> = {},
  options: { readonly folder?: string; readonly clock?: Clock } = {},
): Promise<Practice> {
  const folder = options.folder ?? temporaryFolder(t);
  const clock = options.clock ?? clockFrom(MONDAY);
  const simulator = await startSimulator(acuitySimulator, {
    site: 'test-site',
    stateDir: folder,
    seed: practiceSeed(more),
    clock,
  });
  t.after(() => simulator.stop().catch(() => undefined));
  const { url } = simulator;
  return {
    url,
    folder,
    simulator,
    api: (method, path, body, login = '10101:main-key') =>
      call(method, `${url}/api/v1${path}`, body, { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
    act: (action, fields = {}) => call('POST', `${url}/__sim/act`, { action, ...fields }),
    faults: (switches) => call(switches === null ? 'DELETE' : 'POST', `${url}/__sim/faults`, switches ?? undefined),
    state: async (only) => (await call('GET', `${url}/__sim/state${only === undefined ? '' : `?only=${only}`}`)).json,
  };
}

export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'slotwire-simulator-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  let json: unknown = null;
  if (text.startsWith('{') || text.startsWith('[')) json = JSON.parse(text);
  const rows = Array.isArray(json) ? (json as Loose[]) : [];
  return { status: answer.status, text, headers: answer.headers, json: (json ?? {}) as Loose, rows };
}

export interface Heard {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly action: string;
  readonly id: string;
}

/** A receiver of webhooks that answers what it is told to. */
export async function receiver(
  t: Cleanup,
  status: (id: string) => number | Promise<number> = () => 200,
): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const id = form.get('id') ?? '';
      heard.push({ body, headers: request.headers, action: form.get('action') ?? '', id });
      Promise.resolve(status(id)).then(
        (code) => response.writeHead(code).end(),
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
}

export function signatureOf(body: string, key: string): string {
  return createHmac('sha256', key).update(body).digest('base64');
}

/** Polls until `check` holds; the test's own time limit ends a wait that never does. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await wait(10);
}

export const VISIT = {
  datetime: '2026-12-01T09:00:00-0600',
  appointmentTypeID: 11,
  calendarID: 1,
  firstName: 'Noa',
  lastName: 'Lee',
  email: 'noa.lee@example.org',
  phone: '3125550188',
};

export function list(value: Loose | undefined): readonly Loose[] {
  return value as unknown as readonly Loose[];
}

/** An id or a text out of a parsed body, for a path or a comparison. */
export function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TypeError('neither a text nor a number');
}
