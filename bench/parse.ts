/**
 * The cost of one HL7 v2 message in our parser, reading every place that the SIU mapping reads, beside
 * `node-hl7-client` and beside nothing but `split`. Which places those are is not written down here: they are noted
 * while the mapping runs once.
 */
import { join } from 'node:path';
import { Message as TheirMessage } from 'node-hl7-client';
import { readPlan } from '../src/boot.ts';
import { systemClock } from '../src/core/clock.ts';
import { parseMessage } from '../src/hl7v2/message.ts';
import { Repetition, Segment } from '../src/hl7v2/segment.ts';
import { hl7v2Mapping } from '../src/mappings/hl7v2/index.ts';
import { writeClinic } from './clinic.ts';
import { figures, quantile, type Bench } from './figure.ts';
import { siu } from './messages.ts';

interface Place {
  readonly segment: string;
  readonly field: number;
  readonly component: number;
}

const ROUNDS = 20;

export const parse: Bench = {
  name: 'parse',
  async run({ scale, folder }) {
    const map = await siuMapping(join(folder, 'config'));
    const places = placesRead(siu(1), map);
    const each_ms = scale.short ? 5 : (scale.seconds * 1000) / (4 * ROUNDS);
    const ours = timed(each_ms, (bytes) => readOurs(bytes, places));
    const theirs = timed(each_ms, (bytes) => readTheirs(bytes, places));
    const split = timed(each_ms, (bytes) => readSplit(bytes, places));
    const mapped = timed(each_ms, map);
    const what = `SIU^S12 of ${siu(1).length} bytes, ${places.length} places read`;
    const conditions = `${what}; value is the median of ${ROUNDS} rounds`;
    const peers = [
      { name: 'node-hl7-client', value: quantile(theirs, 0.5) },
      { name: 'bare split', value: quantile(split, 0.5) },
    ];
    return [
      ...figures(
        { name: 'parse and read a message', unit: 'us', value: quantile(ours, 0.5), each: ours, conditions },
        peers,
      ),
      ...figures(
        { name: 'parse and map a message', unit: 'us', value: quantile(mapped, 0.5), each: mapped, conditions },
        peers,
      ),
    ];
  },
};

/** The mapping as the hub runs it for the HL7 v2 site of these benches. */
async function siuMapping(configDir: string): Promise<(bytes: Buffer) => unknown> {
  await writeClinic(configDir, null);
  const plan = await readPlan(configDir, {});
  const [site] = plan.sites;
  if (site === undefined) throw new Error('the bench has no site');
  const now = systemClock.now();
  const map = (body: Buffer): ReturnType<typeof hl7v2Mapping.map> =>
    hl7v2Mapping.map(
      {
        kind: 'SIU^S12',
        shape: 'event',
        object: null,
        body,
        contentType: 'x-application/hl7-v2+er7',
        receivedAt: now,
        readAt: null,
        occurredAt: now,
      },
      { site, visitTypes: plan.hub.visitTypes },
    );
  const mapped = map(siu(1));
  if (mapped.kind !== 'changes') throw new Error(`the mapping refuses the message: ${JSON.stringify(mapped)}`);
  return map;
}

/** Microseconds for one message, once per round. Each message is another one, so that nothing is remembered. */
function timed(round_ms: number, work: (bytes: Buffer) => unknown): number[] {
  const messages = Array.from({ length: 500 }, (_one, n) => siu(n));
  const kept: unknown[] = [];
  const round = (): number => {
    const began = systemClock.monotonic();
    let count = 0;
    while (systemClock.monotonic() - began < round_ms) {
      for (const bytes of messages.slice(0, 50)) kept[0] = work(bytes);
      count += 50;
    }
    return ((systemClock.monotonic() - began) * 1000) / count;
  };
  round();
  return Array.from({ length: ROUNDS }, round);
}

/** Those that hold something: the peer throws where nothing was sent, and would be slow for a reason of its own. */
function placesRead(bytes: Buffer, map: (bytes: Buffer) => unknown): readonly Place[] {
  const noted: Place[] = [];
  // Their own methods are put back below; here they only tell what they are asked.
  /* eslint-disable @typescript-eslint/unbound-method */
  const { component, repetitions } = Segment.prototype;
  const ofRepetition = Repetition.prototype.component;
  /* eslint-enable @typescript-eslint/unbound-method */
  const origin = new WeakMap<Repetition, Place>();
  Segment.prototype.component = function (n, at, part) {
    noted.push({ segment: this.name, field: n, component: at });
    return component.call(this, n, at, part);
  };
  Segment.prototype.repetitions = function (n) {
    const found = repetitions.call(this, n);
    for (const one of found) origin.set(one, { segment: this.name, field: n, component: 1 });
    return found;
  };
  Repetition.prototype.component = function (at, part) {
    const where = origin.get(this);
    if (where !== undefined) noted.push({ ...where, component: at });
    return ofRepetition.call(this, at, part);
  };
  try {
    map(bytes);
  } finally {
    Segment.prototype.component = component;
    Segment.prototype.repetitions = repetitions;
    Repetition.prototype.component = ofRepetition;
  }
  const { message } = parseMessage(bytes);
  return noted.filter(({ segment, field, component: at }) => {
    const value = message.first(segment)?.component(field, at);
    return typeof value === 'string' && value !== '';
  });
}

function readOurs(bytes: Buffer, places: readonly Place[]): number {
  const { message } = parseMessage(bytes);
  let length = 0;
  for (const { segment, field, component } of places) {
    length += message.first(segment)?.component(field, component)?.length ?? 0;
  }
  return length;
}

function readTheirs(bytes: Buffer, places: readonly Place[]): number {
  const message = new TheirMessage({ text: bytes.toString('utf8') });
  let length = 0;
  for (const { segment, field, component } of places) {
    length += message.get(`${segment}.${field}.${component}`).toString().length;
  }
  return length;
}

/** No escapes, no repetitions, no character sets, no odd line ends: the floor. */
function readSplit(bytes: Buffer, places: readonly Place[]): number {
  const segments = new Map<string, string[]>();
  for (const line of bytes.toString('utf8').split('\r')) {
    const fields = line.split('|');
    const name = fields[0] ?? '';
    if (!segments.has(name)) segments.set(name, fields);
  }
  let length = 0;
  for (const { segment, field, component } of places) {
    const at = segment === 'MSH' ? field - 1 : field;
    length += segments.get(segment)?.[at]?.split('^')[component - 1]?.length ?? 0;
  }
  return length;
}
