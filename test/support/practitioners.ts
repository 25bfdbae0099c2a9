/**
 * A labelled set of practitioners as schedulers write them, composed by this project: each person at two sites, a fifth
 * of the records without an NPI or with a wrong one (mistyped, the group's, a colleague's), surnames that changed,
 * short forms, initials, degrees behind names, slips, mailboxes and telephones of the whole practice.
 */
import { isNpi } from '../../src/core/npi.ts';
import type { PractitionerRecord } from '../../src/identity/practitioner-match.ts';
import { ALIKE, FAMILIES, GIVEN } from './people-names.ts';
import { below, oneOf, randomOf, skewed, slip, type Random } from './people.ts';

export interface LabelledPractitioners {
  readonly records: readonly PractitionerRecord[];
  /** By key of a record. */
  readonly person: ReadonlyMap<string, number>;
  /** Numbers of groups. */
  readonly organisations: ReadonlySet<string>;
}

const SHORT: readonly (readonly [string, string])[] = [
  ['Robert', 'Bob'],
  ['William', 'Bill'],
  ['Elizabeth', 'Liz'],
  ['Katherine', 'Kate'],
  ['Michael', 'Mike'],
  ['Richard', 'Rick'],
  ['Patricia', 'Pat'],
  ['Jennifer', 'Jen'],
  ['Thomas', 'Tom'],
  ['Margaret', 'Peggy'],
];
const DEGREES = ['MD', 'DO', 'NP', 'PA-C', 'LCSW', 'PhD', 'MD, FACP'];
const SPECIALTIES = ['207Q00000X', '208000000X', '207R00000X', '1041C0700X', '103T00000X', '363L00000X'];
/** Of a practice with one telephone, and in some of them one mailbox and one number on everybody. */
const PRACTICE = 6;

interface Known {
  readonly npi: string;
  readonly given: string;
  readonly family: string;
  readonly licence: string;
  readonly specialty: string;
  readonly practice: number;
}

export function labelledPractitioners(seed: number, people: number): LabelledPractitioners {
  const random = randomOf(seed);
  const numbers = npis(random, people + Math.ceil(people / PRACTICE));
  const known = Array.from({ length: people }, (_, at): Known => {
    const [given] = random() < 0.25 ? oneOf(random, SHORT) : [skewed(random, namesIn(random))];
    const practice = Math.floor(at / PRACTICE);
    return {
      npi: numbers[at] ?? '',
      given,
      family: skewed(random, FAMILIES),
      licence: `OH:35.${String(100_000 + at)}`,
      specialty: oneOf(random, SPECIALTIES),
      practice,
    };
  });
  const groups = numbers.slice(people);
  const person = new Map<string, number>();
  const records = known.flatMap((one, at) =>
    ['north', 'south'].map((site) => {
      const key = `${site}:${String(at)}`;
      person.set(key, at);
      const colleague = known[below(random, people)] ?? one;
      return told(random, key, one, groups[one.practice] ?? '', colleague.npi);
    }),
  );
  return { records, person, organisations: new Set(groups) };
}

function told(random: Random, key: string, one: Known, group: string, colleague: string): PractitionerRecord {
  const has = (share: number): boolean => random() < share;
  const isMarried = key.startsWith('south:') && has(0.05);
  const family = isMarried ? skewed(random, FAMILIES) : has(0.04) ? slip(random, one.family) : one.family;
  const npi = numberOf(random, one.npi, group, colleague);
  const email = has(0.06)
    ? `office${String(one.practice)}@example.org`
    : `${one.given}.${one.licence.slice(6)}@example.org`.toLowerCase();
  return {
    key,
    ...(npi === null ? {} : { npi }),
    ...(has(0.3) ? { licences: [one.licence] } : {}),
    ...(has(0.4) ? { email } : {}),
    family: has(0.2) ? `${family}, ${oneOf(random, DEGREES)}` : family,
    given: givenAs(random, one.given),
    ...(has(0.7) ? { specialty: one.specialty } : {}),
    ...(has(0.6) ? { phone: `+1937555${String(1_000 + one.practice)}` } : {}),
  };
}

/** One in five is missing or wrong. */
function numberOf(random: Random, own: string, group: string, colleague: string): string | null {
  const chance = random();
  if (chance < 0.12) return null;
  if (chance < 0.16) return `${own.slice(0, 9)}${String((Number(own[9]) + 1 + below(random, 9)) % 10)}`;
  if (chance < 0.195) return group;
  return chance < 0.2 ? colleague : own;
}

function givenAs(random: Random, given: string): string {
  const short = SHORT.find(([long]) => long === given)?.[1];
  const chance = random();
  if (short !== undefined && chance < 0.3) return short;
  if (chance < 0.36) return given.slice(0, 1);
  return chance < 0.46 ? `${given} ${oneOf(random, ['A', 'J', 'M', 'R'])}.` : given;
}

function namesIn(random: Random): readonly string[] {
  return random() < 0.1 ? ALIKE.map(([name]) => name) : oneOf(random, Object.values(GIVEN)).flat();
}

function npis(random: Random, count: number): readonly string[] {
  const found = new Set<string>();
  while (found.size < count) {
    const nine = `1${String(below(random, 100_000_000)).padStart(8, '0')}`;
    const digit = Array.from({ length: 10 }, (_, at) => String(at)).find((last) => isNpi(nine + last));
    if (digit !== undefined) found.add(nine + digit);
  }
  return [...found];
}

export interface Measured {
  readonly pairs: number;
  readonly linked: number;
  readonly wrong: number;
  readonly precision: number;
  readonly recall: number;
  readonly recallLinked: number;
}

/** What a matcher found, held against who they are. */
export function measured(
  { person }: LabelledPractitioners,
  found: readonly {
    readonly one: PractitionerRecord;
    readonly other: PractitionerRecord;
    readonly verdict: { readonly kind: 'same' | 'review' };
  }[],
): Measured {
  const isTrue = ({ one, other }: (typeof found)[number]): boolean => person.get(one.key) === person.get(other.key);
  const pairs = new Set(person.values()).size;
  const linked = found.filter(({ verdict }) => verdict.kind === 'same');
  const right = linked.filter(isTrue).length;
  return {
    pairs,
    linked: linked.length,
    wrong: linked.length - right,
    precision: right / Math.max(linked.length, 1),
    recall: found.filter(isTrue).length / pairs,
    recallLinked: right / pairs,
  };
}
