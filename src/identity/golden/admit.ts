/**
 * Whether a decision may be written down. A site's word always may: it is a fact about the site's records, and where it
 * cannot hold, that is raised. What a person or matching decides must fit what stands, else it is refused with what
 * stands against it, so that nothing is linked, or left unlinked, in silence.
 */
import { isJoining, isPair, maySupersede, pairKey, rankOf, standing, verdicts, type Decision } from './decision.ts';
import { isValue } from './value.ts';
import { replay, type Contradiction, type Source } from './replay.ts';

/** What each refusal tells whoever asked. */
export const REFUSALS = {
  'same-record': 'Both records are the same one: name two.',
  'unknown-record': 'A record is not known here: check its id, or wait until its site has sent it.',
  'not-its-records': 'A site decides about its own records only: link records of two sites instead.',
  'not-for-matching': 'Only a person or a site decides this: put the pair into review.',
  'reason-missing': 'Say why: a decision without a reason cannot be checked later.',
  'evidence-missing': 'Matching links only with its evidence and the hash of its model.',
  'value-unfit': 'The value does not fit the attribute: send the whole name, address, date (YYYY-MM-DD) or code.',
  'not-to-supersede': 'The decision that this is to replace is not in the log, or is of a weightier author.',
  decided: 'This is what stands already: nothing is to be written.',
  outranked: 'Somebody with a weightier word has decided about these two: only a person can change that.',
  'kept-apart': 'This would bring two records together that are known to be two people: decide about those first.',
} as const;

export type Refusal = keyof typeof REFUSALS;

export type Admission =
  | {
      readonly kind: 'admitted';
      /** Records that are named and not known: to be made before, so that their later messages find the decision. */
      readonly unknown: readonly string[];
      /** What does not hold because of it, and did before; of a site's word also that it does not hold itself. */
      readonly raised: readonly Contradiction[];
    }
  | { readonly kind: 'refused'; readonly reason: Refusal; readonly by: readonly number[] };

/**
 * @param log all decisions about the records concerned, and about what decisions connect with them
 * @param sources of all records that these name, where known
 */
export function admit(decision: Decision, log: readonly Decision[], sources: readonly Source[]): Admission {
  const known = new Map(sources.map((source) => [source.id, source]));
  const reason = formOf(decision, log, known);
  if (reason !== null) return refused(reason);
  const named = [decision.one, ...(isPair(decision) ? [decision.other] : [])];
  const unknown = named.filter((id) => !known.has(id));
  if (decision.kind === 'override') return { kind: 'admitted', unknown, raised: [] };
  const stands = standsAgainst(decision, log);
  if (stands !== null) return stands;
  const before = new Set(replay(log, sources).contradictions.map(contradictionKey));
  const raised = replay([...log, decision], sources).contradictions.filter((one) => !before.has(contradictionKey(one)));
  const own = raised.find((one) => one.decision === decision.seq);
  if (own?.kind === 'kept-apart' && decision.actor.kind !== 'site') return refused('kept-apart', own.by);
  return { kind: 'admitted', unknown, raised };
}

/** What is wrong with it whatever was decided before. */
function formOf(decision: Decision, log: readonly Decision[], known: ReadonlyMap<string, Source>): Refusal | null {
  const { actor, reason, supersedes } = decision;
  const isSite = actor.kind === 'site';
  if (reason.trim() === '') return 'reason-missing';
  if (supersedes !== null) {
    const earlier = log.find(({ seq }) => seq === supersedes);
    if (earlier === undefined || !maySupersede(decision, earlier)) return 'not-to-supersede';
  }
  if (decision.kind === 'undo') return actor.kind === 'person' && supersedes !== null ? null : 'not-for-matching';
  if (!isPair(decision)) {
    if (actor.kind !== 'person') return 'not-for-matching';
    if (!known.has(decision.one)) return 'unknown-record';
    return isValue(decision.attribute, decision.value) ? null : 'value-unfit';
  }
  if (decision.one === decision.other) return 'same-record';
  const sources = [known.get(decision.one), known.get(decision.other)];
  if (!isSite && sources.includes(undefined)) return 'unknown-record';
  if (isSite && sources.some((source) => source !== undefined && source.site !== actor.id)) return 'not-its-records';
  if (actor.kind === 'person' && decision.kind === 'merge' && sources[0]?.site !== sources[1]?.site) {
    return 'not-its-records';
  }
  if (actor.kind === 'hub') {
    if (decision.kind === 'merge' || decision.kind === 'not-same') return 'not-for-matching';
    if (decision.evidence === null || decision.modelId === null) return 'evidence-missing';
  }
  return null;
}

function standsAgainst(decision: Decision, log: readonly Decision[]): Admission | null {
  if (!isPair(decision)) return null;
  const pairs = standing([...log, decision]).filter(isPair);
  const held = verdicts(pairs.filter(({ seq }) => seq !== decision.seq));
  const verdict = held.get(pairKey(decision.one, decision.other));
  if (verdict === undefined || decision.actor.kind === 'site') return null;
  const isAgreed = isJoining(verdict) === isJoining(decision);
  if (rankOf(verdict) > rankOf(decision))
    return isAgreed ? refused('decided', [verdict.seq]) : refused('outranked', [verdict.seq]);
  const isRepeated = verdict.kind === decision.kind && rankOf(verdict) === rankOf(decision);
  return isRepeated && decision.supersedes === null ? refused('decided', [verdict.seq]) : null;
}

function refused(reason: Refusal, by: readonly number[] = []): Admission {
  return { kind: 'refused', reason, by };
}

function contradictionKey({ kind, decision }: Contradiction): string {
  return `${kind} ${String(decision)}`;
}
