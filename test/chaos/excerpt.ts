/** The shortest history around a violation: what happened to its visits and keys, with the troubles of that time. */
import { formatInstant, instant } from '../../src/core/instant.ts';
import { nameOf, type Violation } from './judged.ts';
import { allOf, type Event } from './history.ts';

const MOST = 60;
/** A trouble strikes what begins a little later. */
const BEFORE_MS = 1_500;
const AT_THE_END: ReadonlySet<Event['kind']> = new Set(['truth', 'removed', 'copy', 'booking', 'difference']);

export function excerpt(events: readonly Event[], violation: Violation): readonly string[] {
  const about = new Set(violation.about.filter((id) => id !== ''));
  const calls = new Set<number>();
  const acts = new Set<number>();
  const sites = new Set<string>();
  const siteOfAct = new Map(allOf(events, 'act').map((one) => [one.act, one.site]));
  const named = (event: Event): boolean => {
    const is = namesIn(event, siteOfAct).some((name) => about.has(name));
    if (is && 'site' in event && event.site !== null) sites.add(event.site);
    if (event.kind === 'call' && is) calls.add(event.call);
    if ((event.kind === 'act' || event.kind === 'acted') && is) acts.add(event.act);
    return is || (event.kind === 'answer' && calls.has(event.call));
  };
  const byName = new Set(events.filter(named));
  // What an act made is known only when it is done; it belongs to its beginning.
  const isOfAct = (event: Event): boolean => (event.kind === 'act' || event.kind === 'acted') && acts.has(event.act);
  const concerned = new Set(events.filter((event) => byName.has(event) || isOfAct(event)));
  const [first, ...others] = [...concerned].filter((event) => !AT_THE_END.has(event.kind));
  const [from, to] = [first?.at ?? 0, others.at(-1)?.at ?? first?.at ?? 0];
  const isNear = (event: Event): boolean =>
    event.kind === 'trouble' &&
    (event.site === null || sites.has(event.site)) &&
    event.at >= from - BEFORE_MS &&
    event.at <= to;
  const shown = events.filter((event) => concerned.has(event) || isNear(event));
  const lines = shown.map(line);
  if (lines.length <= MOST) return lines;
  return [...lines.slice(0, MOST / 2), `… ${lines.length - MOST} more …`, ...lines.slice(-MOST / 2)];
}

function line({ n, at, kind, ...facts }: Event): string {
  const words = Object.entries(facts).map(([name, value]) => {
    const isTime = (name === 'start' || name === 'end' || name === 'lastUpdated') && typeof value === 'number';
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}=${isTime ? formatInstant(instant(value)) : text}`;
  });
  return `${String(n).padStart(6)} ${new Date(instant(at)).toISOString().slice(11, 23)} ${kind} ${words.join(' ')}`;
}

/** Keys of visits are each site's own: two sites count alike. */
function namesIn(event: Event, siteOfAct: ReadonlyMap<number, string>): readonly string[] {
  const values = Object.values(event).filter((value: unknown): value is string => typeof value === 'string');
  const site = event.kind === 'acted' ? (siteOfAct.get(event.act) ?? null) : 'site' in event ? event.site : null;
  return site === null ? values : [...values, ...values.map((value) => nameOf(site, value))];
}
