/**
 * Are these two records one practitioner? By what identifies a person, in this order: the NPI, a state licence, the
 * person's own e-mail address. Names never join two: they are weighed (Fellegi and Sunter), and a person is asked.
 * Pure.
 *
 * Schedulers put the number of the group on people: an NPI under which names deny each other proves nothing for anybody
 * who has it, nor does one that a registry knows as an organisation's.
 */
import { isNpi } from '../core/npi.ts';
import { compareFamily, compareGiven, FAMILY, GIVEN } from './match/compare-names.ts';
import { readNames, type ReadName } from './match/normalise-name.ts';
import { soundOf } from './match/phonetic.ts';
import { isOneEdit } from './match/similarity.ts';

export interface PractitionerRecord {
  /** Names the record: site and code. */
  readonly key: string;
  readonly npi?: string;
  /** State and number, `OH:35.123456`. */
  readonly licences?: readonly string[];
  readonly email?: string;
  readonly family?: string;
  readonly given?: string;
  /** NUCC taxonomy. */
  readonly specialty?: string;
  readonly phone?: string;
}

export type PractitionerVerdict =
  | { readonly kind: 'same'; readonly by: 'npi' | 'licence' | 'email' }
  | { readonly kind: 'review'; readonly because: 'npi' | 'licence' | 'email' | 'names' }
  | { readonly kind: 'none' };

export interface PractitionerPair {
  readonly one: PractitionerRecord;
  readonly other: PractitionerRecord;
  readonly verdict: Exclude<PractitionerVerdict, { kind: 'none' }>;
}

/** Bits from which a person looks at a pair that only names bring together. */
const REVIEW_BITS = 5;
/** The same of a pair whose NPIs differ. */
const IN_SPITE_BITS = 9;
/** A digit was mistyped. */
const SLIP_BITS = 8;
/** A name is no rarer than this, however seldom it is seen. */
const FAMILY_MOST = 14;
const GIVEN_MOST = 10;
/** Behind the name of whoever has a degree. */
const CREDENTIALS = new Set(
  `md do np pa pac rn bsn phd dds dmd dc lcsw aprn fnp fnpbc crna mph facp facs dpm od pt dpt ot otr lmft lpc psyd ma ms
  mba cnm slp ccc`.split(/\s+/),
);

interface Read {
  readonly record: PractitionerRecord;
  readonly name: ReadName;
}

/** Every pair that is one person, or may be. `organisations`: NPIs of type 2, as far as a registry tells. */
export function matchPractitioners(
  records: readonly PractitionerRecord[],
  organisations: ReadonlySet<string> = new Set(),
): readonly PractitionerPair[] {
  const all = records.map((record): Read => ({ record, name: readNames([nameOf(record)]) }));
  const judge = new Judge(all, organisations);
  const seen = new Set<string>();
  const found: PractitionerPair[] = [];
  for (const block of blocksOf(all)) {
    for (const [at, one] of block.entries()) {
      for (const other of block.slice(at + 1)) {
        const pair = [one.record.key, other.record.key].sort().join('\n');
        if (seen.has(pair)) continue;
        seen.add(pair);
        const verdict = judge.verdict(one, other);
        if (verdict.kind !== 'none') found.push({ one: one.record, other: other.record, verdict });
      }
    }
  }
  return found;
}

class Judge {
  readonly #suspect: ReadonlySet<string>;
  readonly #families = new Map<string, number>();
  readonly #givens = new Map<string, number>();
  readonly #count: number;

  constructor(all: readonly Read[], organisations: ReadonlySet<string>) {
    this.#count = Math.max(all.length, 1);
    for (const { name } of all) {
      this.#families.set(name.family.whole, (this.#families.get(name.family.whole) ?? 0) + 1);
      this.#givens.set(name.given.first, (this.#givens.get(name.given.first) ?? 0) + 1);
    }
    const shared = [...Map.groupBy(all, ({ record }) => record.npi ?? '')].filter(([, of]) => of.some(deniesAny(of)));
    this.#suspect = new Set([...organisations, ...shared.map(([npi]) => npi)]);
  }

  verdict(one: Read, other: Read): PractitionerVerdict {
    const [a, b] = [one.record, other.record];
    const fits = fit(one.name, other.name);
    const npis = [this.#npiOf(a), this.#npiOf(b)];
    if (npis[0] !== null && npis[1] !== null) {
      if (npis[0] !== npis[1]) return this.#inSpiteOf(one, other, fits);
      return fits === 'yes' ? { kind: 'same', by: 'npi' } : { kind: 'review', because: 'npi' };
    }
    if (a.licences?.some((licence) => b.licences?.includes(licence) === true) === true)
      return fits === 'yes' ? { kind: 'same', by: 'licence' } : { kind: 'review', because: 'licence' };
    if (a.email !== undefined && a.email === b.email) {
      // Those who share a mailbox may share the surname, and the initial.
      const isOne = fits === 'yes' && isFirstName(one.name, other.name) && one.name.family.whole !== '';
      return isOne ? { kind: 'same', by: 'email' } : { kind: 'review', because: 'email' };
    }
    // Known to be shared, but two records of one person have it too.
    if (a.npi !== undefined && a.npi === b.npi && fits !== 'denied') return { kind: 'review', because: 'npi' };
    // There are few practitioners: both names in full are worth a look, however common they are.
    const isNamesake = fits === 'yes' && isFirstName(one.name, other.name) && one.name.family.whole !== '';
    if (isNamesake && other.name.family.whole !== '') return { kind: 'review', because: 'names' };
    return this.#bits(one, other) >= REVIEW_BITS ? { kind: 'review', because: 'names' } : { kind: 'none' };
  }

  /**
   * Two sound numbers are two people, unless one of them stands in the wrong place: nothing joins them, all else may.
   */
  #inSpiteOf(one: Read, other: Read, fits: ReturnType<typeof fit>): PractitionerVerdict {
    const [a, b] = [one.record, other.record];
    const isLicence = a.licences?.some((licence) => b.licences?.includes(licence) === true) === true;
    const isEmail = a.email !== undefined && a.email === b.email && isFirstName(one.name, other.name);
    if (isLicence || isEmail) return { kind: 'review', because: isLicence ? 'licence' : 'email' };
    const isAlike = (fits === 'yes' || fits === 'initial') && this.#bits(one, other) >= IN_SPITE_BITS;
    return isAlike ? { kind: 'review', because: 'names' } : { kind: 'none' };
  }

