/** The whole truth of the site for `/__sim/state`. Times are UTC with `Z`. */
import { DAY_MS, instant, MINUTE_MS } from '../../core/instant.ts';
import type { SimulatorParts } from '../kit/kind.ts';
import { OUTBOUND, TARGET } from '../kit/outbound.ts';
import { settingsOf, type Hospital } from './hospital.ts';
import type { KeySets } from './key-sets.ts';
import type { LoadCounter } from './load.ts';
import { BLOCKS, PATIENTS, QUESTIONS, REQUESTS, TOKENS, VISITS } from './model.ts';
import { offers } from './templates.ts';

export function epicTruth(hospital: Hospital, load: LoadCounter, keySets: KeySets): SimulatorParts['truth'] {
  const { seed, store } = hospital;
  return {
    timezone: () => seed.site.timezone,
    site: () => seed.site,
    departments: () => seed.departments,
    practitioners: () => seed.practitioners,
    visitTypes: () => seed.visitTypes,
    settings: () => settingsOf(hospital),
    questions: () => store.all(QUESTIONS),
    target: () => store.get(TARGET, 'target') ?? null,
    slots: (query) => slots(hospital, query),
    appointments: () => store.all(VISITS).map(showTruth),
    blocks: () => store.all(BLOCKS).map(showTruth),
    patients: () => store.all(PATIENTS),
    tokens: () => ({
      issued: store.all(TOKENS).length,
      keySetFetches: keySets.fetches,
      clients: store.all(TOKENS).map((one) => one.clientId),
    }),
    load: () => load.report(),
    answered: () => store.all(REQUESTS),
    queue: () => store.all(OUTBOUND).filter((one) => one.state === 'queued'),
    sent: () => store.all(OUTBOUND).filter((one) => one.tries.length > 0 || one.state === 'lost'),
  };
}

/** Free times as `$find` would offer them; `?days=` and `?channel=` narrow or widen. */
function slots(hospital: Hospital, query: URLSearchParams): object[] {
  const now = hospital.clock.now();
  const days = Number(query.get('days') ?? hospital.seed.horizonDays);
  const channel = query.get('channel') === 'staff' ? 'staff' : 'patient';
  const window = { start: now, end: instant(now + days * DAY_MS) };
  return offers(hospital.seed, hospital.store, channel, window).map(showTruth);
}

interface Spanned {
  readonly start: number;
  readonly minutes?: number;
  readonly end?: number;
}

/** A row with its moments as text; whatever has a start and a length gets an end. */
export function showTruth(row: Spanned): Record<string, unknown> {
  const end = row.end ?? row.start + (row.minutes ?? 0) * MINUTE_MS;
  return { ...row, start: new Date(row.start).toISOString(), end: new Date(end).toISOString() };
}
