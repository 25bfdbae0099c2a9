/**
 * Stage apply: inbox rows -> map -> identify -> resources, busy calendar, ledger, outbox, rows done; one transaction
 * for a batch of messages with disjoint sequence keys. A batch that fails is run again one by one, so that one bad
 * message costs no other. A transient failure is tried again later, a permanent one parks its message; whatever else
 * fails `applyAttempts` times parks.
 */
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import { Park } from '../core/park.ts';
import type { PatientIndex, PractitionerIndex } from '../identity/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { readWhatIsStated } from './apply-ahead.ts';
import { applyChange } from './apply-change.ts';
import {
  describeIssues,
  newBatch,
  type Applied,
  type ApplyContext,
  type Batch,
  type Effects,
  type MappingOf,
  type SettleWithin,
} from './apply-context.ts';
import { lockWhatIsStated } from './apply-locks.ts';
import { isAboutRecords } from './apply-people.ts';
import { readMessage, statedBy, type Reading } from './apply-read.ts';
import { attachAll, UNDECIDED_MS } from './echo.ts';
import type { StageEvents } from './events.ts';
import { park, unpark } from './parking.ts';
import { holdBack } from './replay-guard.ts';
import { raiseUnlisted } from './unlisted.ts';

export interface ApplyStage {
  /** Applies one batch, a small one where somebody waits for what it locks; true when more may be waiting. */
  step(isAwaited?: boolean): Promise<boolean>;
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
  /** Records the site's word on a booking; absent where nothing is booked. */
  readonly settle?: SettleWithin;
  readonly events: StageEvents;
  /** Told after each commit what should be looked at now. */
  readonly after: (effects: Effects) => void;
}

const SCOPE = systemScope('apply');
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/**
 * How long one transaction goes on taking messages. It holds the rows that it has written, and a booking that wants one
 * of them waits for its commit: measured, batches of a hundred kept bookings waiting for a second.
 */
const HOLD_MS = 25;
/** The statements of a batch are the same few for any number of messages: fewer than this are not worth them. */
const FITS_MIN = 16;
/** Of sixteen that were locked three were applied in that time, and bookings waited for the people of all. */
const FITS_AWAITED = 3;

