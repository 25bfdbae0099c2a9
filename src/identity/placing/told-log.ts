/** What was decided about the records of a batch and about all that decisions connect with them, and what is added. */
import { isPair, type Decision } from '../golden/decision.ts';

export class ToldLog {
  /** By each record that they name. */
  readonly #about = new Map<string, Decision[]>();

  add(decision: Decision): void {
    for (const id of isPair(decision) ? [decision.one, decision.other] : [decision.one]) {
      const known = this.#about.get(id);
      if (known === undefined) this.#about.set(id, [decision]);
      else known.push(decision);
    }
  }

  /** In the order of the log. */
  component(ids: readonly string[]): readonly Decision[] {
    const near = new Set(ids);
    const found = new Set<Decision>();
    // A set that grows while it is gone through: each of what is added has its turn.
    for (const id of near) {
      for (const decision of this.#about.get(id) ?? []) {
        found.add(decision);
        near.add(decision.one);
        if (isPair(decision)) near.add(decision.other);
      }
    }
    return [...found].sort((one, other) => one.seq - other.seq);
  }

  /** All records that are named. */
  records(): readonly string[] {
    return [...this.#about.keys()];
  }
}
