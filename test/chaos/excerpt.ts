/** The shortest history around a violation: what happened to its visits and keys, with the troubles of that time. */
import { formatInstant, instant } from '../../src/core/instant.ts';
import type { Violation } from './check.ts';
import type { Event } from './history.ts';

const MOST = 60;

export function excerpt(events: readonly Event[], violation: Violation): readonly string[] {
  const about = new Set(violation.about.filter((id) => id !== ''));
  const calls = new Set<number>();
  const acts = new Set<number>();
  const named = (event: Event): boolean => {
    const is = Object.values(event).some((value: unknown) => typeof value === 'string' && about.has(value));
    if (event.kind === 'call' && is) calls.add(event.call);
    if (event.kind === 'acted' && is) acts.add(event.act);
    if (event.kind === 'answer') return is || calls.has(event.call);
    if (event.kind === 'acted' && acts.has(event.act)) return true;
    return is;
  };
  const concerned = events.filter(named);
  const all = events.filter((event) => concerned.includes(event) || (event.kind === 'act' && acts.has(event.act)));
  const [from, to] = [
    all[0]?.at ?? 0,
    all.findLast((one) => !['truth', 'copy', 'booking'].includes(one.kind))?.at ?? 0,
  ];
  const shown = events.filter(
    (event) => all.includes(event) || (event.kind === 'trouble' && event.at >= from && event.at <= to),
  );
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
