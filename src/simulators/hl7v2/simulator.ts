/**
 * A scheduling system that speaks HL7 v2 only: it sends SIU over MLLP and takes SRM. Written from the standard sheet
 * alone, with framing and encoding of its own, so that it cannot share a misreading with the hub.
 * README.md has the rest.
 */
import { HOUR_MS } from '../../core/instant.ts';
import type { SwitchKind } from '../kit/faults.ts';
import type { Edge, SimulatorKind } from '../kit/kind.ts';
import { TARGET } from '../kit/outbound.ts';
import type { Answer } from '../kit/route.ts';
import { hl7Acts } from './acts.ts';
import { settingsOf, type Clinic } from './clinic.ts';
import { dripVisit, makeDays } from './days.ts';
import { REQUEST_PORT } from './model.ts';
import { RequestPort } from '../kit/request-port.ts';
import { Requests } from './requests.ts';
import { readHl7Seed } from './seed.ts';
import { MllpSender } from '../kit/mllp-sender.ts';
import { hl7Truth } from './truth.ts';

/** Those of the design that make sense without an interface to ask; chunkBytes cuts frames into small writes. */
const SWITCHES = {
  latencyMs: 'number',
  answerDelayMs: 'number',
  errorRate: 'number',
  silentDrop: 'times',
  echoFirst: 'times',
  dropAnswer: 'times',
  duplicateWebhooks: 'times',
  reorderWebhooks: 'times',
  loseWebhooks: 'times',
  clockSkewMs: 'number',
  outage: 'times',
  chunkBytes: 'number',
} as const satisfies Record<string, SwitchKind>;

export const hl7v2Simulator: SimulatorKind = {
  name: 'hl7v2',
  switches: SWITCHES,
  open(setup) {
    const seed = readHl7Seed(setup.seed);
    const { store, faults, clock } = setup;
    const sender = new MllpSender({ store, faults, clock, settings: () => settingsOf(seed, store) });
    const clinic: Clinic = { seed, store, clock, sender };
    const requests = new Requests(clinic, faults);
    const port = new RequestPort({ faults, answer: (text) => requests.answer(text) });
    const { target } = seed;
    if (store.isEmpty && target !== null) store.write((tx) => tx.put(TARGET, 'target', target));
    makeDays(clinic);
    const often = (ms: number, work: () => void): NodeJS.Timeout =>
      setInterval(() => {
        work();
        sender.ring();
      }, ms);
    const timers = [often(HOUR_MS / 4, () => makeDays(clinic))];
    if (seed.drip !== null) timers.push(often(seed.drip.everySeconds * 1000, () => dripVisit(clinic)));
    faults.onChange(() => sender.ring());
    return {
      mount: [],
      routes: [],
      edge: EDGE,
      truth: { ...hl7Truth(clinic), requests: () => (seed.requests === null ? null : port.address) },
      acts: hl7Acts(clinic),
      echo: null,
      started: async (url) => {
        if (seed.requests !== null) await openPort(clinic, port, new URL(url).hostname, seed.requests.port);
        sender.start();
      },
      stop: async () => {
        for (const timer of timers) clearInterval(timer);
        requests.stop();
        await port.stop();
        await sender.stop();
      },
    };
  },
};

/** The port of the last run when no other is wanted: a hub that knows the address must not lose it by a restart. */
async function openPort(clinic: Clinic, port: RequestPort, hostname: string, wanted: number): Promise<void> {
  const { store } = clinic;
  const last = store.get(REQUEST_PORT, 'port') ?? 0;
  await port.start(hostname.replace(/^\[|\]$/g, ''), wanted > 0 ? [wanted] : last > 0 ? [last, 0] : [0]);
  store.write((tx) => tx.put(REQUEST_PORT, 'port', port.address.port));
}

const NOTHING: Answer = { status: 404, body: { error: 'this system speaks HL7 v2 over MLLP; see /__sim/state' } };
const EDGE: Edge = {
  perSecond: null,
  concurrent: null,
  limited: () => NOTHING,
  failed: () => ({ status: 500, body: { error: 'the simulator made an error; see its log' } }),
  notFound: () => NOTHING,
  wrongMethod: () => NOTHING,
};
