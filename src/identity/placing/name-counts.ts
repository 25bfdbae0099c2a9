/** How often the names of people occur in the index, read once for each name. */
import type { IndexStore } from '../../store/contract-index.ts';
import type { Frequencies } from '../match/frequencies.ts';
import type { Person } from '../match/person.ts';

export class CountedNames implements Frequencies {
  given = 0;
  family = 0;
  readonly #index: Pick<IndexStore, 'names'>;
  readonly #given = new Map<string, number>();
  readonly #family = new Map<string, number>();

  constructor(index: Pick<IndexStore, 'names'>) {
    this.#index = index;
  }

  async know(people: readonly Person[]): Promise<void> {
    const given = new Set(people.flatMap((person) => [person.given.first, person.given.whole]));
    const family = new Set(people.map((person) => person.family.whole));
    const missing = {
      given: [...given].filter((name) => !this.#given.has(name)),
      family: [...family].filter((name) => !this.#family.has(name)),
    };
    if (missing.given.length + missing.family.length === 0) return;
    const counts = await this.#index.names(missing.given, missing.family);
    this.given = counts.given;
    this.family = counts.family;
    for (const name of missing.given) this.#given.set(name, counts.ofGiven.get(name) ?? 0);
    for (const name of missing.family) this.#family.set(name, counts.ofFamily.get(name) ?? 0);
  }

  countOfGiven(name: string): number {
    return this.#given.get(name) ?? 0;
  }

  countOfFamily(name: string): number {
    return this.#family.get(name) ?? 0;
  }
}
