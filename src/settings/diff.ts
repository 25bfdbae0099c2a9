/**
 * What would happen if the next plan were applied: for `slotwire plan`, and for a running hub that is told to read
 * again.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../core/instant.ts';
import { NEEDS_RESTART } from './hub-spec.ts';
import type { Plan, SiteSettings } from './shape.ts';
import { slotNews, type SlotNews } from './template-diff.ts';

export interface PlanDiff {
  /** Site ids; a suspended site counts as started, it is only quiet. */
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly change: readonly SiteChange[];
  /** Dotted names in hub.yaml, clients and subscribers by their id: `limits.pageSize`, `clients.portal.token`. */
  readonly hubFields: readonly string[];
  /** What a running hub cannot take on; it keeps the old plan as a whole until it is started anew. */
  readonly needsRestart: readonly string[];
  /** Sentences; any of them means that the plan must not be applied. */
  readonly refused: readonly string[];
  /** Slots by templates that come and go; absent where none do, or the time was not told. */
  readonly slots?: readonly SlotNews[];
  /** What follows from a change, and what does not, where the name of the setting does not tell. */
  readonly follows?: readonly string[];
}

export interface SiteChange {
  readonly site: string;
  /** Dotted names in the site file. */
  readonly fields: readonly string[];
  /** The same with values, where they are short and cannot be secret. */
  readonly shown: readonly string[];
}

/**
 * `running` is null at start. Sites are compared by identity, so a renamed site changes and neither stops nor starts.
 * `now`: from when on slots are counted.
 */
export function diffPlans(running: Plan | null, next: Plan, now?: Instant): PlanDiff {
  const before = new Map(running?.sites.map((site) => [site.identity, site]));
  const after = new Map(next.sites.map((site) => [site.identity, site]));
  const started = next.sites.filter((site) => !before.has(site.identity));
  const stopped = [...before.values()].filter((site) => !after.has(site.identity));
  const change: SiteChange[] = [];
  const needsRestart: string[] = [];
  for (const site of next.sites) {
    const old = before.get(site.identity);
    if (old === undefined) continue;
    const changed = changesOf(flat(asWritten(old)), flat(asWritten(site))).filter(({ field }) => field !== 'formerly');
    if (changed.length > 0) change.push({ site: site.id, fields: names(changed), shown: changed.map(showChange) });
    if (old.id !== site.id) needsRestart.push(`site ${old.id} becomes ${site.id}`);
  }
  const hubChanges = running === null ? [] : changesOf(hubValues(running), hubValues(next));
  const hub = names(hubChanges);
  // A simulator that is no longer wanted goes on until the hub stops and is in nobody's way; so a site of the sandbox
  // can be removed as any other.
  const fixed = hubChanges.filter(({ field, to }) => !(field.startsWith('simulators.') && to === undefined));
  needsRestart.push(
    ...names(fixed).filter((field) => NEEDS_RESTART.some((one) => field === one || field.startsWith(`${one}.`))),
  );
  const slots = running === null || now === undefined ? [] : slotNews(running, next, now);
  const follows =
    running === null ? [] : [...consequences(hub), ...consequences(change.flatMap(({ fields }) => fields))];
  return {
    ...(slots.length === 0 ? {} : { slots }),
    ...(follows.length === 0 ? {} : { follows: [...new Set(follows)] }),
    start: started.map((site) => site.id),
    stop: stopped.map((site) => site.id),
    change,
    hubFields: hub,
    needsRestart,
    refused: renames(stopped, started),
  };
}

export function isEmptyDiff(diff: PlanDiff): boolean {
  return [diff.start, diff.stop, diff.change, diff.hubFields, diff.refused].every((list) => list.length === 0);
}

/** One line per item, without secrets, for the terminal and the log. */
export function formatDiff(diff: PlanDiff): string {
  const lines = [
    ...diff.refused.map((sentence) => `refused: ${sentence}`),
    ...diff.start.map((site) => `start  ${site}`),
    ...diff.stop.map((site) => `stop   ${site} (its data stays readable and is not offered)`),
    ...diff.change.map(({ site, shown }) => `change ${site}: ${cut(shown).join(', ')}`),
    ...(diff.slots ?? []).map(
      ({ site, come, go }) => `slots  ${site}: ${come} come, ${go} go by its templates; what is booked keeps its slot`,
    ),
    ...diff.hubFields.map((field) => `hub    ${field}`),
    ...(diff.follows ?? []).map((sentence) => `       ${sentence}`),
    ...diff.needsRestart.map((what) => `needs a restart: ${what}`),
  ];
  return lines.length === 0 ? 'nothing changes' : lines.join('\n');
}

