/** A site's file of all its visits (HL7 v2): read, checked to be of that site, and held against our copy. */
import type { Hl7Feed } from './connectors/contract.ts';
import { HubError } from './core/errors.ts';
import { instant, plus, startOfDay, DAY_MS, localDate, type Instant, type Interval } from './core/instant.ts';
import { latin1 } from './hl7v2/charset.ts';
import { splitMessages, type Split } from './hl7v2/batch.ts';
import { header } from './hl7v2/header.ts';
import { parseTime, resolveTime } from './hl7v2/time.ts';
import { applySnapshot, compareSnapshot, type SnapshotDeps, type SnapshotReport } from './pipeline/snapshot.ts';
import type { SiteRunner } from './pipeline/site-runner.ts';
import type { OpsFile } from './http/deps.ts';
import type { SiteSettings } from './settings/shape.ts';
import type { Scope } from './store/contract.ts';

const DAYS_MAX = 400;

export interface HubSnapshotDeps extends SnapshotDeps {
  readonly runner: (site: string) => SiteRunner | undefined;
}

/** @throws HubError SITE_UNKNOWN, SITE_CANNOT where it can be asked, PARAMETER_INVALID */
export async function reconcileFile(
  deps: HubSnapshotDeps,
  scope: Scope,
  siteId: string,
  file: OpsFile,
  requestId: string,
): Promise<SnapshotReport> {
  const site = deps.plan().sites.find(({ id }) => id === siteId);
  const connector = deps.runner(siteId)?.connector;
  const isVisible = scope.sites === '*' || scope.sites.includes(siteId);
  if (site === undefined || connector === undefined || !isVisible)
    throw new HubError('SITE_UNKNOWN', { detail: `no site ${siteId} runs` });
  const { hl7, book } = connector;
  if (hl7 === undefined)
    throw new HubError('SITE_CANNOT', { site: siteId, detail: 'it takes no file; the hub asks it for what it has' });
  const split = splitMessages(file.bytes);
  refuseCutOrForeign(split, hl7);
  const now = deps.clock.now();
  const takenAt = file.takenAt ?? writtenAt(split, site);
  if (takenAt === null) throw invalid('neither BHS-7 nor FHS-7 says when the file was taken; give takenAt');
  if (takenAt > now) throw invalid('the file cannot have been taken later than now');
  const messages = split.messages.map(({ bytes }) => {
    const event = hl7.read(bytes, now);
    // A message without a time of its own is as old as the file: live news since then must win.
    return { ...event, occurredAt: event.occurredAt ?? takenAt };
  });
  const window = windowOf(site, file.window);
  const snapshot = { messages, takenAt, window, showsWithin_ms: book?.showsWithin_ms ?? 0 };
  return file.dryRun
    ? compareSnapshot(deps, scope, site, snapshot)
    : applySnapshot(deps, scope, site, snapshot, requestId);
}

/** What is left out of a file would be cancelled: one that was cut short, or is of somebody else, is not believed. */
function refuseCutOrForeign(split: Split, { address: { from } }: Hl7Feed): void {
  const [issue] = split.issues;
  if (issue !== undefined) throw invalid(`the file is not whole: ${issue.text}`);
  if (split.messages.length === 0 && !split.isBatch) throw invalid('the file holds no HL7 v2 message and no batch');
  const foreign = split.messages.findIndex(({ bytes }) => {
    const { sendingApplication, sendingFacility } = header(bytes);
    const fits = (name: string, sent: string): boolean => name === '' || name === sent;
    return !fits(from.application, sendingApplication) || !fits(from.facility, sendingFacility);
  });
  if (foreign >= 0) throw invalid(`message ${foreign + 1} of the file is not of this site (MSH-3, MSH-4)`);
}

/** The earliest of its headers: what was told in between may be in one batch and not in another. */
function writtenAt({ file, batches }: Split, site: SiteSettings): Instant | null {
  const headers = batches.length > 0 ? batches.map((batch) => batch.header) : file === null ? [] : [file];
  const times = headers.map((bytes) => timeOf(bytes, site) ?? (file === null ? null : timeOf(file, site)));
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 || known.length < times.length ? null : instant(Math.min(...known));
}

/** Field 7 of BHS and FHS; field 1 is the separator itself. */
function timeOf(bytes: Uint8Array, site: SiteSettings): Instant | null {
  const text = latin1(bytes);
  const time = parseTime(text.split(text.charAt(3))[6] ?? '');
  return time === null ? null : (resolveTime(time, site.timeZone)?.at ?? null);
}

function windowOf({ timeZone }: SiteSettings, { from, to }: OpsFile['window']): Interval {
  const start = startOfDay(from, timeZone);
  const last = startOfDay(to, timeZone);
  // Noon of the next day is the same date however long the last day is.
  const end = last === null ? null : startOfDay(localDate(plus(last, DAY_MS + DAY_MS / 2), timeZone), timeZone);
  if (start === null || end === null || end <= start || end - start > DAYS_MAX * DAY_MS)
    throw invalid(`the window is two dates, both included, at most ${DAYS_MAX} days: 2026-11-23..2026-11-29`);
  return { start, end };
}

function invalid(detail: string): HubError {
  return new HubError('PARAMETER_INVALID', { detail });
}
