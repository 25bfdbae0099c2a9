/**
 * What somebody knows to be right of a person, over the heads of all records: a whole value, or that the records hold
 * again. It belongs to a record and goes where that record goes; said of a person, to the one that keeps the id.
 */
import { isDeepStrictEqual } from 'node:util';
import { HubError } from '../../core/errors.ts';
import { systemScope, type Tx } from '../../store/contract.ts';
import type { Asked, Decided, PersonShown, Saying } from '../contract-desk.ts';
import { standing, type Decision, type OverrideDecision } from '../golden/decision.ts';
import { decisionsOf, type UnwrittenWord } from './decisions-of.ts';
import type { DeskOptions } from './desk.ts';
import { acting, audit, decisionsFor, said, unknown, visible, write } from './desk-words.ts';

export async function override(options: DeskOptions, asked: Asked, saying: Saying): Promise<Decided> {
  const { store, clock } = options;
  const { person, attribute, value, reason } = saying;
  const { records, record } = await store.read(systemScope('identity'), (tx) => named(tx, person));
  await visible(store, asked.scope, records);
  const by = said(asked.scope, clock.now(), reason);
  const word = (one: string): UnwrittenWord =>
    ({ ...by, kind: 'override', one, attribute, value }) as Extract<UnwrittenWord, { readonly kind: 'override' }>;
  return write(options, asked, records, {
    deciding({ clusters, log }) {
      const members = clusters.find((cluster) => cluster.members.includes(record ?? records[0] ?? ''))?.members ?? [];
      if (members.some((id) => !records.includes(id)) || (record === null && members.length < records.length)) {
        throw new HubError('RULE_BROKEN', { detail: 'who this is was decided anew just now: look again, then say it' });
      }
      const stands = overridesOf(log, members).filter((one) => one.attribute === attribute);
      const last = stands.at(-1);
      const isSaid = isDeepStrictEqual(last?.value, value) && (record ?? last?.one) === last?.one;
      if (value !== null) return isSaid ? [] : [word(record ?? members[0] ?? '')];
      // Said of each record that has one, so that none comes back when the records are parted.
      const spoken = new Map(stands.map((one) => [one.one, one.value]));
      const withdrawn = [...spoken].filter(([id, known]) => known !== null && (record === null || id === record));
      if (withdrawn.length > 0) return withdrawn.map(([id]) => word(id));
      throw new HubError('RULE_BROKEN', {
        detail: `nobody said what the ${attribute} is: there is nothing to withdraw`,
      });
    },
  });
}

/** All that is known of who somebody is; of values only what people said. */
export async function person({ store, clock }: DeskOptions, asked: Asked, id: string): Promise<PersonShown> {
  const { records } = await store.read(systemScope('identity'), (tx) => named(tx, id));
  await visible(store, asked.scope, records);
  const told = await store.transaction(acting(asked.scope), async (tx) => {
    const now = clock.now();
    await audit(tx, records, asked.requestId, now);
    const told = await tx.identity.about(records);
    const log = decisionsOf(told);
    const known = await tx.identity.records(records);
    const stands = new Set(standing(log).map(({ seq }) => seq));
    const last = new Map(overridesOf(log, records).map((one) => [one.attribute, one]));
    return {
      goldenId: known[0]?.goldenId ?? id,
      records: known.map((one) => ({ id: one.id, site: one.site, since: one.since, survivorId: one.survivorId })),
      overrides: [...last.values()]
        .filter(({ value }) => value !== null)
        .map(({ attribute, value, seq, one, actor, reason, at }) => ({
          attribute,
          value,
          decision: seq,
          record: one,
          actor,
          reason,
          at,
        })),
      decisions: told.map((one) => ({ ...one, holds: stands.has(one.seq) })),
    };
  });
  return { ...told, decisions: await decisionsFor(store, asked.scope, told.decisions) };
}

/** What people said of these records and holds, in the order of saying. */
function overridesOf(log: readonly Decision[], records: readonly string[]): readonly OverrideDecision[] {
  return standing(log)
    .filter((one) => one.kind === 'override')
    .filter(({ one }) => records.includes(one));
}

interface Named {
  /** Of the person. */
  readonly records: readonly string[];
  /** Null: it is the person who is named. */
  readonly record: string | null;
}

/** By a golden id that stands for somebody, or by a record. @throws HubError NOT_FOUND, RULE_BROKEN */
async function named(tx: Tx, id: string): Promise<Named> {
  const [known] = await tx.identity.records([id]);
  if (known !== undefined) {
    const members = await tx.identity.members(known.goldenId);
    return { records: members.map((one) => one.id), record: id };
  }
  const golden = await tx.identity.golden(id);
  if (golden === null) throw unknown();
  if (golden.state !== 'active') {
    // Whom it leads to may not be the caller's to know: the id is looked up by reading the Patient.
    throw new HubError('RULE_BROKEN', {
      detail: 'this id stands for nobody by itself any more: read it, then say whom',
    });
  }
  const members = await tx.identity.members(id);
  return { records: members.map((one) => one.id), record: null };
}
