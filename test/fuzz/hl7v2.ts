/** The fuzz target of HL7 v2: from the bytes of a connection to the answers and to what the messages become. */
import { checkWire } from './hl7v2-rules.ts';
import { corpus, makeWire, type Corpus, type Wire } from './hl7v2-cases.ts';
import type { Target } from './fuzz.ts';
import type { StepCounter } from './steps.ts';

/** `steps` null: what a case costs is not looked at. */
export function hl7v2Target(steps: StepCounter | null, from: Corpus = corpus()): Target<Wire> {
  return {
    name: 'hl7',
    make: (random) => makeWire(random, from),
    check: (wire) => checkWire(wire, steps),
    smaller,
    write: ({ bytes, cuts, maxFrame_bytes, finalCr }) =>
      [bytes.toString('base64url'), cuts.join('.'), maxFrame_bytes, finalCr].join(','),
    read,
    show: ({ bytes, cuts, maxFrame_bytes, finalCr }) =>
      `${JSON.stringify(bytes.toString('latin1'))}\n  cut at [${cuts.join(', ')}], at most ${maxFrame_bytes} bytes, ` +
      `final CR ${finalCr}`,
  };
}

function read(word: string): Wire {
  const [bytes, cuts, most, finalCr, ...more] = word.split(',');
  const maxFrame_bytes = Number(most);
  const isFinal = finalCr === 'required' || finalCr === 'optional';
  if (bytes === undefined || cuts === undefined || !isFinal || more.length > 0 || !(maxFrame_bytes > 0)) {
    throw new Error('that is no case: it has four parts, as the fuzzer prints them');
  }
  const places = cuts === '' ? [] : cuts.split('.').map(Number);
  return { bytes: Buffer.from(bytes, 'base64url'), cuts: places, maxFrame_bytes, finalCr };
}

/** Fewer reads, fewer bytes, plainer bytes. */
function* smaller(wire: Wire): Iterable<Wire> {
  const { bytes, cuts } = wire;
  if (cuts.length > 0) yield { ...wire, cuts: [] };
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < bytes.length; at += size) yield without(wire, at, Math.min(bytes.length, at + size));
  }
  for (const [at] of cuts.entries()) yield { ...wire, cuts: cuts.filter((_cut, index) => index !== at) };
  for (const [at, byte] of bytes.entries()) {
    if (byte === PLAIN || bytes.length > 200) continue;
    const plainer = Buffer.from(bytes);
    plainer[at] = PLAIN;
    yield { ...wire, bytes: plainer };
  }
}

const PLAIN = 0x61;

function without(wire: Wire, from: number, to: number): Wire {
  const moved = wire.cuts.map((cut) => (cut <= from ? cut : Math.max(from, cut - (to - from))));
  const bytes = Buffer.concat([wire.bytes.subarray(0, from), wire.bytes.subarray(to)]);
  const cuts = [...new Set(moved)].filter((cut) => cut > 0 && cut < bytes.length);
  return { ...wire, bytes, cuts };
}
