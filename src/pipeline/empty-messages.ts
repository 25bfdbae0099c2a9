/**
 * Takes away the bodies of messages that were about nobody but people who were erased: those that were stored before,
 * found some at a time after the erasure, and what comes of them later. What it cannot read it leaves until retention;
 * so it does with a message that names somebody else as well.
 */
import type { Clock } from '../core/clock.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Change } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { readMessage, type ReadOptions } from './apply-read.ts';
import type { StageEvents } from './events.ts';
import { unpark } from './parking.ts';

export interface EmptyDeps extends ReadOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Pick<StageEvents, 'swept'>;
}

const SCOPE = systemScope('erase');
const LOOK_MS = 5_000;

/** Answers true while there is more to do. */
export function emptying(deps: EmptyDeps): () => Promise<boolean> {
  const { store, clock, events } = deps;
  let lookedAt = -Infinity;
  return async () => {
    if (clock.monotonic() - lookedAt < LOOK_MS) return false;
    const came = await store.transaction(SCOPE, async (tx) => {
      const suspected = await tx.erasure.suspected();
      return suspected === null ? null : emptyThose(deps, tx, suspected);
    });
    if (came === null) lookedAt = clock.monotonic();
    else if (came > 0) events.swept('messages of erased people', came);
    return came !== null;
  };
}

async function emptyThose(deps: EmptyDeps, tx: Tx, suspected: readonly InboxMessage[]): Promise<number> {
  const now = deps.clock.now();
  const emptied: InboxMessage[] = [];
  for (const message of suspected) {
    if (!(await isOfNobody(deps, tx, message))) continue;
    emptied.push(message);
    if (message.status !== 'parked') continue;
    await tx.inbox.done(message.id, 'ignored', 'the person was erased', now);
    await unpark(tx, message.id, now);
  }
  await tx.erasure.empty(emptied, now);
  return emptied.length;
}

async function isOfNobody(deps: EmptyDeps, tx: Tx, message: InboxMessage): Promise<boolean> {
  // A done message keeps the name that its site had then.
  const named = deps.plan().sites.find(({ id, identity }) => id === message.site || identity === message.site);
  const { site, mapped } = readMessage(deps, { ...message, site: named?.id ?? message.site });
  if (site === null || mapped.kind !== 'changes') return false;
  const people = new Set<string>();
  for (const change of mapped.changes) for (const id of await recordsNamed(tx, site, change)) people.add(id);
  return people.size > 0 && (await tx.erasure.erased([...people])).size === people.size;
}

/** Ids of the records that a change is about. */
async function recordsNamed(tx: Tx, site: SiteSettings, change: Change): Promise<readonly string[]> {
  const ids = keysIn(change).map((key) => canonicalId.patient(site.identity, key));
  if (ids.length > 0 || (change.kind !== 'appointment' && change.kind !== 'appointment-gone')) return ids;
  const visit = await tx.resources.appointmentByKey(site.id, change.key);
  const served = visit === null ? null : await tx.resources.read('Appointment', visit);
  const { participant = [] } = served === null ? {} : (JSON.parse(served.json) as Appointment);
  return participant.flatMap(({ actor }) => /^Patient\/(.+)$/.exec(actor?.reference ?? '')?.[1] ?? []);
}

function keysIn(change: Change): readonly string[] {
  switch (change.kind) {
    case 'appointment':
      return change.patients.map(({ key }) => key);
    case 'patient':
    case 'related-people':
    case 'visit-moved':
    case 'patient-gone':
      return [change.patient.key];
    case 'patient-merge':
      return [change.from.key, change.into.key];
    case 'patient-link':
      return [change.one.key, change.other.key];
    case 'visit-status':
    case 'visit-renumbered':
      return change.of;
    case 'appointment-gone':
    case 'booking-answer':
    case 'practitioner':
    case 'place':
    case 'slots':
    case 'blocks':
    case 'block':
      return [];
  }
}