/** Of settings that look backwards, or do not. */
function consequences(fields: readonly string[]): readonly string[] {
  const says = (prefix: string, sentence: string): readonly string[] =>
    fields.some((field) => field === prefix || field.startsWith(`${prefix}.`)) ? [sentence] : [];
  const thresholds =
    'other thresholds: what is linked stays linked, and what waits keeps waiting; a record is compared by them when ' +
    'it comes or changes';
  return [
    ...says('identity.matching', thresholds),
    ...says('matching', thresholds),
    ...says('identity.survivorship', 'golden records show what these rules choose from then on; no decision changes'),
    ...says('work', 'overdue work items go on from the step where they are'),
  ];
}

/** A crosswalk may change thousands of names at once; `--json` has them all. */
function cut(shown: readonly string[]): readonly string[] {
  return shown.length <= SHOWN_MAX ? shown : [...shown.slice(0, SHOWN_MAX), `and ${shown.length - SHOWN_MAX} more`];
}
const SHOWN_MAX = 40;

/**
 * A file that was renamed without `formerly` would give every slot and appointment of the site a second id. It shows as
 * a stop and a start with the same connection, which nobody means otherwise; who does, applies the two in two steps.
 */
function renames(stopped: readonly SiteSettings[], started: readonly SiteSettings[]): readonly string[] {
  return stopped.flatMap((old) => {
    const same = started.find((site) => site.kind === old.kind && isDeepStrictEqual(site.settings, old.settings));
    if (same === undefined) return [];
    return [
      `${old.id} would stop and ${same.id} start with the same kind and settings: if it was renamed, write ` +
        `"formerly: ${old.identity}" in sites/${same.id}.yaml; if not, apply the two one after the other`,
    ];
  });
}

/** Without the calendars that templates make: who wrote the file has not written them. */
function asWritten({ taxonomy: _taxonomy, ...site }: SiteSettings): SiteSettings {
  const calendars = Object.entries(site.resources.calendars).filter(([, rule]) => rule.person === undefined);
  return { ...site, resources: { ...site.resources, calendars: Object.fromEntries(calendars) } };
}

interface Change {
  readonly field: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly Change[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, from: before.get(field), to: after.get(field) }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => a.field.localeCompare(b.field));
}

function names(changes: readonly Change[]): readonly string[] {
  return changes.map(({ field }) => field);
}

function showChange({ field, from, to }: Change): string {
  const short = (value: string | undefined): boolean => value === undefined || value.length <= 40;
  // Which of a kind's settings are secret is not known here, so none of their values is shown.
  if (field.startsWith('settings.') || !short(from) || !short(to)) return field;
  return `${field} ${from ?? 'not set'} -> ${to ?? 'not set'}`;
}

/** Clients and subscribers by id: moving one up in the list changes nothing. */
function hubValues(plan: Plan): ReadonlyMap<string, string> {
  const clients = Object.fromEntries(plan.hub.clients.map((client) => [client.id, client]));
  const subscribers = Object.fromEntries(plan.subscribers.map((subscriber) => [subscriber.id, subscriber]));
  // Another release under one name.
  const taxonomyFile = plan.taxonomy === undefined ? {} : { 'practitioners.taxonomy (file)': plan.taxonomy.sha256 };
  return flat({ ...plan.hub, clients, subscribers, ...taxonomyFile });
}

/** Dotted name -> value as JSON; lists are values. */
function flat(value: object, prefix = '', into = new Map<string, string>()): ReadonlyMap<string, string> {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    const name = `${prefix}${key}`;
    const deeper = typeof child === 'object' && child !== null && !Array.isArray(child);
    if (deeper) flat(child, `${name}.`, into);
    else if (child !== undefined) into.set(name, JSON.stringify(child));
  }
  return into;
}
