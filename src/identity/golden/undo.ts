/**
 * Taking back what a person decided. What was said at once is taken back at once; afterwards all stands as if it had
 * never been said. It is refused where that would not be so, because something later was said in its place, or where
 * somebody's later word would no longer hold: that one comes first.
 */
import { isPair, pairKey, RANK, rankOf, standing, type Decision, type UndoDecision } from './decision.ts';
import { replay, type Source } from './replay.ts';

export const UNDO_REFUSALS = {
  'not-a-persons': 'Only what a person decided is undone: against matching decide yourself, against a site unmerge.',
  undone: 'This does not hold any more: it was taken back already.',
  'said-since': 'Somebody decided anew about the same since, and that holds: undo that one first.',
  'built-upon': 'A later word of a person would not hold without this one: undo that one first.',
} as const;

export type UndoRefusal = keyof typeof UNDO_REFUSALS;

export type Undoing =
  | { readonly kind: 'undoes'; readonly words: readonly Omit<UndoDecision, 'seq'>[] }
  | { readonly kind: 'refused'; readonly reason: UndoRefusal; readonly by: readonly number[] };

/**
 * @param act what was said at once
 * @param log all decisions about the records concerned, and about what decisions connect with them
 */
export function undoing(
  act: readonly Decision[],
  by: Pick<UndoDecision, 'actor' | 'reason' | 'at'>,
  log: readonly Decision[],
  sources: readonly Source[],
): Undoing {
  if (act.some((one) => one.actor.kind !== 'person')) return refused('not-a-persons', []);
  const seqs = new Set(act.map(({ seq }) => seq));
  const stands = standing(log);
  if (act.some(({ seq }) => !stands.some((one) => one.seq === seq))) {
    const undone = log.filter(({ supersedes }) => supersedes !== null && seqs.has(supersedes));
    return refused('undone', undone);
  }
  const since = stands.filter(
    (later) =>
      rankOf(later) === RANK.person &&
      later.kind !== 'undo' &&
      !seqs.has(later.seq) &&
      act.some((one) => later.seq > one.seq && subjectOf(later) === subjectOf(one)),
  );
  if (since.length > 0) return refused('said-since', since);
  const words = act.map((one) => wordAgainst(one, by));
  const last = log.reduce((most, { seq }) => Math.max(most, seq), 0);
  const after = [...log, ...words.map((word, index) => ({ ...word, seq: last + 1 + index }))];
  const told = keptApart(log, sources);
  const broken = keptApart(after, sources).filter((seq) => !told.includes(seq));
  const persons = log.filter((one) => rankOf(one) === RANK.person && broken.includes(one.seq));
  return persons.length > 0 ? refused('built-upon', persons) : { kind: 'undoes', words };
}

function wordAgainst(
  said: Decision,
  { actor, reason, at }: Pick<UndoDecision, 'actor' | 'reason' | 'at'>,
): Omit<UndoDecision, 'seq'> {
  return {
    kind: 'undo',
    one: said.one,
    other: said.kind === 'override' ? null : said.other,
    attribute: isPair(said) ? null : said.attribute,
    at,
    actor,
    reason,
    evidence: null,
    modelId: null,
    supersedes: said.seq,
  };
}

/** The pair, or the value of a record, that it speaks of. */
function subjectOf(said: Decision): string {
  if (isPair(said)) return pairKey(said.one, said.other);
  if (said.kind === 'undo' && said.other !== null) return pairKey(said.one, said.other);
  return `${said.one} ${said.attribute ?? ''}`;
}

/** Links that do not hold because two people would meet. */
function keptApart(log: readonly Decision[], sources: readonly Source[]): readonly number[] {
  const { contradictions } = replay(log, sources);
  return contradictions.filter(({ kind }) => kind === 'kept-apart').map(({ decision }) => decision);
}

function refused(reason: UndoRefusal, by: readonly Decision[]): Undoing {
  return { kind: 'refused', reason, by: by.map(({ seq }) => seq) };
}
