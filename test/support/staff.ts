/** What staff do in their own systems, and how those misbehave. */
import { formatInstant, type Instant } from '../../src/core/instant.ts';
import { actor, control, textOf, type Row } from '../conformance/control.ts';
import type { TestHub } from './hub.ts';

export interface Visit {
  readonly calendar: string;
  readonly visitType: string;
  readonly start: Instant;
  readonly person?: number;
}

/** Staff of an Acuity practice; keys are the vendor's ids. */
export interface Practice {
  book(visit: Visit): Promise<string>;
  move(key: string, start: Instant): Promise<void>;
  cancel(key: string): Promise<void>;
  act(action: string, fields?: Row): Promise<Row>;
  fault(switches: Row): Promise<void>;
  state(only: string): Promise<Row>;
}

export function practiceOf(hub: Pick<TestHub, 'simulator'>, site: string): Practice {
  const url = hub.simulator(site);
  const act = actor(url);
  return {
    act,
    async book({ calendar, visitType, start, person = 0 }) {
      const wish = {
        calendarID: Number(calendar),
        appointmentTypeID: Number(visitType),
        datetime: formatInstant(start),
      };
      return textOf((await act('book', { ...wish, person }))['id']);
    },
    async move(id, start) {
      await act('move', { id, datetime: formatInstant(start) });
    },
    async cancel(id) {
      await act('cancel', { id });
    },
    async fault(switches) {
      await control('POST', `${url}/__sim/faults`, switches);
    },
    state: (only) => control('GET', `${url}/__sim/state?only=${only}`),
  };
}
