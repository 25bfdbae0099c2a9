/**
 * How a visit stands beyond booked and cancelled. The vendor has no field for it; an account may tell it by labels
 * (`labels` of the site file), and a visit that nobody came to is a cancelled one with a mark.
 */
import type { Amendment } from '../../fhir/amendment.ts';
import type { AppointmentStatus } from '../../fhir/types.ts';
import type { AcuitySettings } from './settings.ts';
import type { ReadAppointment } from './state.ts';
import type { LabelMeaning } from './wire.ts';

/** Of several labels on one visit the one that comes last in its day. */
const LATEST_FIRST: readonly LabelMeaning[] = ['fulfilled', 'checked-in', 'arrived', 'confirmed', 'booked'];

/** Ids of the labels on a visit. */
export function labelIds({ row }: ReadAppointment): readonly number[] {
  if (!Array.isArray(row.labels)) return [];
  return (row.labels as unknown[]).flatMap((label) =>
    typeof label === 'object' && label !== null && 'id' in label && typeof label.id === 'number' ? [label.id] : [],
  );
}

export function statusOf(read: ReadAppointment, settings: AcuitySettings): AppointmentStatus {
  if (read.canceled) return read.row.noShow === true ? 'noshow' : 'cancelled';
  const meaning = meaningOf(read, settings);
  return meaning === null || meaning === 'confirmed' ? 'booked' : meaning;
}

/** What may be amended, as the vendor has it. Notes that are empty are no comment. */
export function amendable(read: ReadAppointment, settings: AcuitySettings): Amendment {
  const notes = typeof read.row.notes === 'string' ? read.row.notes.trim() : '';
  const meaning = meaningOf(read, settings);
  return {
    ...(notes === '' ? {} : { comment: notes }),
    attendance: meaning === null || meaning === 'booked' ? 'needs-action' : 'accepted',
  };
}

/** The clinic's own labels mean what only the clinic knows. */
export function hasOwnLabel(read: ReadAppointment, settings: AcuitySettings): boolean {
  const ours = new Set<unknown>(Object.values(settings.labels));
  return labelIds(read).some((id) => !ours.has(id));
}

function meaningOf(read: ReadAppointment, { labels }: AcuitySettings): LabelMeaning | null {
  const ids = labelIds(read);
  return LATEST_FIRST.find((one) => labels[one] !== undefined && ids.includes(labels[one])) ?? null;
}

/** What the digest of a record must cover, where the site file gives it a meaning. */
export function changeMatters(read: ReadAppointment, settings: AcuitySettings): readonly unknown[] {
  return [
    ...(Object.keys(settings.labels).length === 0 ? [] : [labelIds(read)]),
    ...(settings.comments ? [read.row.notes] : []),
  ];
}
