/**
 * What is to be decided about one record, as a pure function of what is seen: which links no longer hold, whom it is
 * linked to without asking, and which pairs a person must look at.
 */
import { plus, type Instant } from '../../core/instant.ts';
import type { ReviewCause, ReviewPair } from '../../store/contract-identity.ts';
import { admit } from '../golden/admit.ts';
import {
  isJoining,
  isPair,
  pairKey,
  rankOf,
  RANK,
  standing,
  verdicts,
  type Decision,
  type PairDecision,
} from '../golden/decision.ts';
import { replay, type Replay } from '../golden/replay.ts';
import { LARGEST_GROUP } from '../match/clusters.ts';
import { contradicts } from '../match/guards.ts';
import type { LinkRule } from '../match/link-rules.ts';
import type { Explanation } from '../match/matcher.ts';
import type { Unwritten } from './decisions-of.ts';
import type { Compared, GivenRecord, Sight } from './sight.ts';

export interface Conclusion {
  readonly decisions: readonly Unwritten[];
  readonly reviews: readonly ReviewPair[];
  /** Who is one person when that is written. */
  readonly after: Replay;
  /** Records that are to be placed anew, because a link of theirs is undone. */
  readonly due: readonly string[];
}

const HUB = { kind: 'hub', id: 'slotwire' } as const;
/**
 * Of a person with few records each is linked to each that it matches, so that the others stay one person when one of
 * them is taken out.
 */
const LINKED_EACH = 10;

/** A week. */
export const REVIEW_WITHIN_MS = 7 * 24 * 3_600_000;

export function conclude(sight: Sight, now: Instant, reviewWithin_ms = REVIEW_WITHIN_MS): Conclusion {
  return new Placing(sight, now, plus(now, reviewWithin_ms)).done();
}

class Placing {
  readonly #sight: Sight;
  readonly #now: Instant;
  readonly #reviewBy: Instant;
  readonly #id: string;
  readonly #decisions: Unwritten[] = [];
  /** By the person that the other record belongs to: of the records of one person the likeliest is enough. */
  readonly #reviews = new Map<string, ReviewPair>();
  readonly #due = new Set<string>();
  #log: readonly Decision[];
  #replayed: Replay;
  #verdicts: ReadonlyMap<string, PairDecision> | null = null;

  constructor(sight: Sight, now: Instant, reviewBy: Instant) {
    this.#sight = sight;
    this.#now = now;
    this.#reviewBy = reviewBy;
    this.#id = sight.self.record.id;
    this.#log = sight.log;
    this.#replayed = replay(this.#log, sight.sources);
  }

