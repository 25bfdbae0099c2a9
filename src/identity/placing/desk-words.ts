/** What every word of a person at the desk has in common: who may say it, how it is written down, what it comes to. */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { systemScope, type Scope, type Store, type Tx } from '../../store/contract.ts';
import type { Asked, Decided, ShownDecision } from '../contract-desk.ts';
import { IDENTITY_LOG } from '../contract.ts';
import { admit, REFUSALS } from '../golden/admit.ts';
import { isPair, type Decision } from '../golden/decision.ts';
import type { UnwrittenWord } from './decisions-of.ts';
import { raise } from './raise.ts';
import { component, regroup, type Regrouped } from './regroup.ts';
import { showSiteLinks } from './show-links.ts';

/** Under the caller's name, with the reach of the hub: who is one person depends on records of every site. */
export function acting({ actor }: Scope): Scope {
  return { ...systemScope('identity'), actor };
}

export function nameOf({ actor }: Scope): string {
  return actor.replace(/^(?:client|operator):/, '');
}

export function said(scope: Scope, at: Instant, reason: string): Omit<UnwrittenWord, 'kind' | 'one'> {
  const actor = { kind: 'person', id: nameOf(scope) } as const;
  return { at, actor, reason, evidence: null, modelId: null, supersedes: null };
}

export function unknown(): HubError {
  return new HubError('NOT_FOUND', { detail: 'one of the patient records' });
}

export async function seenBy(store: Store, scope: Scope, ids: readonly string[]): Promise<ReadonlySet<string>> {
  return store.read(scope, async (tx) => {
    const seen = new Set<string>();
    for (const id of new Set(ids)) if ((await tx.resources.read('Patient', id))?.deleted === false) seen.add(id);
    return seen;
  });
}

export async function visible(store: Store, scope: Scope, ids: readonly string[]): Promise<void> {
  const seen = await seenBy(store, scope, ids);
  if (ids.length === 0 || ids.some((id) => !seen.has(id))) throw unknown();
}

/** Of what decisions connect with these records only what the caller may see: a link alone can disclose treatment. */
export async function decisionsFor(
  store: Store,
  scope: Scope,
  decisions: readonly ShownDecision[],
): Promise<readonly ShownDecision[]> {
  const ids = decisions.flatMap(({ one, other }) => [one, other ?? one]);
  const seen = await seenBy(store, scope, ids);
  return decisions.filter(({ one, other }) => seen.has(one) && seen.has(other ?? one));
}

export async function audit(tx: Tx, ids: readonly string[], requestId: string, now: Instant): Promise<void> {
  for (const resourceId of new Set(ids)) {
    await tx.audit({ at: now, action: 'operate', resourceType: 'Patient', resourceId, outcome: 'success', requestId });
  }
}

export interface Wording {
  /** What is to be written, from what stands when nobody else can write. */
  readonly deciding: (told: Regrouped) => readonly UnwrittenWord[];
  /** What else follows, in the same transaction. */
  readonly also?: (tx: Tx, told: Regrouped, now: Instant) => Promise<void>;
}

/** @param ids of records that the caller may see */
export async function write(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { scope, requestId }: Asked,
  ids: readonly string[],
  { deciding, also }: Wording,
): Promise<Decided> {
  const decided = await store.transaction(acting(scope), async (tx) => {
    const now = clock.now();
    let before: Regrouped | null = null;
    // The Patients that show a site's merges are written like by the site's own news: under the same names.
    await tx.lockRead([IDENTITY_LOG], async () => {
      before = await component(tx, ids);
      return before.sources.map(({ site, key }) => `patient:${site}:${key}`);
    });
    // What an earlier release wrote elsewhere comes first, and is decided against like the rest.
    const copied = await tx.identity.copySiteDecisionsOf(ids, now);
    const told = copied.length > 0 ? await component(tx, ids) : (before as Regrouped | null);
    if (told === null) throw unknown();
    const words = deciding(told);
    const seqs = await append(tx, told, words, now);
    const after = await regroup(tx, told.sources.map(({ id }) => id), now); // prettier-ignore
    await showSiteLinks(tx, after, [], { site: null, messageId: null, siteTime: null, now });
    await tx.index.due([...new Set(words.flatMap(recordsOf))], now);
    await also?.(tx, told, now);
    await audit(tx, ids, requestId, now);
    return {
      decisions: seqs,
      people: after.clusters.map(({ goldenId, members }) => ({ goldenId, records: members })),
    };
  });
  const seen = await seenBy(store, scope, decided.people.flatMap(({ records }) => records)); // prettier-ignore
  const people = decided.people
    .map((one) => ({ ...one, records: one.records.filter((id) => seen.has(id)) }))
    .filter(({ records }) => records.length > 0);
  return { ...decided, people };
}

/** Those that are to be compared anew. */
function recordsOf(word: UnwrittenWord): readonly string[] {
  return word.kind === 'override' || word.other === null ? [] : [word.one, word.other];
}

async function append(
  tx: Tx,
  told: Regrouped,
  words: readonly UnwrittenWord[],
  now: Instant,
): Promise<readonly number[]> {
  const seqs: number[] = [];
  let log = told.log;
  for (const word of words) {
    const written = { ...word, seq: log.reduce((last, { seq }) => Math.max(last, seq), 0) + 1 } as Decision;
    const admission = admit(written, log, told.sources);
    if (admission.kind === 'refused') {
      const [stands] = admission.by;
      if (admission.reason !== 'decided' || stands === undefined || !isPair(written)) {
        throw new HubError('RULE_BROKEN', { detail: REFUSALS[admission.reason] });
      }
      // Who was asked, because a site had said otherwise since, has answered.
      await tx.identity.decided(written.one, written.other, stands, now);
      continue;
    }
    log = [...log, written];
    const [act] = seqs;
    const stored = await tx.identity.append({ ...asStored(word), ...(act === undefined ? {} : { act }) }, now);
    if (stored === null) continue;
    seqs.push(stored);
    if (isPair(written)) await tx.identity.decided(written.one, written.other, stored, now);
    await raise(tx, { contradictions: admission.raised }, told.log.filter(isPair), now);
  }
  return seqs;
}

function asStored(word: UnwrittenWord): Parameters<Tx['identity']['append']>[0] {
  const { kind, one, at, actor, reason, evidence, modelId, supersedes } = word;
  return {
    kind,
    one,
    other: kind === 'override' ? null : word.other,
    attribute: kind === 'override' || kind === 'undo' ? word.attribute : null,
    value: kind === 'override' ? word.value : null,
    at,
    actor,
    reason,
    evidence,
    modelId,
    supersedes,
    toldBy: null,
  };
}
