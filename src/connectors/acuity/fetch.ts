/** A hint resolved: how the appointment stands now. */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { instant, localDate, parseInstant, DAY_MS, type Instant } from '../../core/instant.ts';
import type { Fetch, Site } from '../contract.ts';
import type { AcuityClient, CallFor, Query } from './client.ts';
import type { AcuitySettings } from './settings.ts';
import { appointmentState, goneState, type ReadAppointment } from './state.ts';
import type { Appointment } from './wire.ts';

export function acuityFetch(site: Site<AcuitySettings>, client: AcuityClient, clock: Clock): Fetch {
  return {
    async object(name, signal) {
      const id = /^appointment:(\d+)$/.exec(name)?.[1];
      if (id === undefined)
        throw new HubError('SITE_CANNOT', { detail: `${name} cannot be read alone`, site: site.id });
      const asked = clock.now();
      try {
        const read = await readAppointment(client, id, { purpose: 'sync', signal });
        return appointmentState(read, site.settings);
      } catch (error) {
        if (error instanceof HubError && error.code === 'SITE_NOT_FOUND') return goneState(id, asked);
        throw error;
      }
    },
  };
}

/** @throws HubError SITE_NOT_FOUND and what the client throws */
export async function readAppointment(client: AcuityClient, id: string, at: CallFor): Promise<ReadAppointment> {
  const { value: row, text, readAt } = await client.appointment(id, at);
  const read = { row, raw: text, canceled: row.canceled === true, listedAsCanceled: false, readAt };
  if (typeof row.canceled === 'boolean') return read;
  // Not every account's answer carries `canceled`; to take silence for "not cancelled" would book a cancelled visit
  // again.
  const canceled = await isListedAsCanceled(client, row, at);
  return { ...read, canceled, listedAsCanceled: canceled };
}

async function isListedAsCanceled(client: AcuityClient, row: Appointment, at: CallFor): Promise<boolean> {
  const start = typeof row.datetime === 'string' ? parseInstant(row.datetime) : null;
  if (start === null) return false;
  const query: Query = [...aroundDay(start, 'UTC'), ['calendarID', String(row.calendarID)], ['canceled', 'true']];
  const listed = await client.appointments([...query, ['excludeForms', 'true'], ['max', '1000']], at);
  return listed.value.some((other) => other.id === row.id);
}

/** The day before to the day after: in which zone the vendor reads these dates is not documented. */
export function aroundDay(at: Instant, zone: string): Query {
  return [
    ['minDate', localDate(instant(at - DAY_MS), zone)],
    ['maxDate', localDate(instant(at + DAY_MS), zone)],
  ];
}
