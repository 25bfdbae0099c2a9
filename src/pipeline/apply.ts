/**
 * Stage apply: inbox rows -> map -> identify -> resources, busy calendar, ledger, outbox, rows done; one transaction for a batch
 * of messages with disjoint sequence keys. A batch that fails is run again one by one, so that one bad message costs no other.
 * A transient failure is tried again later, a permanent one parks its message; whatever else fails `applyAttempts` times parks.
 */
import type { Clock } from '../core/clock.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import type { PatientIndex, PractitionerIndex } from '../identity/contract.ts';
import type { Change } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { applyAppointment, applyGone } from './apply-appointment.ts';
import {
  describeIssues,
  NotYet,
  Park,
  type Applied,
  type ApplyContext,
  type Effects,
  type MappingOf,
} from './apply-context.ts';
import { applyBlock, applyBlockWindow, applySlotWindow } from './apply-slots.ts';
import type { StageEvents } from './events.ts';

export interface ApplyStage {
  /** Applies one batch; true when more may be waiting. */
  step(): Promise<boolean>;
}

export interface ApplyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  readonly mappingOf: MappingOf;
  readonly patients: PatientIndex;
  readonly practitioners: PractitionerIndex;
  /** Whether a site's kind publishes slots of its own. */
  readonly publishesSlots: (site: SiteSettings) => boolean;
  readonly events: StageEvents;
  /** Told after each commit what should be looked at now. */
  readonly after: (effects: Effects) => void;
}

const SCOPE = systemScope('apply');
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;

export function applyStage(options: ApplyOptions): ApplyStage {
  const { store, clock } = options;

  const batch = async (limit: number): Promise<number> => {
    let effects = noEffects();
    let outcomes: readonly Outcome[] = [];
    const count = await store.transaction(SCOPE, async (tx) => {
      // A transaction that is run again starts from nothing: what an earlier try noted did not happen.
      effects = noEffects();
      outcomes = [];
      const messages = await tx.inbox.claim(clock.now(), limit);
      const done: Outcome[] = [];
      for (const message of messages) done.push(await applyOne(options, tx, message, effects, limit === 1));
      outcomes = done;
      return messages.length;
    });
    for (const { message, status } of outcomes)
      options.events.applied(message.site, message.kind, status, clock.now() - message.receivedAt);
    if (count > 0) options.after(effects);
    return count;
  };

  return {
    async step() {
      const limit = options.plan().hub.limits.applyBatch;
      try {
        return (await batch(limit)) > 0;
      } catch (error) {
        if (isStoreTrouble(error)) throw error;
        for (let index = 0; index < limit; index += 1) {
          if ((await single(options, () => batch(1))) === 0) break;
        }
        return true;
      }
    },
  };
}

/** A failure that is the database's and no message's fault: nothing is parked, the stage waits. */
function isStoreTrouble(error: unknown): boolean {
  if (!(error instanceof HubError)) return false;
  return ['DATABASE_UNREACHABLE', 'DATABASE_REFUSED', 'DISK_FULL', 'STOPPING', 'TOO_BUSY', 'KEY_MISSING'].includes(
    error.code,
  );
}

/** One message alone; its failure is recorded on it. */
async function single(options: ApplyOptions, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (isStoreTrouble(error)) throw error;
    if (!(error instanceof Failed)) throw error;
    const message = error.inboxMessage;
    const now = options.clock.now();
    const failure = asHubError(error.reason);
    const attempts = message.attempts + 1;
    await options.store.transaction(SCOPE, async (tx) => {
      if (error.reason instanceof NotYet) {
        await tx.inbox.retry(message.id, plus(now, error.reason.retry_ms));
      } else if (error.reason instanceof Park) {
        const { stage, code } = error.reason;
        await tx.inbox.park(message.id, { stage, code, reason: error.reason.message, barrier: false }, now);
      } else if (attempts >= options.plan().hub.limits.applyAttempts || failure.class === 'permanent') {
        await tx.inbox.park(
          message.id,
          { stage: 'apply', code: 'APPLY_FAILED', reason: describe(failure), barrier: false },
          now,
        );
      } else {
        await tx.inbox.retry(message.id, plus(now, Math.min(RETRY_FIRST_MS * 2 ** attempts, RETRY_MAX_MS)));
      }
    });
    if (error.reason instanceof NotYet) return 1;
    const code = error.reason instanceof Park ? error.reason.code : failure.code;
    options.events.parked(
      message.site,
      message.kind,
      error.reason instanceof Park ? error.reason.stage : 'apply',
      code,
      message.id,
    );
    return 1;
  }
}

