/** How often names occur in the index. A rare name that agrees says more than a common one. */
import type { Person } from './person.ts';

export interface Frequencies {
  /** Records that have a name of this kind at all. */
  readonly given: number;
  readonly family: number;
  countOfGiven(name: string): number;
  countOfFamily(name: string): number;
}

/** Nothing is known: every name is as rare as the model's `unseen`. */
export const NO_FREQUENCIES: Frequencies = {
  given: 0,
  family: 0,
  countOfGiven: () => 0,
  countOfFamily: () => 0,
};

/** First words of given names, and whole family names, of all the people. */
export function countedNames(people: Iterable<Person>): Frequencies {
  const given = new Map<string, number>();
  const family = new Map<string, number>();
  let givenTotal = 0;
  let familyTotal = 0;
  for (const person of people) {
    const { first, whole: joinedGiven } = person.given;
    if (first !== '') {
      givenTotal += 1;
      given.set(first, (given.get(first) ?? 0) + 1);
      if (joinedGiven !== first && !given.has(joinedGiven)) given.set(joinedGiven, 1);
    }
    const { whole } = person.family;
    if (whole !== '') {
      familyTotal += 1;
      family.set(whole, (family.get(whole) ?? 0) + 1);
    }
  }
  return {
    given: givenTotal,
    family: familyTotal,
    countOfGiven: (name) => given.get(name) ?? 0,
    countOfFamily: (name) => family.get(name) ?? 0,
  };
}

/**
 * Phones, e-mail addresses and street addresses that more different people have than live together. People are told
 * apart by first name and day of birth, so that the many records of one person do not make their phone a shared one.
 */
export function sharedValues(people: Iterable<Person>, most: number): ReadonlySet<string> {
  const owners = new Map<string, Set<string>>();
  for (const person of people) {
    const who = ownerOf(person);
    for (const value of contactsOf(person)) {
      const known = owners.get(value);
      if (known === undefined) owners.set(value, new Set([who]));
      else if (known.size <= most) known.add(who);
    }
  }
  return new Set([...owners].flatMap(([value, known]) => (known.size > most ? [value] : [])));
}

/** Tells the people apart who have one phone, without telling who they are. */
export function ownerOf({ given, birth }: Person): string {
  return `${given.first.slice(0, 3)}|${birth?.digits.slice(0, 4) ?? ''}`;
}

/** Phones, e-mail addresses and street addresses, as they are compared. */
export function contactsOf({ phones, emails, addresses }: Person): readonly string[] {
  return [...phones, ...emails, ...addresses.map(({ key }) => key).filter((key) => key !== '')];
}
