/**
 * Replay windows. An interface engine that lost its place sends hours of messages again, each with a new time and
 * control id: to the hub they are no duplicates, and newer than what they say. While a window is open for the site,
 *
 *   says what a message before said                           -> resent, changes nothing
 *   would bring an ended visit back, undo an arrival, or move
 *   a visit back to a time that it had before                 -> held, changes nothing, listed for a person
 *   anything else                                             -> applied
 *
 * The end of the window is a comparison: how many of each, and what was held beside what stands.
 */
import type { Appointment, AppointmentStatus } from '../fhir/types.ts';
import type { AppointmentChange, Mapped, Mapping } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { ReplayVerdict } from '../store/contract-replay.ts';
import type { Tx } from '../store/contract.ts';

/** Null: to be applied as always. */
export interface HeldBack {
  readonly reason: string;
}

export interface Guarded {
  readonly plan: Plan;
  readonly site: SiteSettings;
  readonly message: InboxMessage;
  readonly mapped: Mapped;
  readonly mapping: Mapping | null;
}

/** Asked by the apply stage for each message of a push feed, in the transaction that would apply it. */
export async function holdBack(tx: Tx, guarded: Guarded): Promise<HeldBack | null> {
  const { plan, site, message, mapped, mapping } = guarded;
  if (message.via !== 'hl7' || mapped.kind !== 'changes' || mapping?.contentDigest === undefined) return null;
  const window = await tx.replayWindows.at(site.id, message.receivedAt);
  if (window === null) return null;
  if ((await tx.replayWindows.verdict(window.id, message.id)) === 'forced') return null;
  const digest = mapping.contentDigest(message, { site, visitTypes: plan.hub.visitTypes });
  const earlier = await tx.replayWindows.known(window.id, digest);
  const decide = (verdict: ReplayVerdict, detail: string | null, appointmentId: string | null): Promise<void> =>
    tx.replayWindows.decide(window.id, { messageId: message.id, verdict, appointmentId, detail });
  if (earlier !== null && earlier !== message.id) {
    await decide('resent', null, null);
    return { reason: `says what message ${earlier} said; sent again within a replay window` };
  }
  for (const change of mapped.changes) {
    if (change.kind !== 'appointment') continue;
    const against = await contradicted(tx, site, change);
    if (against === null) continue;
    await decide('held', against.detail, against.appointmentId);
    return { reason: `held back within a replay window: ${against.detail}` };
  }
  await decide('applied', null, null);
  return null;
}

const ENDED: ReadonlySet<AppointmentStatus> = new Set(['cancelled', 'noshow', 'fulfilled', 'entered-in-error']);
const CAME: ReadonlySet<AppointmentStatus> = new Set(['arrived', 'checked-in']);
const TO_COME: ReadonlySet<AppointmentStatus> = new Set(['proposed', 'pending', 'booked', 'waitlist']);

interface Contradiction {
  readonly appointmentId: string;
  readonly detail: string;
}

async function contradicted(tx: Tx, site: SiteSettings, change: AppointmentChange): Promise<Contradiction | null> {
  const appointmentId = await tx.resources.appointmentByKey(site.id, change.key);
  const stored = appointmentId === null ? null : await tx.resources.appointment(appointmentId);
  if (appointmentId === null || stored === null) return null;
  const { status } = stored.resource;
  const says = change.keepsStatus === true ? status : change.status;
  if (ENDED.has(status) && !ENDED.has(says)) {
    return { appointmentId, detail: `the visit is ${status}, and the message would bring it back as ${says}` };
  }
  if (CAME.has(status) && TO_COME.has(says)) {
    return { appointmentId, detail: `the patient has ${status}, and the message says ${says}` };
  }
  const { during } = change;
  const same = during?.start === stored.during?.start && during?.end === stored.during?.end;
  if (during === undefined || stored.during === null || same) return null;
  for (let version = stored.version - 1; version > 0; version -= 1) {
    const served = await tx.resources.readVersion('Appointment', appointmentId, version);
    if (served === null || served.deleted) continue;
    const { start, end } = JSON.parse(served.json) as Appointment;
    if (
      start !== undefined &&
      end !== undefined &&
      Date.parse(start) === during.start &&
      Date.parse(end) === during.end
    )
      return { appointmentId, detail: 'the visit was moved since, and the message would move it back' };
  }
  return null;
}
