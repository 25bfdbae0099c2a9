/**
 * Practitioners who may be one person, where at least one has no NPI: for a person to look at. Names never join two, so
 * nothing follows from it; who says that they are one gives both the same NPI, in the site file or the crosswalk.
 */
import type { PractitionerKnown } from '../store/contract-registry.ts';
import type { AlikePractitioners } from './contract-registry.ts';
import { matchPractitioners, type PractitionerRecord } from './practitioner-match.ts';

/**
 * @param organisations NPIs of type 2: they tell nothing of who somebody is
 * @param apart lists of codes, `SITE/CODE`, of whom somebody has found that no two are one person
 */
export function alikePractitioners(
  all: readonly PractitionerKnown[],
  organisations: ReadonlySet<string>,
  apart: readonly (readonly string[])[] = [],
): readonly AlikePractitioners[] {
  const found = apart.map((codes) => new Set(codes));
  const isIn = (codes: ReadonlySet<string>, { site, codes: own }: PractitionerKnown): boolean =>
    own.some((code) => codes.has(`${site}/${code}`));
  const byKey = new Map(all.map((one) => [keyOf(one), one]));
  return matchPractitioners(all.map(recordOf), organisations)
    .flatMap(({ one, other }): readonly AlikePractitioners[] => {
      const [a, b] = [byKey.get(one.key), byKey.get(other.key)];
      if (a === undefined || b === undefined || a.personId === b.personId) return [];
      // Of two numbers the site files say what they are; what contradicts itself there is a Task already.
      if (a.npi !== null && b.npi !== null) return [];
      if (found.some((codes) => isIn(codes, a) && isIn(codes, b))) return [];
      return [keyOf(a) < keyOf(b) ? { one: a, other: b } : { one: b, other: a }];
    })
    .sort((x, y) => (keyOf(x.one) + keyOf(x.other)).localeCompare(keyOf(y.one) + keyOf(y.other)));
}

function keyOf({ site, codes, personId }: PractitionerKnown): string {
  return [site, codes[0] ?? '', personId].join('\n');
}

function recordOf(one: PractitionerKnown): PractitionerRecord {
  const { family, given } = one.family === '' ? partsOf(one.text) : one;
  return {
    key: keyOf(one),
    ...(one.npi === null ? {} : { npi: one.npi }),
    ...(family === '' ? {} : { family }),
    ...(given === '' ? {} : { given }),
    ...(one.specialty === null ? {} : { specialty: one.specialty }),
  };
}

/** `Rao, Asha MD` or `Dr. Asha Rao, MD`: what stands before a comma is a family name where a name stands behind it. */
function partsOf(text: string): { readonly family: string; readonly given: string } {
  const [before = '', ...behind] = text.split(',').map((part) => part.trim());
  const given = behind.find((part) => part !== '' && !DEGREE.test(part)) ?? '';
  if (given !== '' && !before.includes('.')) return { family: before, given };
  const names = before.split(/\s+/).filter((word) => !TITLE.test(word));
  // What behind a full name without a comma is a degree, is no family name.
  while (names.length > 2 && DEGREE.test(names.at(-1) ?? '')) names.pop();
  return names.length < 2
    ? { family: '', given: '' }
    : { family: names.at(-1) ?? '', given: names.slice(0, -1).join(' ') };
}

const TITLE = /^(?:dr|prof|mr|mrs|ms|miss)\.?$/i;
/** Capitals, with or without points: MD, Ph.D., LCSW-C. */
const DEGREE = /^(?:[A-Z]{2,6}|[A-Z][a-z]?\.[A-Za-z.]*|[A-Z]{2,5}-[A-Z]+)$/;
