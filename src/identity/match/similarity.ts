/**
 * How alike two short texts are. Own code, because the work is here: nothing is allocated for texts of up to 32
 * letters, the letters that are taken already are the bits of one number.
 */

/**
 * Jaro-Winkler, 0 to 1: prefix of up to four letters, weight 0.1, and only above 0.7 (as Winkler has it). Texts longer
 * than 32 are compared by their first 32.
 *
 * @param least what is below it may come out as 0: most texts are given up after their second or third letter
 */
export function jaroWinkler(a: string, b: string, least = 0): number {
  if (a === b) return a === '' ? 0 : 1;
  const la = a.length > 32 ? 32 : a.length;
  const lb = b.length > 32 ? 32 : b.length;
  if (la === 0 || lb === 0) return 0;
  const prefix = commonPrefix(a, b, la < lb ? la : lb);
  // So many letters may find none in the other text: what is there is at most all in order, and is lifted by the
  // prefix.
  const lift = prefix * 0.1;
  const needed = ((3 * (least - lift)) / (1 - lift) - 1) / (1 / la + 1 / lb);
  if (needed > (la < lb ? la : lb) + SLACK) return 0;
  let spare = la - needed + SLACK;
  const reach = Math.max(0, (la > lb ? la >> 1 : lb >> 1) - 1);
  let takenA = 0;
  let takenB = 0;
  let matches = 0;
  for (let i = 0; i < la; i += 1) {
    const letter = a.charCodeAt(i);
    const end = i + reach < lb - 1 ? i + reach : lb - 1;
    const before = matches;
    for (let j = i > reach ? i - reach : 0; j <= end; j += 1) {
      if ((takenB & (1 << j)) === 0 && b.charCodeAt(j) === letter) {
        takenA |= 1 << i;
        takenB |= 1 << j;
        matches += 1;
        break;
      }
    }
    if (matches === before && (spare -= 1) < 0) return 0;
  }
  if (matches === 0) return 0;
  const moved = outOfOrder(a, b, takenA, takenB, la);
  const jaro = (matches / la + matches / lb + (matches - moved) / matches) / 3;
  return jaro <= 0.7 ? jaro : jaro + lift * (1 - jaro);
}

/** More than rounding does. */
const SLACK = 1e-9;

function commonPrefix(a: string, b: string, shorter: number): number {
  const most = shorter < 4 ? shorter : 4;
  let prefix = 0;
  while (prefix < most && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix += 1;
  return prefix;
}

function outOfOrder(a: string, b: string, takenA: number, takenB: number, la: number): number {
  let different = 0;
  let j = 0;
  for (let i = 0; i < la; i += 1) {
    if ((takenA & (1 << i)) === 0) continue;
    while ((takenB & (1 << j)) === 0) j += 1;
    if (a.charCodeAt(i) !== b.charCodeAt(j)) different += 1;
    j += 1;
  }
  return different >> 1;
}

const WIDEST = 64;
const rows = [new Uint8Array(WIDEST + 1), new Uint8Array(WIDEST + 1), new Uint8Array(WIDEST + 1)] as const;

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. Stops at `most`:
 * what is further apart is `most + 1`. Texts longer than 64 are compared by their first 64.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (a === b) return 0;
  const la = Math.min(a.length, WIDEST);
  const lb = Math.min(b.length, WIDEST);
  if (Math.abs(la - lb) > most) return most + 1;
  let [before, above, row] = rows as readonly [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= lb; j += 1) above[j] = j;
  for (let i = 1; i <= la; i += 1) {
    row[0] = i;
    let least = i;
    const letter = a.charCodeAt(i - 1);
    const previous = i > 1 ? a.charCodeAt(i - 2) : -1;
    for (let j = 1; j <= lb; j += 1) {
      const other = b.charCodeAt(j - 1);
      let cost = (above[j - 1] ?? 0) + (letter === other ? 0 : 1);
      const deletion = (above[j] ?? 0) + 1;
      const insertion = (row[j - 1] ?? 0) + 1;
      if (deletion < cost) cost = deletion;
      if (insertion < cost) cost = insertion;
      if (i > 1 && j > 1 && previous === other && letter === b.charCodeAt(j - 2)) {
        const swap = (before[j - 2] ?? 0) + 1;
        if (swap < cost) cost = swap;
      }
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap reaches one row further back, so that one row more has to be beyond the limit; `least` of it was checked.
    if (least > most + 1) return most + 1;
    [before, above, row] = [above, row, before];
  }
  const distance = above[lb] ?? 0;
  return distance > most ? most + 1 : distance;
}

/** `editDistance` is exactly 1: one letter more, less or other, or two neighbours in the other order. One pass. */
export function isOneEdit(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const more = long.length - short.length;
  if (more > 1) return false;
  let at = 0;
  while (at < short.length && short.charCodeAt(at) === long.charCodeAt(at)) at += 1;
  if (more === 1) return sameFrom(short, at, long, at + 1);
  if (at === short.length) return false;
  if (sameFrom(short, at + 1, long, at + 1)) return true;
  const isTurned = short.charCodeAt(at) === long.charCodeAt(at + 1) && short.charCodeAt(at + 1) === long.charCodeAt(at);
  return isTurned && sameFrom(short, at + 2, long, at + 2);
}

function sameFrom(a: string, from: number, b: string, other: number): boolean {
  let [i, j] = [from, other];
  while (i < a.length) {
    if (a.charCodeAt(i) !== b.charCodeAt(j)) return false;
    i += 1;
    j += 1;
  }
  return true;
}
