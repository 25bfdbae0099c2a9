/** People with names of many parts of the world, and how their records are written: for impostors.ts. */
import type { PersonRecord } from '../../src/identity/match/person.ts';
import { below, birthday, oneOf, phoneNumber, slip, type Random } from './people.ts';
import { ORIGINS, ROADS, TOWNS, type Origin } from './world-names.ts';

/** A person with everything known. */
export interface Body {
  readonly origin: string;
  readonly given: string;
  readonly family: string;
  readonly suffix: string;
  /** `1980-02-29`; empty: not known. */
  readonly birth: string;
  readonly sex: 'f' | 'm' | '';
  readonly street: string;
  readonly unit: string;
  readonly city: string;
  readonly zip: string;
  readonly phone: string;
  readonly email: string;
  readonly ssn: string;
  readonly member: string;
  readonly multiple: boolean;
}

const origins = Object.keys(ORIGINS);

export function namesOf(origin: string): Origin {
  const names = ORIGINS[origin];
  if (names === undefined) throw new RangeError(`no names of ${origin}`);
  return names;
}

/** Somebody of any age. Without SSN and member id: few schedulers have them. */
export function somebody(random: Random, from = 1930, to = 2024, origin = oneOf(random, origins)): Body {
  const names = namesOf(origin);
  const sex = random() < 0.5 ? 'f' : 'm';
  const town = below(random, TOWNS.length);
  return {
    origin,
    given: oneOf(random, names[sex]),
    family: oneOf(random, names.families),
    suffix: '',
    birth: birthday(random, from, to),
    sex,
    street: `${String(1 + below(random, 4_000))} ${oneOf(random, ROADS)}`,
    unit: random() < 0.3 ? `Apt ${String(1 + below(random, 40))}` : '',
    city: TOWNS[town] ?? '',
    zip: String(45_300 + town * 3 + below(random, 3)),
    phone: phoneNumber(random),
    email: `${String(below(random, 1e9))}@mail.example`,
    ssn: '',
    member: '',
    multiple: false,
  };
}

/** Another home, in the same town or in any. */
export function elsewhere(random: Random, one: Body, sameTown = true): Body {
  const other = somebody(random);
  const { street, unit, phone, email } = other;
  const { city, zip } = sameTown ? one : other;
  return { ...one, street, unit, phone, email, city, zip };
}

export function named(random: Random, one: Body, sex: 'f' | 'm', but = ''): Body {
  const first = (name: string): string => name.split(' ')[0] ?? name;
  const others = namesOf(one.origin)[sex].filter((name) => first(name) !== first(but));
  return { ...one, sex, given: oneOf(random, others) };
}

/** Two names of one family that are alike. */
export function alikeNames(random: Random, one: Body, sexes: 'ff' | 'mm' | 'fm' | null = null): readonly [Body, Body] {
  const all = namesOf(one.origin).alike.filter(([of]) => sexes === null || of === sexes);
  const [of, first, second] = oneOf(random, all.length > 0 ? all : namesOf(one.origin).alike);
  const [a, b] = [
    { ...one, given: first, sex: of === 'mm' ? ('m' as const) : ('f' as const) },
    { ...one, given: second, sex: of === 'ff' ? ('f' as const) : ('m' as const) },
  ];
  return random() < 0.5 ? [a, b] : [b, a];
}

export function yearOf({ birth }: Body): number {
  return Number(birth.slice(0, 4));
}

/** Another birthday, so many years away. */
export function bornAway(random: Random, one: Body, least: number, most: number): Body {
  const year = yearOf(one) + (random() < 0.5 ? -1 : 1) * (least + below(random, most - least + 1));
  return { ...one, birth: birthday(random, year, year) };
}

export function ofAge(random: Random, one: Body, from: number, to: number): Body {
  return { ...one, birth: birthday(random, from, to) };
}

/** One digit of the date another one, such that it is a date still. */
export function oneDigitAway(random: Random, one: Body): Body {
  for (;;) {
    const at = oneOf(random, [3, 6, 8, 9]);
    const birth = `${one.birth.slice(0, at)}${String(below(random, 10))}${one.birth.slice(at + 1)}`;
    const read = new Date(`${birth}T00:00:00Z`);
    if (birth !== one.birth && !Number.isNaN(read.valueOf()) && read.toISOString().startsWith(birth)) {
      return { ...one, birth };
    }
  }
}

export function ssnOf(random: Random): string {
  const parts = [300 + below(random, 300), 10 + below(random, 89), 1_000 + below(random, 8_999)];
  return parts.join('-');
}

/** As complete as a record can be. */
export function written(one: Body): PersonRecord {
  return {
    names: [{ family: one.family, given: one.given === '' ? [] : [one.given], suffix: one.suffix || undefined }],
    birthDate: one.birth || undefined,
    gender: one.sex || undefined,
    addresses: [{ lines: [one.street, one.unit].filter(Boolean), city: one.city, state: 'OH', postalCode: one.zip }],
    phones: one.phone === '' ? [] : [one.phone],
    emails: one.email === '' ? [] : [one.email],
    identifiers: [
      ...(one.ssn === '' ? [] : [{ kind: 'social' as const, system: 'ssn', value: one.ssn }]),
      ...(one.member === '' ? [] : [{ kind: 'family' as const, system: 'plan', value: one.member }]),
    ],
    multipleBirth: one.multiple || undefined,
  };
}

/**
 * As a busy desk writes it: things are left out, and a finger slips.
 *
 * @param keepsNames of two who share their first word the second is all there is; without it nobody could tell them
 * apart
 */
export function hasty(random: Random, one: Body, keepsNames = false): PersonRecord {
  const unless = (chance: number, text: string): string => (random() < chance ? '' : text);
  const slips = (chance: number, text: string): string => (random() < chance ? slip(random, text) : text);
  const upper = random() < 0.25;
  const text = (value: string): string => (upper ? value.toUpperCase() : value);
  const born = random() < 0.015 && one.birth !== '' ? oneDigitAway(random, one) : one;
  return written({
    ...born,
    given: text(slips(0.02, !keepsNames && random() < 0.15 ? (one.given.split(' ')[0] ?? '') : one.given)),
    family: text(slips(0.02, one.family)),
    birth: unless(0.01, born.birth),
    sex: random() < 0.05 ? '' : one.sex,
    street: text(unless(0.05, slips(0.04, one.street))),
    unit: unless(0.2, one.unit),
    phone: unless(0.2, one.phone),
    email: unless(0.3, one.email),
    multiple: one.multiple && random() < 0.5,
  });
}
