/** A figure never stands alone: beside it its limit or a peer, measured in the same run, and how it was taken. */

export interface Limit {
  readonly name: string;
  /** In the unit of the figure. */
  readonly value: number;
}

export interface Figure {
  readonly name: string;
  /** `s`, `ms`, `us`: less is better. `.../s`, `share`: more is better. */
  readonly unit: string;
  readonly value: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly limit: Limit;
  /** value / limit.value. */
  readonly ratio: number;
  /** How many, how many at once, beside what else. */
  readonly conditions: string;
}

/** How much is measured; `short` shows that everything works and says nothing about speed. */
export interface Scale {
  readonly short: boolean;
  /** Of each timed phase. */
  readonly seconds: number;
  /** Records of the patient index; null: as many as fit beside the other benches. */
  readonly people: number | null;
}

/** What every bench is given. */
export interface Run {
  readonly scale: Scale;
  /** A new empty folder of its own, removed after the run. */
  readonly folder: string;
  /** Where child processes leave CPU profiles; null: none are made. */
  readonly profiles: string | null;
  readonly say: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  run(run: Run): Promise<readonly Figure[]>;
}

export interface Taken {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Of each single one, in the unit of the figure or in ms beside a rate. */
  readonly each?: readonly number[];
  readonly conditions: string;
}

/** One row for each limit. */
export function figures(taken: Taken, limits: readonly Limit[]): Figure[] {
  const { each, value, ...rest } = taken;
  return limits.map((limit) => ({
    ...rest,
    value: rounded(value),
    ...(each === undefined || each.length === 0
      ? {}
      : { p50: rounded(quantile(each, 0.5)), p99: rounded(quantile(each, 0.99)) }),
    limit: { name: limit.name, value: rounded(limit.value) },
    ratio: rounded(value / limit.value),
  }));
}

/** The smallest value that the share `q` of all does not exceed; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}

/**
 * How many of them are worked off in a second of this process's CPU time, once per round; a round before is left out.
 * `work` gives a number, all of which are added up: what nobody needs would not be computed.
 */
export function cpuRates<T>(
  all: readonly T[],
  work: (one: T) => number,
  { rounds, round_ms }: { readonly rounds: number; readonly round_ms: number },
): number[] {
  let at = 0;
  let sum = 0;
  const round = (): number => {
    const began = process.cpuUsage();
    for (let count = LOOK_EVERY; ; count += LOOK_EVERY) {
      for (let n = 0; n < LOOK_EVERY; n += 1) {
        sum += work(all[at]!);
        at = at + 1 < all.length ? at + 1 : 0;
      }
      const { user, system } = process.cpuUsage(began);
      if (user + system >= round_ms * 1_000) return (count * 1_000_000) / (user + system);
    }
  };
  round();
  const each = Array.from({ length: rounds }, round);
  if (!Number.isFinite(sum) || sum === 0) throw new Error('the work came to nothing');
  return each;
}

/** Asking for the time takes a microsecond. */
const LOOK_EVERY = 500;

export function table(all: readonly Figure[]): string {
  const head = ['figure', 'value', 'p50', 'p99', 'beside', 'its value', 'ratio'];
  const rows = all.map((one) => [
    one.name,
    `${shown(one.value)} ${one.unit}`,
    one.p50 === undefined ? '' : shown(one.p50),
    one.p99 === undefined ? '' : shown(one.p99),
    one.limit.name,
    shown(one.limit.value),
    shown(one.ratio),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => ([0, 4].includes(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Four digits that mean something. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function shown(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : String(value);
}
