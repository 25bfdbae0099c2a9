/** A person's word is taken back by its place in the log, with all that was said at once with it. */
import { HubError } from '../../core/errors.ts';
import { plus } from '../../core/instant.ts';
import { systemScope } from '../../store/contract.ts';
import type { Asked, Decided, TakenBack } from '../contract-desk.ts';
import { UNDO_REFUSALS, undoing } from '../golden/undo.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import { REVIEW_WITHIN_MS } from './conclude.ts';
import { decisionsOf } from './decisions-of.ts';
import type { DeskOptions } from './desk.ts';
import { said, seenBy, write } from './desk-words.ts';
import { underPlan } from './placing.ts';

export async function undo(options: DeskOptions, asked: Asked, { decision, reason }: TakenBack): Promise<Decided> {
  const { store, clock, plan, model = SHIPPED_MODEL } = options;
  const within_ms = plan === undefined ? REVIEW_WITHIN_MS : underPlan(model, plan()).reviewWithin_ms;
  const act = decisionsOf(await store.read(systemScope('identity'), (tx) => tx.identity.act(decision)));
  const ids = [...new Set(act.flatMap((one) => [one.one, ...(one.kind === 'override' ? [] : [one.other ?? one.one])]))];
  const seen = await seenBy(store, asked.scope, ids);
  if (act.length === 0 || ids.some((id) => !seen.has(id))) throw new HubError('NOT_FOUND', { detail: 'the decision' });
  const by = said(asked.scope, clock.now(), reason);
  return write(options, asked, ids, {
    deciding({ log, sources }) {
      const told = undoing(act, by, log, sources);
      if (told.kind === 'undoes') return told.words;
      const named = told.by.length === 0 ? '' : ` (${told.by.join(', ')})`;
      throw new HubError('RULE_BROKEN', { detail: `${UNDO_REFUSALS[told.reason]}${named}` });
    },
    async also(tx, { log }, now) {
      // What was decided by it waits again; where the word undone was an undo, what that had taken back is decided.
      const seqs = act.map(({ seq }) => seq);
      await tx.identity.reopen(seqs, plus(now, within_ms), now);
      const again = act.filter(({ kind }) => kind === 'undo').map(({ supersedes }) => supersedes);
      for (const one of log) {
        if (again.includes(one.seq) && one.kind !== 'override' && one.kind !== 'undo') {
          await tx.identity.decided(one.one, one.other, one.seq, now);
        }
      }
    },
  });
}
