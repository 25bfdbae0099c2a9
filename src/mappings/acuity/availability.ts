/** Open times of one calendar and visit type in a window (body: connectors/acuity/availability.ts). */
import { instant, MINUTE_MS, parseInstant, type Instant, type Interval } from '../../core/instant.ts';
import type { Mapped, SlotStatement, StoredMessage } from '../contract.ts';
import { slotKey } from './appointment.ts';
import { objectIn, positiveOf, rowsIn, textOf, unreadable, type Fields } from './reading.ts';

export function mapAvailability(message: StoredMessage): Mapped {
  const body = objectIn(message.body);
  const window = body === null ? null : windowIn(body);
  if (body === null || window === null) return unreadable('from', 'the window is not two times in order');
  const [calendar, visitType] = [textOf(body['calendar']), textOf(body['visitType'])];
  if (calendar === '' || visitType === '') return unreadable('calendar', 'calendar or visit type is missing');
  if (!Array.isArray(body['answers'])) return unreadable('answers', 'the answers are missing');
  const slots = new Map<string, SlotStatement>();
  const warnings = new Set<string>();
  for (const asked of rowsIn(body['answers'])) {
    for (const row of rowsIn(asked['answer'])) {
      const start = parseInstant(textOf(row['time']));
      const minutes = positiveOf(row['duration']) ?? positiveOf(body['duration_min']);
      if (start === null || minutes === null) {
        warnings.add('a time without an offset or a duration was left out');
      } else if (start >= window.start && start < window.end && isAbout(row, calendar, visitType)) {
        const slot = statement(slotKey(calendar, visitType, start), start, minutes, row);
        slots.set(slot.key, slot);
      }
    }
  }
  const at = message.readAt ?? message.receivedAt;
  const change = { kind: 'slots', calendar, visitType, window, slots: [...slots.values()], at } as const;
  return { kind: 'changes', changes: [change], warnings: [...warnings] };
}

function statement(key: string, start: Instant, minutes: number, row: Fields): SlotStatement {
  // `slots` is given for classes only; `slotsAvailable` may be absent, and a listed time without it is open.
  const left = seats(row['slotsAvailable']) ?? 1;
  const capacity = Math.max(seats(row['slots']) ?? 1, left, 1);
  const during = { start, end: instant(start + minutes * MINUTE_MS) };
  return { key, during, status: left > 0 ? 'free' : 'busy', capacity, left };
}

function seats(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

/** Answers of `classes` name calendar and type; a filter that was not applied must not put foreign classes here. */
function isAbout(row: Fields, calendar: string, visitType: string): boolean {
  const [inCalendar, ofType] = [row['calendarID'], row['appointmentTypeID']];
  const fits = (id: unknown, wanted: string): boolean => typeof id !== 'number' || String(id) === wanted;
  return fits(inCalendar, calendar) && fits(ofType, visitType);
}

/** `from` and `to` of a body that the connector wrote. */
export function windowIn(body: Fields): Interval | null {
  const [start, end] = [parseInstant(textOf(body['from'])), parseInstant(textOf(body['to']))];
  return start !== null && end !== null && start < end ? { start, end } : null;
}
