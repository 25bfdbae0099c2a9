/** Labels of files: who is who, told by a column that one person's records share, or by a file of pairs. */
import type { CsvTable } from './csv.ts';
import type { Truth } from './evaluation.ts';

/**
 * Records of one person have the same label; an empty label is a person of whom nothing is known. The record ids of
 * FEBRL (`rec-12-org`, `rec-12-dup-0`) are labels by their number.
 */
export function truthByLabel(left: readonly string[], right: readonly string[] | null): Truth {
  const febrl = /^rec-(\d+)-(?:org|dup-\d+)$/;
  const all = [...left, ...(right ?? [])].filter((label) => label !== '');
  const isFebrl = all.length > 0 && all.every((label) => febrl.test(label));
  const label = (text: string): string => (isFebrl ? (febrl.exec(text)?.[1] ?? '') : text);
  const lefts = left.map(label);
  const rights = right === null ? lefts : right.map(label);
  const counts = counted(rights);
  let pairs = 0;
  if (right === null) for (const count of counts.values()) pairs += (count * (count - 1)) / 2;
  else for (const one of lefts) pairs += one === '' ? 0 : (counts.get(one) ?? 0);
  return {
    pairs,
    isMatch: (i, j) => lefts[i] !== '' && lefts[i] === rights[j],
    each(visit) {
      const places = new Map<string, number[]>();
      rights.forEach((one, at) => {
        const known = places.get(one);
        if (known !== undefined) known.push(at);
        else if (one !== '') places.set(one, [at]);
      });
      lefts.forEach((one, i) => {
        for (const j of places.get(one) ?? []) if (right !== null || i < j) visit(i, j);
      });
    },
  };
}

function counted(labels: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) if (label !== '') counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** Pairs of record ids that are one person; a third column of 0, `false` or `no_match` takes the pair out. */
export function truthByPairs(table: CsvTable, left: readonly string[], right: readonly string[] | null): Truth {
  const [a, b] = pairColumns(table.heading);
  const verdict = table.heading.findIndex((name) => /score|match|label|truth|result/i.test(name));
  // A file without a heading begins with a pair.
  const rows = isHeading(table.heading, left) ? table.rows : [table.heading, ...table.rows];
  const lefts = places(left);
  const rights = right === null ? lefts : places(right);
  const width = Math.max(left.length, right?.length ?? 0);
  const pairs = new Set<number>();
  for (const row of rows) {
    if (verdict >= 0 && isNo(row[verdict] ?? '')) continue;
    const i = lefts.get(row[a] ?? '');
    const j = rights.get(row[b] ?? '');
    if (i === undefined || j === undefined || (right === null && i === j)) continue;
    pairs.add(right === null ? Math.min(i, j) * width + Math.max(i, j) : i * width + j);
  }
  return {
    pairs: pairs.size,
    isMatch: (i, j) => pairs.has(i * width + j),
    each(visit) {
      for (const pair of pairs) visit(Math.floor(pair / width), pair % width);
    },
  };
}

function pairColumns(heading: readonly string[]): readonly [number, number] {
  const a = heading.findIndex((name) => /(?:^left|_l$|_left$|^id_?(?:a|1|l)$)/i.test(name));
  const b = heading.findIndex((name) => /(?:^right|_r$|_right$|^id_?(?:b|2|r)$)/i.test(name));
  return a >= 0 && b >= 0 ? [a, b] : [0, 1];
}

function isHeading(first: readonly string[], left: readonly string[]): boolean {
  return !left.includes(first[0] ?? '');
}

function isNo(text: string): boolean {
  const score = Number(text);
  return text !== '' && (Number.isNaN(score) ? /^(?:false|no|no_?match|n|possible_match)$/i.test(text) : score < 0.5);
}

function places(ids: readonly string[]): ReadonlyMap<string, number> {
  return new Map(ids.map((id, at) => [id, at]));
}
