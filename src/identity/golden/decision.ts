/**
 * What is decided about who is who: written down once, never changed, never taken out. All that is shown of people is
 * computed from this log (replay.ts, record.ts), so what is taken back is as if it had never been. Records are named by
 * the id of their Patient.
 */
import type { Instant } from '../../core/instant.ts';
import type { Address, HumanName, Patient } from '../../fhir/types.ts';

/** person: somebody who was asked. site: a message about the site's own records (ADT). hub: matching. */
export type ActorKind = 'person' | 'site' | 'hub';

export interface Actor {
  readonly kind: ActorKind;
  /** Of a person the login, of a site its id, of the hub its name. */
  readonly id: string;
}

/** What it rests on, without the values that were compared: those are read from the records by whoever may see them. */
export type Evidence = Readonly<Record<string, string | number | readonly number[]>>;

interface Said {
  /** Its place in the log; no two have the same. */
  readonly seq: number;
  /** When it was decided: of a site's word the site's time, however late it arrives. */
  readonly at: Instant;
  readonly actor: Actor;
  readonly reason: string;
  readonly evidence: Evidence | null;
  /** Hash of the model that matched; null where no model did. */
  readonly modelId: string | null;
  /** An earlier decision that no longer holds, as if it had never been made. */
  readonly supersedes: number | null;
}

export interface PairDecision extends Said {
  /**
   * link: one person, both records stay. merge: `one` was merged into `other`. unlink: what joined these two does not
   * any more. not-same: two people, whatever else would join them.
   */
  readonly kind: 'link' | 'unlink' | 'not-same' | 'merge';
  readonly one: string;
  readonly other: string;
}

/** Attributes of which a person has one value; the parts of a name or an address are never mixed. */
export interface SingleValues {
  readonly name: HumanName;
  readonly gender: NonNullable<Patient['gender']>;
  readonly birthDate: string;
  readonly deceased: boolean;
  readonly address: Address;
}
export type SingleAttribute = keyof SingleValues;

/** Somebody's word on what is right. It belongs to a record, and goes where that record goes. */
export type OverrideDecision = {
  readonly [A in SingleAttribute]: Said & {
    readonly kind: 'override';
    readonly one: string;
    readonly attribute: A;
    /** Null: what the records say holds again. */
    readonly value: SingleValues[A] | null;
  };
}[SingleAttribute];

/** Takes back what a person decided: all is as if that had never been said, and this says nothing itself. */
export interface UndoDecision extends Said {
  readonly kind: 'undo';
  /** As in the decision that is taken back. */
  readonly one: string;
  readonly other: string | null;
  readonly attribute: SingleAttribute | null;
}

export type Decision = PairDecision | OverrideDecision | UndoDecision;

/** A person's word goes before a site's, and that before what matching says, however old it is. */
export const RANK: Readonly<Record<ActorKind, number>> = { person: 3, site: 2, hub: 1 };

export function rankOf(decision: Decision): number {
  return RANK[decision.actor.kind];
}

export function isPair(decision: Decision): decision is PairDecision {
  return decision.kind !== 'override' && decision.kind !== 'undo';
}

export function isJoining({ kind }: PairDecision): boolean {
  return kind === 'link' || kind === 'merge';
}

export function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** Whether the author of `later` may say that `earlier` no longer holds. A site speaks for itself only. */
export function maySupersede(later: Decision, earlier: Decision): boolean {
  if (later.seq <= earlier.seq || rankOf(later) < rankOf(earlier)) return false;
  return !(later.actor.kind === 'site' && earlier.actor.kind === 'site' && later.actor.id !== earlier.actor.id);
}

/** Decisions that hold, in the order of their times; those of one moment in the order of the log. */
export function standing(decisions: readonly Decision[]): readonly Decision[] {
  const bySeq = new Map(decisions.map((decision) => [decision.seq, decision]));
  const latestFirst = [...bySeq.values()].sort((one, other) => other.seq - one.seq);
  const gone = new Set<number>();
  // From the end: who takes back what took something back brings that to life again.
  for (const decision of latestFirst) {
    const earlier = decision.supersedes === null ? undefined : bySeq.get(decision.supersedes);
    if (earlier !== undefined && !gone.has(decision.seq) && maySupersede(decision, earlier)) gone.add(earlier.seq);
  }
  return latestFirst.filter(({ seq }) => !gone.has(seq)).sort((one, other) => one.at - other.at || one.seq - other.seq);
}

/** Of each pair the decision that holds: of the highest rank the last one. */
export function verdicts(inOrder: readonly PairDecision[]): ReadonlyMap<string, PairDecision> {
  const held = new Map<string, PairDecision>();
  for (const decision of inOrder) {
    const key = pairKey(decision.one, decision.other);
    const before = held.get(key);
    if (before === undefined || rankOf(decision) >= rankOf(before)) held.set(key, decision);
  }
  return held;
}
