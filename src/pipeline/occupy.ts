/** The time that a visit takes of each of its resources, as busy rows. */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { neededBy } from '../fhir/needs.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { Interval } from '../core/instant.ts';
import type { AppointmentChange } from '../mappings/contract.ts';
import type { BusyRow, Touched } from '../store/contract-bookings.ts';
import type { ApplyContext } from './apply-context.ts';
import type { ResolvedParticipant } from './participants.ts';

/** Statuses in which the visit takes its resources' time; a no-show did take it (v2-to-fhir.md section 5). */
export function occupiesTime(status: AppointmentStatus): boolean {
  return status !== 'proposed' && status !== 'cancelled' && status !== 'entered-in-error' && status !== 'waitlist';
}

export interface Occupying {
  readonly participants: readonly ResolvedParticipant[];
  readonly during: Interval | null;
  readonly schedule: { readonly id: string; readonly key: string } | null;
  /** The message names nobody: what was taken stays taken. */
  readonly keeps: boolean;
  /** Of the catalogue; null: not known. */
  readonly visitType: string | null;
}

/** Rewrites the appointment's busy rows; returns what was touched, old and new. */
export async function occupy(
  context: ApplyContext,
  appointmentId: string,
  change: AppointmentChange,
  { participants, during, schedule, keeps, visitType }: Occupying,
): Promise<readonly Touched[]> {
  const { tx, site } = context;
  const old = await tx.busy.ofAppointment(appointmentId);
  const taken = during !== null && occupiesTime(change.status) ? during : null;
  if (taken === null) return old.length === 0 ? [] : tx.busy.replaceAppointment(appointmentId, []);
  const named = participants.flatMap((one) =>
    one.occupies.map((resourceId) => ({ resourceId, during: one.statement.during ?? taken })),
  );
  // A visit that names only a clinic takes the time of its calendar there, and of nobody else in the clinic.
  const itself = named.length > 0 || schedule === null ? [] : [{ resourceId: schedule.id, during: taken }];
  // By the site file, so that a site which knows nothing of the room does not take it away.
  const needed = neededBy(site, visitType, taken);
  const kept = old.filter((row) => !needed.some((one) => one.resourceId === row.resourceId));
  const wanted: { resourceId: string; during: Interval }[] = [
    ...(keeps
      ? kept.map((row) => ({ resourceId: row.resourceId, during: change.during ?? row.during }))
      : [...named, ...itself]),
    ...needed,
  ];
  const rows = distinct(wanted).map(({ resourceId, during: interval }): BusyRow => {
    const same = old.find(
      (row) => row.resourceId === resourceId && row.during.start === interval.start && row.during.end === interval.end,
    );
    const occupancy = change.session === undefined ? appointmentId : canonicalId.session(site.identity, change.session);
    const stays = same?.origin === 'hub' && same.occupancy === occupancy;
    return {
      resourceId,
      during: interval,
      occupancy,
      // What the hub placed stays under its constraint as long as the site leaves it where, and what, it was.
      origin: stays ? 'hub' : 'site',
      site: site.id,
      appointmentId,
      ...(same?.bookingId === undefined ? {} : { bookingId: same.bookingId }),
      tentative: change.status === 'pending',
      ...(stays && same.seat !== undefined ? { seat: same.seat } : {}),
    };
  });
  if (old.length > 0) return sameRows(old, rows) ? [] : tx.busy.replaceAppointment(appointmentId, rows);
  await tx.busy.insert(rows);
  return rows;
}

function sameRows(old: readonly BusyRow[], rows: readonly BusyRow[]): boolean {
  const text = (row: BusyRow): string =>
    [
      row.resourceId,
      row.during.start,
      row.during.end,
      row.occupancy,
      row.origin,
      row.site,
      row.bookingId,
      row.tentative,
      row.expiresAt,
    ].join(' ');
  const known = new Set(old.map(text));
  return old.length === rows.length && rows.every((row) => known.has(text(row)));
}

function distinct<T extends { resourceId: string; during: Interval }>(rows: readonly T[]): T[] {
  const seen = new Map(rows.map((row) => [`${row.resourceId} ${row.during.start} ${row.during.end}`, row]));
  return [...seen.values()];
}
