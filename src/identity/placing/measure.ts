/** What people are compared by: the model, how many records there are, how rare names are, and the day. */
import type { Instant } from '../../core/instant.ts';
import type { Tx } from '../../store/contract.ts';
import type { MatcherOptions } from '../match/matcher.ts';
import type { Model } from '../match/model.ts';
import type { Person } from '../match/person.ts';
import { CountedNames } from './name-counts.ts';

export interface Measure extends Omit<MatcherOptions, 'shared'> {
  readonly frequencies: CountedNames;
}

export async function measured(
  { index }: Pick<Tx, 'index'>,
  people: readonly Person[],
  { model, now }: { readonly model: Model; readonly now: Instant },
): Promise<Measure> {
  const frequencies = new CountedNames(index);
  const [records] = await Promise.all([index.size(), frequencies.know(people)]);
  return { model, records, today: dayOf(now), frequencies };
}

/** 20261122, in UTC: a day more or less makes nobody a minor who matters here. */
function dayOf(now: Instant): number {
  return Number(new Date(now).toISOString().slice(0, 10).replaceAll('-', ''));
}
