/**
 * Open times. The vendor computes them per visit type, calendar and day and keeps no slot records; the answer of
 * `times` does not name the calendar, so each calendar is asked by itself. Padding around visits is the vendor's own
 * business: it is already in the answers and never part of a slot.
 */
import { sha256 } from '../../core/ids.ts';
import { formatInstant, instant, localDate, type Instant } from '../../core/instant.ts';
import type { Availability, AvailabilityWindow, Site, SiteState } from '../contract.ts';
import { datesOf } from '../kit/window.ts';
import type { AcuityClient, CallFor, Query } from './client.ts';
import type { Reference } from './reference.ts';
import type { AcuitySettings } from './settings.ts';
import type { AppointmentType } from './wire.ts';
import { calendarZone } from './zone.ts';

const WINDOW_DAYS = 7;
/** One answer of the vendor within the body of a state. `answer` is its text, untouched. */
interface Asked {
  readonly ask: 'times' | 'classes';
  readonly answer: string;
  readonly readAt: Instant;
  readonly matters: readonly unknown[];
}

export function acuityAvailability(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  reference: Reference,
): Availability {
  return {
    window_days: WINDOW_DAYS,

    async pairs(signal) {
      const { value } = await reference.types({ purpose: 'sync', signal });
      const offered = value.filter((type) => type.active !== false && String(type.id) in site.file.visitTypes);
      const calendars = Object.keys(site.file.resources.calendars);
      return offered.flatMap((type) =>
        calendars
          .filter((calendar) => type.calendarIDs.includes(Number(calendar)))
          .map((calendar) => ({ calendar, visitType: String(type.id) })),
      );
    },

    async ask(window, _channel, signal, purpose = 'sync') {
      const at: CallFor = { purpose, signal };
      const read = await reference.types(at);
      const type = read.value.find((one) => String(one.id) === window.visitType && one.active !== false);
      const zone = calendarZone(site.file, window.calendar);
      // A type that was withdrawn since offers nothing: that is a statement too, and takes its slots away.
      if (type === undefined) return stateOf(window, zone, null, [], read.readAt);
      const query: Query = [
        ['appointmentTypeID', window.visitType],
        ['calendarID', window.calendar],
        ['timezone', zone],
      ];
      const asked =
        type.type === 'class' ? await classes(window, zone, query, at) : await times(window, zone, query, at);
      return stateOf(window, zone, type, asked.answers, asked.readAt);
    },
  };

  async function times({ window }: AvailabilityWindow, zone: string, query: Query, at: CallFor): Promise<Answers> {
    const wanted = datesOf(window, zone);
    let readAt: Instant | null = null;
    let open = wanted;
    if (wanted.length > 1) {
      // One call per month tells which days are worth a call of their own.
      const found = new Set<string>();
      for (const month of new Set(wanted.map((date) => date.slice(0, 7)))) {
        const dates = await client.openDates([['month', month], ...query], at);
        for (const { date } of dates.value) found.add(date);
        readAt ??= dates.readAt;
      }
      open = wanted.filter((date) => found.has(date));
    }
    const answers: Asked[] = [];
    for (const date of open) {
      const read = await client.openTimes([['date', date], ...query], at);
      const matters = read.value.map((one) => [one.time, one.slotsAvailable ?? null]);
      answers.push({ ask: 'times', answer: read.text, readAt: read.readAt, matters });
      readAt ??= read.readAt;
    }
    return { answers, readAt: readAt ?? window.start };
  }

  async function classes({ window }: AvailabilityWindow, zone: string, query: Query, at: CallFor): Promise<Answers> {
    const dates: Query = [
      ['minDate', localDate(window.start, zone)],
      ['maxDate', localDate(instant(window.end - 1), zone)],
    ];
    const read = await client.classTimes([...dates, ...query], at);
    const matters = read.value.map((one) => [one.time, one.duration ?? null, one.slots ?? null, one.slotsAvailable]);
    const answer: Asked = { ask: 'classes', answer: read.text, readAt: read.readAt, matters };
    return { answers: [answer], readAt: read.readAt };
  }
}

interface Answers {
  readonly answers: readonly Asked[];
  /** When the earliest of the requests left: nothing later than this is proven. */
  readonly readAt: Instant;
}

/**
 * The body is ours around the vendor's untouched answers:
 * `{"calendar":"310","visitType":"7001","zone":"America/New_York",
 * "from":"...Z","to":"...Z","duration_min":30,"answers":[{"ask":"times","answer":[ as sent ]}]}`; `ask` is `times` or
 * `classes`.
 */
function stateOf(
  { calendar, visitType, window }: AvailabilityWindow,
  zone: string,
  type: AppointmentType | null,
  answers: readonly Asked[],
  readAt: Instant,
): SiteState {
  const [from, to] = [formatInstant(window.start), formatInstant(window.end)];
  const duration_min = type?.duration ?? 0;
  const head = JSON.stringify({ calendar, visitType, zone, from, to, duration_min });
  const list = answers.map(({ ask, answer }) => `{"ask":"${ask}","answer":${answer}}`).join(',');
  return {
    shape: 'state',
    kind: 'availability',
    object: `availability:${calendar}:${visitType}:${from}:${to}`,
    sequenceKeys: [`schedule:${calendar}`],
    digest: sha256(JSON.stringify([duration_min, answers.map((one) => one.matters)])),
    contentType: 'application/json',
    body: Buffer.from(`${head.slice(0, -1)},"answers":[${list}]}`),
    readAt,
  };
}