/** The code and where it happened; the text of an unknown error could quote a value of the message. */
function describe(failure: HubError): string {
  const cause = failure.cause instanceof Error ? failure.cause : failure;
  const frame = /at ([^\n]*src\/[^\n]*)/.exec(cause.stack ?? '')?.[1] ?? '';
  return `${failure.code} ${cause.name} ${frame.replace(/^.*src\//, 'src/').replace(/\)$/, '')}`.trim();
}

/** Names the message that failed, so that it alone is parked or tried again. */
class Failed extends Error {
  readonly inboxMessage: InboxMessage;
  readonly reason: unknown;
  constructor(message: InboxMessage, reason: unknown) {
    super('a message could not be applied', { cause: reason });
    this.inboxMessage = message;
    this.reason = reason;
  }
}

interface Outcome {
  readonly message: InboxMessage;
  readonly status: 'applied' | 'ignored' | 'superseded' | 'parked';
}

async function applyOne(
  options: ApplyOptions,
  tx: Tx,
  message: InboxMessage,
  effects: Effects,
  alone: boolean,
): Promise<Outcome> {
  try {
    return { message, status: await applyMessage(options, tx, message, effects) };
  } catch (error) {
    if (error instanceof HubError && isStoreTrouble(error)) throw error;
    throw alone ? new Failed(message, error) : error;
  }
}

async function applyMessage(
  options: ApplyOptions,
  tx: Tx,
  message: InboxMessage,
  effects: Effects,
): Promise<Outcome['status']> {
  const now = options.clock.now();
  const plan = options.plan();
  const site = plan.sites.find((candidate) => candidate.id === message.site);
  if (site === undefined) {
    await tx.inbox.done(message.id, 'ignored', 'the site is no longer in the configuration', now);
    return 'ignored';
  }
  if (isOlder(message, await readApplied(tx, message))) {
    await tx.inbox.done(message.id, 'superseded', 'a later read of this object was applied before', now);
    return 'superseded';
  }
  const mapping = options.mappingOf(site, message.kind);
  if (mapping === null) {
    await tx.inbox.done(message.id, 'ignored', `messages of kind ${message.kind} are not taken from this site`, now);
    return 'ignored';
  }
  const mapped = mapping.map(message, { site, visitTypes: plan.hub.visitTypes });
  if (mapped.kind === 'ignored') {
    await tx.inbox.done(message.id, 'ignored', mapped.because, now);
    return 'ignored';
  }
  if (mapped.kind === 'unreadable') {
    const code = mapped.issues[0]?.code ?? 'MESSAGE_UNREADABLE';
    await tx.inbox.park(message.id, { stage: 'map', code, reason: describeIssues(mapped.issues), barrier: false }, now);
    options.events.parked(message.site, message.kind, 'map', code, message.id);
    return 'parked';
  }
  const cause = { site: site.id, messageId: message.id, siteTime: message.occurredAt ?? message.readAt, now };
  const context: ApplyContext = {
    tx, plan, site, message, cause, now, effects,
    patients: options.patients,
    practitioners: options.practitioners,
    publishesSlots: options.publishesSlots(site),
  }; // prettier-ignore
  let applied: Applied = mapped.changes.length === 0 ? 'applied' : 'superseded';
  for (const change of mapped.changes) {
    if ((await applyChange(context, change)) === 'applied') applied = 'applied';
  }
  const warnings = mapped.warnings.length === 0 ? null : mapped.warnings.join('; ');
  await tx.inbox.done(message.id, applied, applied === 'superseded' ? 'newer news was applied before' : warnings, now);
  if (message.object !== null && message.readAt !== null) {
    await tx.inbox.setAppliedReadAt(site.id, message.object, message.readAt);
  }
  return applied;
}

function applyChange(context: ApplyContext, change: Change): Promise<Applied> {
  switch (change.kind) {
    case 'appointment':
      return applyAppointment(context, change);
    case 'appointment-gone':
      return applyGone(context, change);
    case 'slots':
      return applySlotWindow(context, change);
    case 'block':
      return applyBlock(context, change);
    case 'blocks':
      return applyBlockWindow(context, change);
    case 'patient':
      return context.patients
        .resolve(change.patient, context.site, change.at, context.tx, context.cause)
        .then(() => 'applied');
  }
}

async function readApplied(tx: Tx, message: InboxMessage): Promise<Instant | null> {
  return message.shape === 'state' && message.object !== null
    ? tx.inbox.appliedReadAt(message.site, message.object)
    : null;
}

/** A replay of the very read that was applied last is not older: it gives the same state. */
function isOlder(message: InboxMessage, applied: Instant | null): boolean {
  return applied !== null && message.readAt !== null && message.readAt < applied;
}

function noEffects(): Effects {
  return { bookings: new Set(), deliveries: false, availability: false };
}
