/**
 * How a visit stands: booked, cancelled, not come, and what the labels of the account say beyond that where the site
 * file maps them. Of several labels the one counts that comes last in the day of a visit.
 */
import type { LabelMeaning } from '../../connectors/acuity/wire.ts';
import type { AppointmentChange } from '../contract.ts';
import { isFields, rowsIn, textOf, type Fields } from './reading.ts';

type Standing = Pick<AppointmentChange, 'status' | 'attendance' | 'comment'>;

const LATEST_FIRST: readonly LabelMeaning[] = ['fulfilled', 'checked-in', 'arrived', 'confirmed', 'booked'];

/** A no-show is a cancelled row with a mark; `canceled` may be missing where the list that it came from says it. */
export function standingOf(messageKind: string, fields: Fields, settings: Readonly<Record<string, unknown>>): Standing {
  const notes = settings['comments'] === true ? textOf(fields['notes']) : '';
  // Notes that are empty say nothing: the vendor cannot tell them from notes that nobody ever wrote.
  const comment = notes === '' ? {} : { comment: notes };
  if (messageKind === 'appointment-canceled' || fields['canceled'] === true) {
    return { status: fields['noShow'] === true ? 'noshow' : 'cancelled', ...comment };
  }
  const labels = isFields(settings['labels']) ? settings['labels'] : {};
  const ids = new Set(rowsIn(fields['labels']).map(({ id }) => id));
  const meaning = LATEST_FIRST.find((one) => labels[one] !== undefined && ids.has(labels[one]));
  const status = meaning === undefined || meaning === 'confirmed' ? 'booked' : meaning;
  // Where no label says that the patient comes, a booked visit counts as one that they come to.
  if (labels['confirmed'] === undefined) return { status, ...comment };
  const isToBeAsked = meaning === undefined || meaning === 'booked';
  return { status, attendance: isToBeAsked ? 'needs-action' : 'accepted', ...comment };
}
