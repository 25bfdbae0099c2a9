/**
 * The vendor has no cursor and no time of modification, so a poll goes round: every calendar of the site file, window
 * by window from yesterday to the horizon, each window listed whole, and each calendar's time off. One page is one of
 * these; a cycle is all of them; then it waits.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { sha256 } from '../../core/ids.ts';
import {
  DAY_MS,
  formatInstant,
  instant,
  localDate,
  parseInstant,
  startOfDay,
  type Instant,
} from '../../core/instant.ts';
import type { CursorSpec, Page, Poll, Site } from '../contract.ts';
import { gridWindows, seenUpTo } from '../kit/window.ts';
import { blockState } from './block.ts';
import type { AcuityClient, CallFor } from './client.ts';
import { wholeWindow, type CalendarWindow, type WholeWindow } from './listing.ts';
import type { AcuitySettings } from './settings.ts';
import { calendarZone } from './zone.ts';

/** Times are ISO text, empty when there is none, so that an operator can read and set them. */
export type AcuityCursor = {
  /** When the cycle under way began; empty between cycles. */
  readonly cycleStartedAt: string;
  /** When the last finished cycle began. */
  readonly previousCycleAt: string;
  /** Next step of the cycle. */
  readonly index: number;
  /** Digest of the steps: after a change of calendars or windows the index means nothing and the cycle starts over. */
  readonly plan: string;
};

const AT_REST: AcuityCursor = { cycleStartedAt: '', previousCycleAt: '', index: 0, plan: '' };

export const acuityCursor: CursorSpec<AcuityCursor> = {
  version: 1,
  parse(version, stored) {
    const { cycleStartedAt, previousCycleAt, index, plan } = { ...AT_REST, ...stored };
    const isTime = (value: unknown): value is string =>
      typeof value === 'string' && (value === '' || parseInstant(value) !== null);
    const wrong = (detail: string): HubError => new HubError('CURSOR_UNREADABLE', { detail });
    if (version !== 1) throw wrong(`version ${version} is not known to this release`);
    if (!isTime(cycleStartedAt)) throw wrong('cycleStartedAt is neither empty nor a time like 2026-12-01T09:00:00Z');
    if (!isTime(previousCycleAt)) throw wrong('previousCycleAt is neither empty nor a time like 2026-12-01T09:00:00Z');
    if (!Number.isInteger(index) || index < 0) throw wrong('index is not a whole number from 0');
    if (typeof plan !== 'string') throw wrong('plan is not text');
    return { cycleStartedAt, previousCycleAt, index, plan };
  },
};

interface Step extends CalendarWindow {
  readonly what: 'appointments' | 'blocks';
}

/** Time off is listed to the end of such a span, so that the end moves a few times a year and not every day. */
const BLOCK_DAYS = 92;

export function acuityPoll(site: Site<AcuitySettings>, client: AcuityClient, clock: Clock): Poll<AcuityCursor> {
  return {
    async page(from, signal): Promise<Page<AcuityCursor>> {
      const { startedAt, steps, index, previousCycleAt } = resume(site, from ?? AT_REST, clock.now());
      const step = steps[index];
      const at: CallFor = { purpose: 'sync', signal };
      const found = step === undefined ? { messages: [], complete: [] } : await read(site, client, step, at);
      const last = index + 1 >= steps.length;
      const cycle = formatInstant(startedAt);
      return {
        ...found,
        next: last
          ? { ...AT_REST, previousCycleAt: cycle }
          : { cycleStartedAt: cycle, previousCycleAt, index: index + 1, plan: planOf(steps) },
        more: !last,
        // Only a whole cycle proves anything: a change may lie in a window that is still to be read.
        seenUpTo: last && step !== undefined ? seenUpTo(startedAt, site.file.poll.overlap_s) : null,
      };
    },
  };
}

function resume(
  site: Site<AcuitySettings>,
  from: AcuityCursor,
  now: Instant,
): { startedAt: Instant; steps: readonly Step[]; index: number; previousCycleAt: string } {
  const begun = from.cycleStartedAt === '' ? null : parseInstant(from.cycleStartedAt);
  const { previousCycleAt } = from;
  if (begun !== null) {
    const steps = stepsOf(site, begun);
    if (planOf(steps) === from.plan) return { startedAt: begun, steps, index: from.index, previousCycleAt };
  }
  // Whole seconds, as the cursor keeps it: the next page must work out the very same steps.
  const startedAt = instant(Math.floor(now / 1_000) * 1_000);
  return { startedAt, steps: stepsOf(site, startedAt), index: 0, previousCycleAt };
}

export function stepsOf(site: Site<AcuitySettings>, startedAt: Instant): readonly Step[] {
  const horizon = instant(startedAt + site.file.poll.horizon_days * DAY_MS);
  const calendars = Object.keys(site.file.resources.calendars).sort();
  return calendars.flatMap((calendar) => {
    const zone = calendarZone(site.file, calendar);
    const yesterday = instant(startedAt - DAY_MS);
    const windows = gridWindows(yesterday, horizon, site.settings.chunk_days, zone);
    const start = startOfDay(localDate(yesterday, zone), zone) ?? yesterday;
    // To the end of the grid: a window that ended with the horizon would move every day and let unchanged leave in
    // late.
    const end = gridWindows(yesterday, horizon, BLOCK_DAYS, zone).at(-1)?.end ?? horizon;
    return [
      ...windows.map((window): Step => ({ what: 'appointments', calendar, zone, window })),
      { what: 'blocks', calendar, zone, window: { start, end } },
    ];
  });
}

function planOf(steps: readonly Step[]): string {
  const all = steps.map(({ what, calendar, window }) => [what, calendar, window.start, window.end]);
  return sha256(JSON.stringify(all)).slice(0, 16);
}

async function read(site: Site<AcuitySettings>, client: AcuityClient, step: Step, at: CallFor): Promise<WholeWindow> {
  if (step.what === 'blocks') return { messages: [await blockState(site, client, step, at)], complete: [] };
  return wholeWindow(site, client, step, at);
}
