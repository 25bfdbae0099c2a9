/**
 * Open time of one calendar and visit type in a window (body: connectors/epic/availability.ts). What Epic proposes is
 * what this channel may book, so each is free; a time of the window that it does not propose is not open. Of an answer
 * that Epic gave to a wider question only what names the visit type is taken.
 */
import { instant, MINUTE_MS, formatInstant, parseInstant, type Instant, type Interval } from '../../core/instant.ts';
import type { Mapped, SlotStatement, StoredMessage } from '../contract.ts';

type Fields = Readonly<Record<string, unknown>>;

export function mapAvailability(message: StoredMessage): Mapped {
  const body = objectIn(message.body);
  if (body === null) return unreadable('', 'the answer is not a JSON object');
  const [calendar, visitType] = [textOf(body['calendar']), textOf(body['visitType'])];
  const window = windowIn(body);
  if (calendar === '' || visitType === '') return unreadable('calendar', 'calendar or visit type is missing');
  if (window === null) return unreadable('from', 'the window is not two times in order');
  if (!Array.isArray(body['proposed'])) return unreadable('proposed', 'what is proposed is missing');
  const unfiltered = body['unfiltered'] === true;
  const slots = new Map<string, SlotStatement>();
  const warnings = new Set<string>();
  if (unfiltered) warnings.add('Epic ignored a part of the question, so its answer was narrowed here');
  for (const one of body['proposed'].filter(isObject)) {
    if (!isOf(one, visitType, unfiltered)) continue;
    const during = duringOf(one);
    if (during === null) {
      warnings.add('a proposed time without an offset or a length was left out');
    } else if (textOf(one['status']) !== 'proposed') {
      warnings.add('an appointment that is not proposed was left out');
    } else if (during.start >= window.start && during.start < window.end) {
      const key = slotKey(calendar, visitType, during.start);
      slots.set(key, { key, during, status: 'free' });
    }
  }
  const at = message.readAt ?? message.receivedAt;
  const change = { kind: 'slots', calendar, visitType, window, slots: [...slots.values()], at } as const;
  return { kind: 'changes', changes: [change], warnings: [...warnings] };
}

/** Stays the same over cancel and re-open; ids of proposed appointments are other ones in each answer. */
export function slotKey(calendar: string, visitType: string, start: Instant): string {
  return `${calendar}:${visitType}:${formatInstant(start)}`;
}

/** By any of its codings. One that names no visit type is of the one that was asked for, if Epic filtered by it. */
function isOf(proposed: Fields, visitType: string, unfiltered: boolean): boolean {
  const named = proposed['serviceType'];
  const concepts = (Array.isArray(named) ? named : [named]).filter(isObject);
  const codes = concepts
    .flatMap(({ coding }) => (Array.isArray(coding) ? (coding as readonly unknown[]) : []))
    .filter(isObject);
  if (codes.length === 0) return !unfiltered;
  return codes.some(({ code }) => code === visitType);
}

function duringOf(proposed: Fields): Interval | null {
  const start = parseInstant(textOf(proposed['start']));
  if (start === null) return null;
  const minutes = proposed['minutesDuration'];
  const told = parseInstant(textOf(proposed['end']));
  const end = told ?? (typeof minutes === 'number' && minutes > 0 ? instant(start + minutes * MINUTE_MS) : null);
  return end !== null && end > start ? { start, end } : null;
}

function windowIn(body: Fields): Interval | null {
  const [start, end] = [parseInstant(textOf(body['from'])), parseInstant(textOf(body['to']))];
  return start !== null && end !== null && start < end ? { start, end } : null;
}

function objectIn(body: Uint8Array): Fields | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(where: string, problem: string): Mapped {
  return { kind: 'unreadable', issues: [{ code: 'MESSAGE_UNREADABLE', where, problem }] };
}
