/**
 * What a site says of a visit of somebody who was erased: its time holds, since others are booked around it, and what
 * is said of the person is not kept.
 */
import type { AppointmentChange } from '../mappings/contract.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import { labelsTold, resolvePerson } from './kept-apart.ts';

export interface Named {
  readonly ids: readonly string[];
  /** How many of them were erased. */
  readonly erased: number;
}

export async function patientsNamed(
  context: ApplyContext,
  news: AppointmentChange,
  before: StoredAppointment | null,
): Promise<Named> {
  const labels = labelsTold(context.site, news, before?.security);
  const ids: string[] = [];
  let erased = 0;
  for (const assertion of news.patients) {
    const match = await resolvePerson(context, assertion, news.at, labels);
    ids.push(match.id);
    if (match.isErased === true) erased += 1;
  }
  return { ids, erased };
}

/** Of a visit of several people what is said stays, as long as one of them does. */
export async function withoutWords(
  { tx, message }: ApplyContext,
  news: AppointmentChange,
  { ids, erased }: Named,
  before: StoredAppointment | null,
): Promise<AppointmentChange> {
  const { reason, diagnoses, comment, cancelationReason, ...rest } = news;
  if ([reason, diagnoses, comment, cancelationReason].every((words) => words === undefined)) return news;
  if (ids.length === 0) {
    const known = before?.patients ?? [];
    if (known.length === 0 || (await tx.erasure.erased(known)).size < known.length) return news;
    await tx.erasure.heard(message.id);
  } else if (erased < ids.length) return news;
  const { coding = [] } = cancelationReason ?? {};
  return coding.length === 0 ? rest : { ...rest, cancelationReason: { coding } };
}
