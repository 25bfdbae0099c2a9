/** A portal or scheduler that uses the FHIR API of a whole hub. */
import assert from 'node:assert/strict';
import { DateTime } from 'luxon';
import { formatInstant, instant, parseInstant, type Instant, type Interval } from '../../src/core/instant.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Appointment, OperationOutcome, Patient, Reference, Resource, Slot } from '../../src/fhir/types.ts';
import type { TestHub } from './hub.ts';
import { eventually } from './wait.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Booking {
  readonly slot: Slot;
  readonly patientId: string;
  readonly key?: string;
  readonly comment?: string;
}

interface Bundle {
  readonly total?: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: Resource; readonly search?: { readonly mode: string } }[];
}
/** What a 409 contains beside its issues: Appointments that could be booked instead. */
export type Conflict = OperationOutcome & { readonly contained?: readonly Appointment[] };

export interface Caller {
  /** `path` begins with `/`, or is a whole address. */
  ask(path: string, request?: Ask): Promise<Answer>;
  /** Every match of all pages. */
  search<T extends Resource>(query: string): Promise<readonly T[]>;
  /** The entries of the first page with their modes. */
  page(query: string): Promise<NonNullable<Bundle['entry']>>;
  read<T extends Resource>(reference: string): Promise<T>;
  book(booking: Booking): Promise<Answer>;
  /** Follows 202 and its Content-Location until it is settled. */
  settled(answer: Answer): Promise<Answer>;
  cancelByPatch(id: string): Promise<Answer>;
  cancelByPut(id: string): Promise<Answer>;
}

const ANSWER_WITHIN_MS = 60_000;
/**
 * Cut short between its commit and its call, a booking is looked up after its deadline of 20 s, believed to be absent
 * only when it was not found twice, each time after the quiet time of its site, and then sent again.
 */
const SETTLED_WITHIN_MS = 240_000;

/** `token`: a name in sandbox.json, or a bearer token itself. */
export function callerOf(hub: Pick<TestHub, 'sandbox' | 'origin'>, token = 'scheduler'): Caller {
  const authorization = (): string => `Bearer ${hub.sandbox().tokens[token] ?? token}`;

  const ask = async (path: string, request: Ask = {}): Promise<Answer> => {
    const url = /^https?:/.test(path) ? path : `${hub.origin()}${path}`;
    const { method = 'GET', body, contentType = 'application/fhir+json' } = request;
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: authorization(),
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const get = async (path: string): Promise<unknown> => {
    const answer = await ask(path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    return JSON.parse(answer.text);
  };

  return {
    ask,
    async search<T extends Resource>(query: string) {
      const found: T[] = [];
      let next: string | undefined = `/fhir/R4/${query}`;
      while (next !== undefined) {
        const bundle: Bundle = (await get(next)) as Bundle;
        const matches = (bundle.entry ?? []).filter((entry) => entry.search?.mode !== 'outcome');
        found.push(...matches.map((entry) => entry.resource as T));
        next = bundle.link?.find((link) => link.relation === 'next')?.url;
      }
      return found;
    },
    page: async (query) => ((await get(`/fhir/R4/${query}`)) as Bundle).entry ?? [],
    read: async <T extends Resource>(reference: string) => (await get(`/fhir/R4/${reference}`)) as T,
    book: ({ key, ...booking }) =>
      ask('/fhir/R4/Appointment/$book', {
        method: 'POST',
        // The stories are about slots: whoever is booked may have a visit at another site at that hour.
        body: evenIfElsewhere(bookBody(booking)),
        ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
      }),
    settled: (answer) => {
      if (answer.status !== 202) return Promise.resolve(answer);
      const where = answer.headers.get('content-location');
      assert.ok(where !== null, '202 without Content-Location');
      const look = async (): Promise<Answer | false> => {
        const later = await ask(where);
        return later.status !== 202 && later;
      };
      return eventually('a pending booking is settled', look, { within_ms: SETTLED_WITHIN_MS });
    },
    cancelByPatch: (id) =>
      ask(`/fhir/R4/Appointment/${id}`, {
        method: 'PATCH',
        contentType: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/status', value: 'cancelled' }],
      }),
    async cancelByPut(id) {
      const { status: _status, ...appointment } = (await get(`/fhir/R4/Appointment/${id}`)) as Appointment;
      return ask(`/fhir/R4/Appointment/${id}`, { method: 'PUT', body: { ...appointment, status: 'cancelled' } });
    },
  };
}

function evenIfElsewhere(body: unknown): unknown {
  const { parameter } = body as { readonly parameter: readonly unknown[] };
  const allowed = { name: 'allow-patient-overlap', valueBoolean: true };
  return { resourceType: 'Parameters', parameter: [...parameter, allowed] };
}

export function bookBody({ slot, patientId, comment }: Omit<Booking, 'key'>): unknown {
  const resource = {
    resourceType: 'Appointment',
    status: 'proposed',
    slot: [{ reference: `Slot/${slot.id ?? ''}` }],
    start: slot.start,
    end: slot.end,
    participant: [{ actor: { reference: `Patient/${patientId}` }, status: 'accepted' }],
    ...(comment === undefined ? {} : { comment }),
  };
  return { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource }] };
}

/** The one booked Appointment of a `$book` answer. */
export function bookedIn(answer: Answer): Appointment {
  assert.ok(answer.status === 200 || answer.status === 201, `${answer.status}: ${answer.text}`);
  const { entry = [] } = JSON.parse(answer.text) as Bundle;
  assert.equal(entry.length, 1);
  const appointment = entry[0]!.resource as Appointment;
  assert.equal(appointment.status, 'booked');
  return appointment;
}

/**
 * Free slots of one visit type at one site, soonest first, from tomorrow on: whatever the hour, none begins during a
 * test, and a site has as many of them in its evening as in its morning.
 */
export async function freeSlots(caller: Caller, site: string, serviceType: string): Promise<readonly Slot[]> {
  const today = DateTime.fromMillis(systemClock.now(), { zone: 'America/Chicago' });
  const from = formatInstant(instant(today.plus({ days: 1 }).startOf('day').toMillis()));
  const slots = await caller.search<Slot>(
    `Slot?status=free&service-type=${serviceType}&start=ge${encodeURIComponent(from)}&_sort=start&_count=500`,
  );
  return slots.filter((slot) => siteOf(slot) === site);
}

/** Patients whom the site told of. */
export async function patientsOf(caller: Caller, site: string): Promise<readonly string[]> {
  const patients = await caller.search<Patient>('Patient?_count=500');
  return patients.filter((one) => siteOf(one) === site).map((one) => one.id ?? '');
}

export function siteOf(resource: Resource): string {
  return /^urn:slotwire:site:([^#]+)/.exec(resource.meta?.source ?? '')?.[1] ?? '';
}

/** The site's own key of an Appointment. */
export function siteKeyOf(appointment: Appointment, site: string): string {
  const system = `urn:slotwire:site:${site}:appointment`;
  return appointment.identifier?.find((one) => one.system === system)?.value ?? '';
}

export function during(resource: { readonly start?: string; readonly end?: string }): Interval {
  return { start: at(resource.start), end: at(resource.end) };
}

export function at(text: string | undefined): Instant {
  const found = parseInstant(text ?? '');
  assert.ok(found !== null, 'no time');
  return found;
}

export function overlaps(one: Interval, other: Interval): boolean {
  return one.start < other.end && other.start < one.end;
}

export function idIn(reference: Reference | undefined): string {
  return reference?.reference?.split('/').at(-1) ?? '';
}
