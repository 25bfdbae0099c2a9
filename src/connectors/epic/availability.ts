/**
 * Open time, by `$find` (vendor sheet section 3.4). One question is answered for all practitioners of a department: an
 * answer serves each of their calendars once. That a part of the question was not understood, Epic says in an outcome
 * entry; what is proposed is held against the question in any case. Ids of proposed appointments are other ones in each
 * answer, so nothing is known by them.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { sha256 } from '../../core/ids.ts';
import { DAY_MS, formatInstant, plus, type Instant } from '../../core/instant.ts';
import type { Availability, AvailabilityWindow, Site, SiteState } from '../contract.ts';
import type { CallFor, EpicClient } from './client.ts';
import { calendarOf, isCalendar } from './calendar.ts';
import { CODE } from './outcome.ts';
import { actorsOf, appointmentsIn } from './proposed.ts';
import type { EpicSettings } from './settings.ts';
import type { Appointment } from './wire.ts';

const FIND = 'POST /Appointment/$find';

interface Answer {
  readonly proposed: readonly Appointment[];
  /** Epic did not understand a part of the question, so it answered a wider one. */
  readonly unfiltered: boolean;
  readonly readAt: Instant;
}

interface Shared {
  readonly answer: Promise<Answer>;
  readonly begunAt: Instant;
  /** Calendars that have had it: who asks again wants to know what changed since. */
  readonly served: Set<string>;
}

export function epicAvailability(site: Site<EpicSettings>, client: EpicClient, clock: Clock): Availability {
  const { settings } = site;
  const shared = new Map<string, Shared>();
  const calendars = Object.keys(site.file.resources.calendars).filter(isCalendar);

  async function find(window: AvailabilityWindow, at: CallFor): Promise<Answer> {
    const found = await client.find(parametersFor(settings, window), at);
    if (found.codes.includes(CODE.decisionTree)) {
      const detail = `${FIND}: no visit type is picked for ${window.visitType} by the decision tree (59200)`;
      throw new HubError('SITE_REFUSED', { detail, site: site.id });
    }
    if (CODE.truncated.some((code) => found.codes.includes(code))) {
      const detail = `${FIND}: a day of visit type ${window.visitType} has more times than one answer holds`;
      throw new HubError('SITE_PAGE_FULL', { detail, site: site.id });
    }
    return {
      proposed: found.pages.flatMap(appointmentsIn),
      unfiltered: CODE.ignored.some((code) => found.codes.includes(code)),
      readAt: found.readAt,
    };
  }

  async function sharedFind(window: AvailabilityWindow, at: CallFor): Promise<Answer> {
    const { department } = calendarOf(window.calendar);
    const { start, end } = window.window;
    const key = [department, window.visitType, start, end].join(' ');
    const now = clock.now();
    for (const [name, { begunAt }] of shared) if (now - begunAt > settings.shareFind_ms) shared.delete(name);
    const known = shared.get(key);
    if (known !== undefined && !known.served.has(window.calendar)) {
      known.served.add(window.calendar);
      try {
        return await known.answer;
      } catch (error) {
        // Only whoever asked has given up; that the site failed is true for all who share the question.
        const isOver = error instanceof HubError && error.code === 'STOPPING';
        if (!isOver || at.signal.aborted) throw error;
        return await sharedFind(window, at);
      }
    }
    const own: Shared = { answer: find(window, at), begunAt: now, served: new Set([window.calendar]) };
    shared.set(key, own);
    own.answer.catch(() => {
      if (shared.get(key) === own) shared.delete(key);
    });
    return await own.answer;
  }

  return {
    window_days: 1,

    pairs: () =>
      Promise.resolve(
        calendars.flatMap((calendar) =>
          Object.keys(site.file.visitTypes).map((visitType) => ({ calendar, visitType })),
        ),
      ),

    askAgain({ window }, at) {
      const isNear = window.start - at < settings.nearDays * DAY_MS;
      return plus(at, (isNear ? settings.nearEvery_s : settings.farEvery_s) * 1_000);
    },

    async ask(window, _channel, signal, purpose = 'sync') {
      const at: CallFor = { purpose, signal };
      // Somebody waits to book: only what is asked now will do.
      const answer = await (purpose === 'booking' ? find(window, at) : sharedFind(window, at));
      return stateOf(window, answer);
    },
  };
}

/** Names of parameters as working clients send them; `location-reference` is an absolute address. */
export function parametersFor(settings: EpicSettings, { calendar, visitType, window }: AvailabilityWindow): unknown {
  const location = `${settings.stu3BaseUrl.replace(/\/$/, '')}/Location/${calendarOf(calendar).department}`;
  const coding = [{ system: settings.visitTypeSystem, code: visitType }];
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'startTime', valueDateTime: formatInstant(window.start) },
      { name: 'endTime', valueDateTime: formatInstant(window.end) },
      { name: settings.serviceTypeName, valueCodeableConcept: { coding } },
      { name: 'location-reference', valueReference: { reference: location } },
    ],
  };
}

/**
 * The body is ours around what Epic proposes for this calendar: `{"calendar":"eLocNorth3/ePracKim3","visitType":"410",
 * "from":"...Z","to":"...Z","unfiltered":false,"proposed":[...]}`.
 */
function stateOf({ calendar, visitType, window }: AvailabilityWindow, answer: Answer): SiteState {
  const { department, practitioner } = calendarOf(calendar);
  const proposed = answer.proposed.filter((one) => {
    const { practitioners, locations } = actorsOf(one);
    const isHere = locations.includes(department) || (locations.length === 0 && !answer.unfiltered);
    return practitioners.includes(practitioner) && isHere;
  });
  const [from, to] = [formatInstant(window.start), formatInstant(window.end)];
  const { unfiltered, readAt } = answer;
  const matters = proposed.map(({ status, start, end, minutesDuration, serviceType }) =>
    JSON.stringify([status, start, end, minutesDuration, serviceType]),
  );
  return {
    shape: 'state',
    kind: 'availability',
    object: `availability:${calendar}:${visitType}:${from}:${to}`,
    sequenceKeys: [`schedule:${calendar}`],
    digest: sha256(JSON.stringify([unfiltered, matters.sort()])),
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ calendar, visitType, from, to, unfiltered, proposed })),
    readAt,
  };
}