  done(): Conclusion {
    if (this.#sight.self.record.inUse) {
      this.#withdraw();
      this.#given();
      const best = this.#sight.near.toSorted(
        (one, other) => other.verdict.score - one.verdict.score || (one.record.id < other.record.id ? -1 : 1),
      );
      const autos = best.filter(({ verdict }) => verdict.band === 'auto');
      for (const one of best) this.#consider(one, autos);
    }
    return {
      decisions: this.#decisions,
      reviews: [...this.#reviews.values()],
      after: this.#replayed,
      due: [...this.#due],
    };
  }

  /** The records changed, and what links them without a person's word would not link them any more. */
  #withdraw(): void {
    for (const link of this.#replayed.live) {
      if (link.actor.kind !== 'hub' || ![link.one, link.other].includes(this.#id)) continue;
      const other = this.#sight.people.get(link.one === this.#id ? link.other : link.one);
      if (other === undefined) continue;
      // How strict two sites are changes no link that stands.
      const told = this.#sight.matcher.explain(this.#sight.self.person, other.person);
      if (!contradicts(told)) continue;
      this.#write({ ...this.#pair('unlink', other, told), supersedes: link.seq });
      this.#review(other, 'withdrawn');
      this.#due.add(other.record.id);
    }
  }

  /**
   * The site names its record by the id that the hub gave it for a person: it is that person by the hub's own word. Not
   * where the two deny it, or others of the two people do, or where the record came with ids of two people.
   */
  #given(): void {
    const given = this.#sight.given.filter((one) => !one.isSplit);
    for (const one of given) {
      const other = this.#sight.people.get(one.other);
      if (other === undefined || this.#areOne(this.#id, one.other)) continue;
      const verdict = this.#verdict(this.#id, one.other);
      if (verdict !== undefined && rankOf(verdict) > RANK.hub) continue;
      if (one.isOfSeveral || this.#clash(this.#members(this.#id), this.#members(one.other))) {
        this.#review(other, 'contradicted');
        continue;
      }
      const decision = this.#byGivenId(other, one);
      const admitted = admit({ ...decision, seq: this.#nextSeq() }, this.#log, this.#sight.sources);
      if (admitted.kind === 'admitted' && admitted.raised.length === 0) this.#write(decision);
      else this.#review(other, 'kept-apart');
    }
  }

  #byGivenId(other: Compared, { site, goldenId, recordId }: GivenRecord): Unwritten {
    const decision = this.#pair('link', other, this.#explain(other));
    const reason = 'the site names its record by the id that the hub gave it when it was asked to register the person';
    return { ...decision, reason, evidence: { ...decision.evidence, site, given: goldenId, record: recordId } };
  }

  #consider(other: Compared, autos: readonly Compared[]): void {
    const verdict = this.#verdict(this.#id, other.record.id);
    if (verdict !== undefined && (rankOf(verdict) > RANK.hub || isJoining(verdict))) return;
    const isAuto = autos.includes(other);
    if (!this.#areOne(this.#id, other.record.id)) {
      const cause = isAuto ? (this.#rival(other, autos) ?? this.#against(other)) : 'review';
      if (cause !== null) {
        this.#review(other, cause);
        return;
      }
    } else {
      if (isAuto && this.#members(this.#id).length <= LINKED_EACH) this.#beside(other);
      return;
    }
    const decision = this.#pair('link', other, this.#explain(other));
    const admitted = admit({ ...decision, seq: this.#nextSeq() }, this.#log, this.#sight.sources);
    // Of two links of one moment the second may keep the first from holding.
    if (admitted.kind === 'admitted' && admitted.raised.length === 0) this.#write(decision);
    else if (admitted.kind === 'admitted' || admitted.reason === 'kept-apart') this.#review(other, 'kept-apart');
  }

  /** Of two that are one person already: who they are changes by it only when another link is undone. */
  #beside(other: Compared): void {
    const decision = this.#pair('link', other, this.#explain(other));
    this.#decisions.push(decision);
    this.#log = [...this.#log, { ...decision, seq: this.#nextSeq() }];
  }

  /** Why two that match are not linked without a person. */
  #against(other: Compared): ReviewCause | null {
    // What was not read might be the same person's as well.
    if (this.#sight.capped.some(({ read }) => read === 'none')) return 'truncated';
    const [mine, theirs] = [this.#members(this.#id), this.#members(other.record.id)];
    return mine.length + theirs.length > LARGEST_GROUP || this.#clash(mine, theirs) ? 'contradicted' : null;
  }

  /** The record matches two people who are not one: which of them it belongs to would be a guess. */
  #rival(other: Compared, autos: readonly Compared[]): ReviewCause | null {
    const theirs = this.#members(other.record.id);
    for (const { record } of autos) {
      if (theirs.includes(record.id)) continue;
      const rivals = this.#members(record.id);
      const isApart = theirs.some((a) => rivals.some((b) => this.#verdict(a, b)?.kind === 'not-same'));
      if (isApart) return 'kept-apart';
      if (this.#clash(theirs, rivals)) return 'contradicted';
    }
    return null;
  }

  /** Records in use of one site, or records that do not fit, would be one person. */
  #clash(mine: readonly string[], theirs: readonly string[]): boolean {
    const inUse = (ids: readonly string[]): readonly Compared[] =>
      ids.flatMap((id) => this.#sight.people.get(id) ?? []);
    const isAgainst = (a: Compared, b: Compared): boolean =>
      a.record.site === b.record.site || contradicts(this.#sight.matcher.judge(a.person, b.person));
    return inUse(mine).some((a) => inUse(theirs).some((b) => isAgainst(a, b)));
  }

  /** What holds of the pair; undefined: nothing was decided. */
  #verdict(one: string, other: string): PairDecision | undefined {
    this.#verdicts ??= verdicts(standing(this.#log).filter(isPair));
    return this.#verdicts.get(pairKey(one, other));
  }

  #members(id: string): readonly string[] {
    return this.#replayed.clusters.find(({ members }) => members.includes(id))?.members ?? [id];
  }

  #areOne(one: string, other: string): boolean {
    return this.#members(one).includes(other);
  }

  #explain(other: Compared): Explanation {
    const { matcher, self, strict } = this.#sight;
    return strict(matcher.explain(self.person, other.person), other);
  }

  #pair(kind: 'link' | 'unlink', other: Compared, told: Explanation): Unwritten {
    return {
      kind,
      one: this.#id,
      other: other.record.id,
      at: this.#now,
      actor: HUB,
      reason: reasonOf(kind, told.rule),
      modelId: told.modelId,
      supersedes: null,
      evidence: {
        score: rounded(told.score),
        probability: told.probability,
        auto: rounded(told.thresholds.auto),
        review: rounded(told.thresholds.review),
        guards: told.guards.join(' '),
        steps: told.steps
          .map(({ field, level, bits }) => `${field}:${level}`.concat(` ${String(rounded(bits))}`))
          .join('; '),
        ...evidenceOf(told.rule),
      },
    };
  }

  #write(decision: Unwritten): void {
    this.#decisions.push(decision);
    const written: PairDecision = { ...decision, seq: this.#nextSeq() };
    this.#log = [...this.#log, written];
    this.#replayed = replay(this.#log, this.#sight.sources);
    this.#verdicts = null;
  }

  /** Behind all that is there: where exactly it will stand makes no difference. */
  #nextSeq(): number {
    return this.#log.reduce((last, { seq }) => Math.max(last, seq), 0) + 1;
  }

  #review(other: Compared, why: ReviewCause): void {
    const person = this.#members(other.record.id)[0] ?? other.record.id;
    if (this.#reviews.has(person)) return;
    const told = this.#explain(other);
    const [lo, hi] = this.#id < other.record.id ? [this.#id, other.record.id] : [other.record.id, this.#id];
    const { score, probability, modelId, guards, levels, steps, thresholds } = told;
    this.#reviews.set(person, {
      lo,
      hi,
      why,
      score,
      probability,
      modelId,
      evidence: { guards, levels, steps, thresholds },
      dueAt: this.#reviewBy,
    });
  }
}

function rounded(bits: number): number {
  return Math.round(bits * 100) / 100;
}

function reasonOf(kind: 'link' | 'unlink', rule: LinkRule | undefined): string {
  if (kind === 'unlink') return 'the records do not match any more';
  return rule === undefined ? 'the records match' : `the records agree by the rule ${rule.name}`;
}

/** As the rule was: settings change, and the decision is still to be understood. */
function evidenceOf(rule: LinkRule | undefined): Readonly<Record<string, string | number>> {
  if (rule === undefined) return {};
  const { name, agree, system, collision } = rule;
  return { rule: name, agree: agree.join(' '), ...(system === undefined ? {} : { system }), collision };
}
