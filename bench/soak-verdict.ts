/** Whether memory is flat, from samples of it. */

export interface Sample {
  /** Acknowledged until then. */
  readonly messages: number;
  readonly rss_bytes: number;
  readonly heap_bytes: number;
}

export interface Verdict {
  readonly kind: 'flat' | 'grows' | 'too short';
  /** For people: a line for each kind of memory. */
  readonly lines: readonly string[];
}

const MB = 1_048_576;
/** What is loaded, compiled and pooled at first is no leak. */
const WARM_UP = 0.25;
const WINDOWS = 8;
const FEWEST = 3 * WINDOWS;
/** Beyond what a collector leaves lying about. */
const MAY_RISE_BYTES = 24 * MB;
const MAY_RISE = 0.1;

/**
 * One sample of each eighth of the run behind its first quarter, and a line laid through these by least squares, which
 * may rise by a tenth or 24 MB until the end. Of the heap the lowest: between two collections it rises and falls, and
 * only its floor says what is kept. Of the RSS the highest: in a slow minute much is given back to the system, and that
 * it is taken again is no growth.
 */
export function growth(samples: readonly Sample[]): Verdict {
  const last = samples.at(-1)?.messages ?? 0;
  const settled = samples.filter(({ messages }) => messages >= last * WARM_UP);
  if (settled.length < FEWEST) {
    return { kind: 'too short', lines: [`memory: ${settled.length} samples are too few to say whether it grows`] };
  }
  const kinds = [
    judged('RSS', settled, 'rss_bytes', (one, than) => one > than),
    judged('heap in use', settled, 'heap_bytes', (one, than) => one < than),
  ];
  return { kind: kinds.some(({ grows }) => grows) ? 'grows' : 'flat', lines: kinds.map(({ line }) => line) };
}

function judged(
  name: string,
  samples: readonly Sample[],
  what: 'rss_bytes' | 'heap_bytes',
  counts: (one: number, than: number) => boolean,
): { readonly grows: boolean; readonly line: string } {
  const marks = Array.from({ length: WINDOWS }, (_one, at) => {
    const size = samples.length / WINDOWS;
    const window = samples.slice(Math.floor(at * size), Math.floor((at + 1) * size));
    return window.reduce((found, one) => (counts(one[what], found[what]) ? one : found));
  });
  const slope = slopeOf(marks.map((one) => [one.messages, one[what]]));
  const [first] = marks;
  const level = first?.[what] ?? 0;
  const measured = (samples.at(-1)?.messages ?? 0) - (samples[0]?.messages ?? 0);
  const rise = slope * measured;
  const may = Math.max(MAY_RISE_BYTES, level * MAY_RISE);
  // A value that could not be read must not pass for flat.
  const grows = !(rise <= may);
  const per = ((slope * 1_000_000) / MB).toFixed(1);
  const line =
    `${name}: from ${(level / MB).toFixed(0)} MB, ${per} MB for each million messages, ` +
    `${(rise / MB).toFixed(1)} MB over ${measured.toFixed(0)} messages (may be ${(may / MB).toFixed(0)} MB): ` +
    (grows ? 'GROWS' : 'flat');
  return { grows, line };
}

/** Least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