export function applyStage(options: ApplyOptions): ApplyStage {
  const { store, clock } = options;

  const batch = async (limit: number): Promise<{ readonly count: number; readonly more: boolean }> => {
    let effects = noEffects();
    let outcomes: readonly Outcome[] = [];
    let more = true;
    const count = await store.transaction(SCOPE, async (tx) => {
      // A transaction that is run again starts from nothing: what an earlier try noted did not happen.
      effects = noEffects();
      outcomes = [];
      const readings = (await tx.inbox.claim(clock.now(), limit)).map((message) => readMessage(options, message));
      more = tx.inbox.leftMore();
      const alone = limit === 1;
      const lock = (): Promise<void> => lockWhatIsStated(tx, options, readings.flatMap(statedBy));
      // A key that the database cannot hold fails here already, and its message alone must not stop the stage.
      const ahead = (): Promise<void> => readWhatIsStated(tx, options.practitioners, readings);
      await (readings[0] === undefined ? undefined : naming(readings[0].message, alone, () => lock().then(ahead)));
      const until = clock.monotonic() + HOLD_MS;
      const shared = newBatch();
      const done: Outcome[] = [];
      for (const reading of readings) {
        const { message } = reading;
        done.push(await naming(message, alone, () => applyOne(options, tx, reading, effects, shared)));
        if (alone) await naming(message, alone, () => finish(tx, shared, effects, clock.now()));
        // The rest was only locked; the commit lets it go, and the next batch takes it.
        if (clock.monotonic() > until) break;
      }
      if (!alone) await finish(tx, shared, effects, clock.now());
      outcomes = done;
      more ||= done.length < readings.length;
      return done.length;
    });
    // Only now: a transaction that is run again has said nothing yet.
    for (const { message, status, parked } of outcomes) {
      if (status === 'waiting') continue;
      if (parked !== undefined) options.events.parked(message.site, message.kind, 'map', parked, message.id);
      options.events.applied(message.site, message.kind, status, clock.now() - message.receivedAt);
    }
    for (const { site, from, to } of effects.unusual) options.events.unusualStatus(site, from, to);
    if (count > 0) options.after(effects);
    return { count, more };
  };

  // As many as the last batch could do, or some more: to read and open a hundred for the ten that fit is waste.
  let fits = Number.POSITIVE_INFINITY;

  return {
    async step(isAwaited = false) {
      const limit = Math.min(options.plan().hub.limits.applyBatch, isAwaited ? FITS_AWAITED : fits);
      try {
        const { count, more } = await batch(limit);
        fits = Math.max(FITS_MIN, count < limit ? count : count * 2);
        return count > 0 && more;
      } catch (error) {
        if (isStoreTrouble(error)) throw error;
        for (let index = 0; index < limit; index += 1) {
          if ((await single(options, async () => (await batch(1)).count)) === 0) break;
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
    const again =
      !(error.reason instanceof Park) &&
      failure.class !== 'permanent' &&
      attempts < options.plan().hub.limits.applyAttempts;
    if (again) {
      const at = plus(now, Math.min(RETRY_FIRST_MS * 2 ** attempts, RETRY_MAX_MS));
      await options.store.transaction(SCOPE, (tx) => tx.inbox.retry(message.id, at));
      return 1;
    }
    const { stage, code, reason } =
      error.reason instanceof Park
        ? { stage: error.reason.stage, code: error.reason.code, reason: error.reason.message }
        : { stage: 'apply' as const, code: 'APPLY_FAILED' as const, reason: describe(failure) };
    const barrier = error.reason instanceof Park && error.reason.barrier;
    await options.store.transaction(SCOPE, (tx) => park(tx, message, { stage, code, reason, barrier }, now));
    options.events.parked(message.site, message.kind, stage, code, message.id);
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
  /** `waiting`: whose news it is depends on an answer that is under way. */
  readonly status: 'applied' | 'ignored' | 'superseded' | 'parked' | 'waiting';
  readonly parked?: ErrorCode;
}

/** What all messages of a transaction have changed together. */
async function finish(tx: Tx, shared: Batch, effects: Effects, now: Instant): Promise<void> {
  await tx.resources.refreshTouched(shared.touched, { site: null, messageId: null, siteTime: null, now });
  if ((await tx.conflicts.note([...shared.visits], now)) > 0) effects.conflicts = true;
  await tx.ledger.add(shared.ledger);
  await tx.flush();
}

/** Alone in its transaction a message is to blame for what fails. */
async function naming<T>(message: InboxMessage, alone: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!alone || isStoreTrouble(error)) throw error;
    throw new Failed(message, error);
  }
}

async function applyOne(
  options: ApplyOptions,
  tx: Tx,
  reading: Reading,
  effects: Effects,
  batch: Batch,
): Promise<Outcome> {
  const { message, plan, site, mapped } = reading;
  const now = options.clock.now();
  if (mapped.kind === 'failed') throw mapped.error;
  if (site === null || mapped.kind === 'ignored') {
    await tx.inbox.done(message.id, 'ignored', mapped.kind === 'ignored' ? mapped.because : null, now);
    return { message, status: 'ignored' };
  }
  if (isOlder(message, await readApplied(tx, message))) {
    await tx.inbox.done(message.id, 'superseded', 'a later read of this object was applied before', now);
    return { message, status: 'superseded' };
  }
  if (mapped.kind === 'unreadable') {
    const code = mapped.issues[0]?.code ?? 'MESSAGE_UNREADABLE';
    const barrier = mapped.barrier === true;
    await park(tx, message, { stage: 'map', code, reason: describeIssues(mapped.issues), barrier }, now);
    await raiseUnlisted({ authorities: mapped.unlisted ?? [], parked: true }, site, tx, { now });
    return { message, status: 'parked', parked: code };
  }
  const cause = { site: site.id, messageId: message.id, siteTime: message.occurredAt ?? message.readAt, now };
  await raiseUnlisted({ authorities: mapped.unlisted ?? [], parked: false }, site, tx, cause);
  const context: ApplyContext = {
    tx,
    plan,
    site,
    message,
    cause,
    now,
    effects,
    batch,
    patients: options.patients,
    practitioners: options.practitioners,
    publishesSlots: options.publishesSlots(site),
    ...(options.settle === undefined ? {} : { settle: options.settle }),
  };
  const held = await holdBack(tx, { plan, site, message, mapped, mapping: options.mappingOf(site, message.kind) });
  if (held !== null) {
    await tx.inbox.done(message.id, 'superseded', held.reason, now);
    return { message, status: 'superseded' };
  }
  const attached = await attachAll(context, mapped.changes);
  if (attached === null) {
    // Nothing of it is written yet, so the others of this transaction need not be run again.
    await tx.inbox.retry(message.id, plus(now, UNDECIDED_MS));
    return { message, status: 'waiting' };
  }
  let applied: Applied = mapped.changes.length === 0 ? 'applied' : 'superseded';
  for (const change of mapped.changes) {
    if ((await applyChange(context, change, attached)) === 'applied') applied = 'applied';
  }
  const warnings = mapped.warnings.length === 0 ? null : mapped.warnings.join('; ');
  await tx.inbox.done(message.id, applied, applied === 'superseded' ? 'newer news was applied before' : warnings, now);
  if (mapped.changes.some(isAboutRecords)) await unpark(tx, message.id, now);
  if (message.object !== null && message.readAt !== null) {
    await tx.inbox.setAppliedReadAt(site.id, message.object, message.readAt);
  }
  return { message, status: applied };
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
  return { bookings: new Set(), unusual: [], deliveries: false, availability: false, conflicts: false };
}