  #npiOf({ npi }: PractitionerRecord): string | null {
    return npi === undefined || !isNpi(npi) || this.#suspect.has(npi) ? null : npi;
  }

  #bits({ name: a, record: one }: Read, { name: b, record: other }: Read): number {
    const rare = (counts: ReadonlyMap<string, number>, word: string, most: number): number =>
      Math.min(most, Math.log2(this.#count / (counts.get(word) ?? 1)));
    const family = rare(this.#families, a.family.whole, FAMILY_MOST);
    const given = rare(this.#givens, a.given.first, GIVEN_MOST);
    const [f, g] = [compareFamily(a.family, b.family), compareGiven(a.given, b.given)];
    const both = (x: string | undefined, y: string | undefined, agree: number, differ: number): number =>
      x === undefined || y === undefined ? 0 : x === y ? agree : differ;
    return (
      (f === FAMILY.missing
        ? 0
        : f === FAMILY.exact
          ? family
          : f === FAMILY.near || f === FAMILY.part
            ? family - 3
            : -6) +
      (g === GIVEN.missing
        ? 0
        : g === GIVEN.exact
          ? given
          : g === GIVEN.short || g === GIVEN.near || g === GIVEN.part
            ? given - 2
            : g === GIVEN.initial
              ? 2
              : -8) +
      (one.npi !== undefined && other.npi !== undefined && isOneEdit(one.npi, other.npi) ? SLIP_BITS : 0) +
      both(one.specialty, other.specialty, 2, -1) +
      both(one.phone, other.phone, 6, -0.5)
    );
  }
}

/** Whether two names are one person's: `denied` where neither part fits. */
function fit(a: ReadName, b: ReadName): 'yes' | 'initial' | 'doubtful' | 'denied' {
  const g = compareGiven(a.given, b.given);
  const f = compareFamily(a.family, b.family);
  const given = g === GIVEN.differ || g === GIVEN.far || g === GIVEN.swapped || g === GIVEN.crossed ? 'no' : 'yes';
  const family = f === FAMILY.differ || f === FAMILY.far ? 'no' : 'yes';
  // A colleague's number on somebody of the same surname: an initial does not tell them apart.
  if (given === 'yes' && family === 'yes') return g === GIVEN.initial ? 'initial' : 'yes';
  return given === 'no' && family === 'no' ? 'denied' : 'doubtful';
}

function isFirstName(a: ReadName, b: ReadName): boolean {
  const g = compareGiven(a.given, b.given);
  return g === GIVEN.exact || g === GIVEN.short || g === GIVEN.near;
}

function deniesAny(of: readonly Read[]): (one: Read) => boolean {
  return (one) =>
    one.record.npi !== undefined && of.some((other) => other !== one && fit(one.name, other.name) === 'denied');
}

function nameOf({ family = '', given = '' }: PractitionerRecord): {
  readonly family: string;
  readonly given: string[];
} {
  // Do and Ma are surnames: what stands first is always a name.
  const plain = (text: string): string =>
    text
      .split(/[\s,]+/)
      .filter((word, at) => at === 0 || !CREDENTIALS.has(word.toLowerCase().replaceAll(/[^a-z]/g, '')))
      .join(' ');
  return { family: plain(family), given: [plain(given)] };
}

/** Records that share one of these are compared. */
function blocksOf(all: readonly Read[]): readonly (readonly Read[])[] {
  const blocks = new Map<string, Read[]>();
  const put = (key: string, one: Read): void => {
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [one]);
    else block.push(one);
  };
  for (const one of all) {
    const { record, name } = one;
    if (record.npi !== undefined) put(`npi ${record.npi}`, one);
    for (const licence of record.licences ?? []) put(`licence ${licence}`, one);
    if (record.email !== undefined) put(`email ${record.email}`, one);
    for (const part of [name.family.whole, ...name.family.parts]) if (part !== '') put(`family ${soundOf(part)}`, one);
    if (record.phone !== undefined && name.given.first !== '') put(`phone ${record.phone}`, one);
  }
  return [...blocks.values()].map((block) => [...new Set(block)]).filter((block) => block.length > 1);
}
