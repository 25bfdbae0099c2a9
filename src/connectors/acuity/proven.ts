/** A write and the reading back that proves it: the vendor's own yes is not enough. */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Site, SiteBooking, WriteOutcome } from '../contract.ts';
import type { AcuityClient, CallFor, Written } from './client.ts';
import { readAppointment } from './fetch.ts';
import { failedWrite, refusalOf, unproven } from './outcome.ts';
import type { AcuitySettings } from './settings.ts';
import { siteBooking, type ReadAppointment } from './state.ts';
import { isAppointment } from './wire.ts';

/** Waits before each reading back; the vendor's own replicas may be a moment behind. */
const READ_BACK_AFTER_MS = [0, 300, 1_000] as const;

/** Makes the call once; `booked` when a reading shows what it was made for. */
export type ProvenWrite = (
  send: () => Promise<Written<unknown>>,
  isDone: (now: SiteBooking, read: ReadAppointment) => boolean,
  at: CallFor,
) => Promise<WriteOutcome>;

export function provenWrite(site: Site<AcuitySettings>, client: AcuityClient, clock: Clock): ProvenWrite {
  const { settings } = site;
  return async (send, isDone, at) => {
    let written: Written<unknown>;
    try {
      written = await send();
    } catch (error) {
      return failedWrite(error);
    }
    if (!written.ok) return refusalOf(written);
    try {
      const answered = bookingIn(written, settings);
      return settings.readBack ? await readBack(answered.key, isDone, at) : { kind: 'booked', at: answered };
    } catch (error) {
      return unproven(site.id, error);
    }
  };

  async function readBack(key: string, isDone: Parameters<ProvenWrite>[1], at: CallFor): Promise<WriteOutcome> {
    for (const wait_ms of READ_BACK_AFTER_MS) {
      // Not slept at all where there is nothing to wait for: the shortest sleep is a millisecond, and a patient waits.
      if (wait_ms > 0) await clock.sleep(wait_ms, at.signal);
      const read = await readOrNull(client, key, at);
      const now = read === null ? null : siteBooking(read, settings);
      if (read !== null && now !== null && isDone(now, read)) return { kind: 'booked', at: now };
    }
    return unproven(site.id);
  }
}

/** Null: the vendor has no such appointment. */
export async function readOrNull(client: AcuityClient, key: string, at: CallFor): Promise<ReadAppointment | null> {
  try {
    return await readAppointment(client, key, at);
  } catch (error) {
    if (error instanceof HubError && error.code === 'SITE_NOT_FOUND') return null;
    throw error;
  }
}

function bookingIn(written: Written<unknown> & { readonly ok: true }, settings: AcuitySettings): SiteBooking {
  const { value: row, text: raw, readAt } = written;
  if (!isAppointment(row)) throw new HubError('SITE_ANSWER_UNREADABLE', { detail: 'the answer is no appointment' });
  return siteBooking({ row, raw, canceled: row.canceled === true, listedAsCanceled: false, readAt }, settings);
}
