/**
 * A stand-in for one Epic site: FHIR in two versions, backend services, and the message feed, written from the vendor
 * sheet alone. README.md lists seed, acts, switches and the source of each rule.
 */
import { HOUR_MS } from '../../core/instant.ts';
import { COMMON_SWITCHES } from '../kit/faults.ts';
import type { Edge, SimulatorKind } from '../kit/kind.ts';
import { TARGET } from '../kit/outbound.ts';
import { RequestPort } from '../kit/request-port.ts';
import type { Answer } from '../kit/route.ts';
import { epicActs } from './acts.ts';
import { fhir, outcome } from './answers.ts';
import { makeDays } from './days.ts';
import { Feed } from './feed.ts';
import { settingsOf, type Hospital } from './hospital.ts';
import { KeySets } from './key-sets.ts';
import { LoadCounter } from './load.ts';
import { epicRoutes } from './routes.ts';
import { Requests } from './requests.ts';
import { readEpicSeed } from './seed-schema.ts';
import { REQUEST_PORT } from './model.ts';
import { epicTruth } from './truth.ts';

export const epicSimulator: SimulatorKind = {
  name: 'epic',
  /** dailyCeiling: so many FHIR calls a day (4135). pageShort: pages with fewer entries than were asked for. */
  switches: { ...COMMON_SWITCHES, dailyCeiling: 'limit', pageShort: 'times' },
  open(setup) {
    const seed = readEpicSeed(setup.seed);
    const { store, faults, clock } = setup;
    const feed = new Feed({ seed, store, faults, clock });
    let origin = '';
    const base = (): string => `${origin}/${seed.site.instance}`;
    const hospital: Hospital = { seed, store, faults, clock, feed, base };
    const keySets = new KeySets(hospital);
    const load = new LoadCounter(clock);
    const requests = new Requests(hospital);
    const port = new RequestPort({ faults, answer: (text) => requests.answer(text) });
    const { target } = seed;
    if (store.isEmpty && target !== null) store.write((tx) => tx.put(TARGET, 'target', target));
    makeDays(hospital);
    const nextDays = setInterval(() => {
      makeDays(hospital);
      feed.ring();
    }, HOUR_MS / 4);
    return {
      mount: [`/${seed.site.instance}`],
      routes: epicRoutes(hospital, keySets),
      edge: edgeOf(hospital, load),
      truth: {
        ...epicTruth(hospital, load, keySets),
        requests: () => (seed.requests === null ? null : port.address),
      },
      acts: epicActs(hospital),
      echo: feed,
      started: async (url) => {
        origin = url;
        if (seed.requests !== null) await openPort(hospital, port, new URL(url).hostname, seed.requests.port);
        feed.start();
      },
      stop: async () => {
        clearInterval(nextDays);
        await port.stop();
        await feed.stop();
      },
    };
  },
};

async function openPort({ store }: Hospital, port: RequestPort, hostname: string, wanted: number): Promise<void> {
  const last = store.get(REQUEST_PORT, 'port') ?? 0;
  await port.start(hostname.replace(/^\[|\]$/g, ''), wanted > 0 ? [wanted] : last > 0 ? [last, 0] : [0]);
  store.write((tx) => tx.put(REQUEST_PORT, 'port', port.address.port));
}

/** No limits are published (sheet section 2): there are those that a switch sets. */
function edgeOf(hospital: Hospital, load: LoadCounter): Edge {
  const said = (status: number, code: '4135' | '59177' | '4100'): Answer => fhir(outcome(hospital, [{ code }]), status);
  return {
    perSecond: null,
    concurrent: null,
    seen: (path) => load.seen(path),
    limited: () => ({ status: 429, body: '' }),
    failed: () => said(500, '59177'),
    notFound: () => said(404, '4100'),
    wrongMethod: () => said(settingsOf(hospital).forbiddenVerb, '4100'),
    intercept: (call) => {
      const most = hospital.faults.limit('dailyCeiling', null);
      if (most === null || !call.includes('/api/FHIR/') || load.today <= most) return null;
      hospital.faults.count('dailyCeiling');
      return said(403, '4135');
    },
  };
}
