/** What callers of a run send, and what an answer is to them. */
import { setMarkOf } from '../../src/fhir/set-mark.ts';
import type { Appointment, Resource, Slot } from '../../src/fhir/types.ts';
import { bookBody, siteKeyOf, siteOf, type Answer, type Caller } from '../support/caller.ts';
import type { Chosen } from './choice.ts';
import type { Outcome, Told } from './history.ts';
import type { Mode } from './plan.ts';

export type Action = 'book' | 'hold' | 'set' | 'move' | 'change' | 'cancel' | 'move following' | 'cancel following';

/** Long enough to be booked in time, short enough to run out within a run. */
const HOLD_S = 8;
const FHIR = '/fhir/R4/Appointment';
const PATCH = 'application/json-patch+json';
export const DONE: Readonly<Record<Action, Outcome>> = {
  book: 'booked',
  hold: 'held',
  set: 'booked',
  move: 'moved',
  change: 'changed',
  cancel: 'cancelled',
  'move following': 'moved',
  'cancel following': 'cancelled',
};

export interface Call {
  readonly call: number;
  readonly action: Action;
  /** Of the visits that it asks for. */
  readonly asked: readonly Chosen[];
}
export interface Heard {
  readonly outcome: Outcome;
  readonly answer: Answer | null;
}
export type Requests = ReturnType<typeof requestsOf>;

export interface Asked {
  readonly slot: Slot;
  readonly patientId: string;
  readonly room?: { readonly slot: Slot };
}

/** All of them with a key, so that whoever has no answer may ask again. */
export function requestsOf(caller: Caller) {
  const send = (path: string, key: string, body: unknown): Promise<Answer> =>
    caller.ask(`${FHIR}/${path}`, { method: 'POST', body, headers: { 'idempotency-key': key } });
  const patch = (appointment: string, key: string, path: string, value: string): Promise<Answer> =>
    caller.ask(`${FHIR}/${appointment}`, {
      method: 'PATCH',
      contentType: PATCH,
      body: [{ op: 'add', path, value }],
      headers: { 'idempotency-key': key },
    });
  return {
    book: (wish: Asked, key: string): Promise<Answer> => send('$book', key, bodyOf(wish)),
    hold(wish: Asked, key: string): Promise<Answer> {
      const { parameter } = bodyOf(wish);
      const seconds = { name: 'hold-seconds', valuePositiveInt: HOLD_S };
      return send('$hold', key, { resourceType: 'Parameters', parameter: [...parameter, seconds] });
    },
    bookHeld: (held: Appointment, key: string): Promise<Answer> => send('$book', key, parametersOf(held)),
    move: (visit: Appointment, slot: Slot, room: Slot | null, key: string): Promise<Answer> =>
      send('$book', key, parametersOf(at(standing(visit), slot, room))),
    series(wish: Asked, count: number, mode: Mode, key: string): Promise<Answer> {
      const rule = [
        { name: 'frequency', valueCode: 'daily' },
        { name: 'count', valueInteger: count },
      ];
      const { parameter } = bodyOf(wish);
      const part = [...parameter, { name: 'recurrence', part: rule }];
      const all = [
        { name: 'visit', part },
        { name: 'mode', valueCode: mode },
      ];
      return send('$book-set', key, { resourceType: 'Parameters', parameter: all });
    },
    moveFollowing: (visit: Appointment, slot: Slot, mode: Mode, key: string): Promise<Answer> =>
      send('$book', key, parametersOf(at(standing(visit), slot), FOLLOWING, { name: 'mode', valueCode: mode })),
    cancelFollowing: (visit: Appointment, key: string): Promise<Answer> =>
      send('$book', key, parametersOf({ ...visit, status: 'cancelled' }, FOLLOWING)),
    set(wishes: readonly Asked[], mode: Mode, key: string): Promise<Answer> {
      const visits = wishes.map((wish) => ({
        name: 'visit',
        part: bodyOf(wish).parameter,
      }));
      const parameter = [...visits, { name: 'mode', valueCode: mode }];
      return send('$book-set', key, { resourceType: 'Parameters', parameter });
    },
    status: (appointment: string, status: string, key: string): Promise<Answer> =>
      patch(appointment, key, '/status', status),
    comment: (appointment: string, text: string, key: string): Promise<Answer> =>
      patch(appointment, key, '/comment', text),
  };
}

interface Body {
  readonly resourceType: 'Parameters';
  readonly parameter: readonly { readonly name: string; readonly resource: Appointment }[];
}

/** The slot of the room behind that of the visit. */
function bodyOf(wish: Asked): Body {
  const body = bookBody(wish) as Body;
  const { room } = wish;
  if (room === undefined) return body;
  const parameter = body.parameter.map(({ name, resource }) => ({
    name,
    resource: at(resource, wish.slot, room.slot),
  }));
  return { ...body, parameter };
}

const FOLLOWING = { name: 'scope', valueCode: 'this-and-following' };

/** Sent back as cancelled it would ask for a cancel, and a visit that is cancelled already answers 200 to that. */
function standing(visit: Appointment): Appointment {
  return { ...visit, status: 'booked' };
}

function at(visit: Appointment, slot: Slot, room: Slot | null = null): Appointment {
  const slots = room === null ? [slot] : [slot, room];
  const named = slots.map(({ id }) => ({ reference: `Slot/${id ?? ''}` }));
  return { ...visit, slot: named, start: slot.start, end: slot.end };
}

function parametersOf(resource: Appointment, ...more: readonly unknown[]): unknown {
  return { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource }, ...more] };
}

export function outcomeOf(answer: Answer | null, action: Action): Outcome {
  if (answer === null || answer.status >= 500 || answer.status === 429) return 'lost';
  if (answer.status === 202) return 'pending';
  if (answer.status === 409) return 'taken';
  return answer.status >= 300 ? 'refused' : DONE[action];
}

export function appointmentsIn({ text }: Answer): readonly Appointment[] {
  const body = JSON.parse(text) as Resource & { readonly entry?: readonly { readonly resource: Resource }[] };
  const all = [body, ...(body.entry ?? []).map(({ resource }) => resource)];
  return all.filter((one): one is Appointment => one.resourceType === 'Appointment');
}

/** The visit of a set at this place, from 0; null: it does not stand. */
export function visitOf(all: readonly Appointment[], index: number): Appointment | null {
  return all.find((one) => setMarkOf(one)?.step === index + 1) ?? null;
}

export function toldOf(appointment: Appointment): Told {
  return { appointment: appointment.id ?? '', siteKey: siteKeyOf(appointment, siteOf(appointment)) };
}

/** Where a booking shows that waits; null: the answer names none. */
export function pendingIn({ text }: Answer): string | null {
  return (
    /"urn:slotwire:pending-appointment","valueReference":\{"reference":"Appointment\/([^"]+)"/.exec(text)?.[1] ?? null
  );
}
