/**
 * Visits that belong together at a site: one that was moved and got another id, and the further times of one that
 * repeats. What a message says of one of them decides what becomes of the others, so that one visit is never two.
 */
import { identifierTokens } from '../fhir/canonical.ts';
import type { AppointmentChange, SiteIdentifier } from '../mappings/contract.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { ApplyContext } from './apply-context.ts';
import { attachedTo, type Attached } from './echo.ts';
import { occupiesTime } from './occupy.ts';

type ApplyEnd = (context: ApplyContext, news: AppointmentChange, attached: Attached) => Promise<unknown>;

const PLACER = 'PLAC';

/**
 * The visit that this news is the new record of: named by it (`replaces`), or, for a move under an id that is not known
 * here, the one live visit that has the same placer id, or whose own id the message gives as the parent. Several such
 * visits are occurrences of one order, and which of them was moved cannot be told: then none is.
 */
export async function replacedBy(
  context: ApplyContext,
  news: AppointmentChange,
  { appointmentId, booking }: Attached,
): Promise<StoredAppointment | null> {
  const { tx, site } = context;
  if (booking?.action === 'move' && booking.appointmentId !== appointmentId) {
    return tx.resources.appointment(booking.appointmentId);
  }
  if (news.replaces !== undefined) {
    const id = await tx.resources.appointmentByKey(site.id, news.replaces);
    return id === null ? null : tx.resources.appointment(id);
  }
  if (news.moves !== true) return null;
  const placers = news.identifiers.filter(({ type }) => type === PLACER);
  return (await onlyLive(context, news, placers, false)) ?? (await onlyLive(context, news, news.parents ?? [], true));
}

async function onlyLive(
  context: ApplyContext,
  news: AppointmentChange,
  identifiers: readonly SiteIdentifier[],
  asParent: boolean,
): Promise<StoredAppointment | null> {
  const { tx, site } = context;
  const ids = new Set<string>();
  for (const token of tokensOf(identifiers)) {
    for (const id of await tx.resources.appointmentsByToken(site.id, token)) ids.add(id);
  }
  const live: StoredAppointment[] = [];
  for (const id of [...ids].sort()) {
    const found = await tx.resources.appointment(id);
    if (found === null || !isLive(found) || found.siteKey === null || found.orderedAt > news.at) continue;
    // A parent with other occurrences is a series, which goes on.
    if (asParent && (await occurrencesOf(context, found)).length > 0) continue;
    live.push(found);
  }
  return live.length === 1 ? (live[0] ?? null) : null;
}

function isLive({ resource }: StoredAppointment): boolean {
  return resource.status === 'booked' || resource.status === 'pending' || resource.status === 'waitlist';
}

function tokensOf(identifiers: readonly SiteIdentifier[]): readonly string[] {
  return identifierTokens(identifiers).filter((token) => !token.startsWith('identifier:*'));
}

async function occurrencesOf({ tx, site }: ApplyContext, parent: StoredAppointment): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const { system = '', value = '' } of parent.resource.identifier ?? []) {
    for (const id of await tx.resources.appointmentsByToken(site.id, `parent:${system}|${value}`)) found.add(id);
  }
  return [...found];
}

/** Tokens by which the visits that belong to this one are found again. */
export function linkTokens(news: AppointmentChange, before: StoredAppointment | null): readonly string[] {
  const kept = (before?.tokens ?? []).filter((token) => /^(parent|occurrence-of|has-occurrences):/.test(token));
  const parents = (news.parents ?? []).map(({ system, value }) => `parent:${system}|${value}`);
  const own = news.occurrenceOf === undefined ? [] : [`occurrence-of:${news.occurrenceOf}`];
  const further = (news.occurrences ?? []).length > 0 ? ['has-occurrences:'] : [];
  return [
    ...new Set([
      ...(parents.length > 0 ? kept.filter((one) => !one.startsWith('parent:')) : kept),
      ...parents,
      ...own,
      ...further,
    ]),
  ];
}

/** The old record of a visit that has a new one: its time is free, and it says why it ended. */
export async function endReplaced(
  context: ApplyContext,
  old: StoredAppointment,
  news: AppointmentChange,
  newId: string,
  end: ApplyEnd,
): Promise<void> {
  await context.tx.sets.renameAppointment(old.id, newId);
  if (old.siteKey === null || !occupiesTime(old.resource.status)) return;
  await locked(context, old.id);
  const { booking, ...attached } = await attachedTo(context, old.id);
  // A move of it goes on under the new id; that the old record ends is no answer to it.
  const open = booking?.action === 'move' ? null : booking;
  const why = 'Moved to another time under another id.';
  await end(context, ended(old.siteKey, news, 'cancelled', why), { ...attached, booking: open });
  const { batch, site, now, message } = context;
  const data = { by: newId };
  batch.ledger.push({
    at: now,
    kind: 'rescheduled',
    site: site.id,
    appointmentId: old.id,
    cause: `message:${message.id}`,
    data,
  });
}

/**
 * Further times that the message does not list any more: the list is the whole of them. What ends the visit ends all of
 * them, whether it lists them or not.
 */
export async function endOccurrences(
  context: ApplyContext,
  before: StoredAppointment | null,
  news: AppointmentChange,
  end: ApplyEnd,
): Promise<void> {
  const { tx, site } = context;
  if (before?.tokens.includes('has-occurrences:') !== true) return;
  const over = !occupiesTime(news.status) && news.status !== 'waitlist';
  if (!over && news.occurrences === undefined) return;
  const listed = new Set(news.occurrences);
  for (const id of await tx.resources.appointmentsByToken(site.id, `occurrence-of:${news.key}`)) {
    const found = await tx.resources.appointment(id);
    if (found === null || found.siteKey === null || listed.has(found.siteKey) || !occupiesTime(found.resource.status))
      continue;
    await locked(context, id);
    const status = over ? news.status : 'cancelled';
    const why = over ? 'Ended with the visit that it repeats.' : 'No longer one of the times of the visit.';
    await end(context, ended(found.siteKey, news, status, why), await attachedTo(context, id));
  }
}

function ended(
  key: string,
  news: AppointmentChange,
  status: AppointmentChange['status'],
  text: string,
): AppointmentChange {
  return {
    kind: 'appointment',
    at: news.at,
    key,
    identifiers: [],
    status,
    participants: [],
    patients: [],
    cancelationReason: news.cancelationReason ?? { coding: [], text },
  };
}

/** It was not known before the batch was locked that this visit is concerned as well. */
async function locked({ tx }: ApplyContext, id: string): Promise<void> {
  const rows = await tx.busy.ofAppointment(id);
  await tx.lock([id, ...rows.map((row) => row.resourceId)]);
}
