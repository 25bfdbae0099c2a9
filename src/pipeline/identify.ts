/**
 * Stage identify: finds out whether a patient record, new or changed, is of a person who is known already. Applying
 * only marks the record as due, in its own transaction, so that nothing is lost and no message waits for it; until the
 * record is placed it is a person by itself, which is the safe side.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import type { PatientPlacing, Placed } from '../identity/contract.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface IdentifyDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly placing: PatientPlacing;
  readonly events: Pick<StageEvents, 'placed' | 'keyCapped'>;
}

export interface IdentifyStage {
  /** Places one record; true when more may be waiting. */
  step(): Promise<boolean>;
}

const SCOPE = systemScope('identify');
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const COUNT_EVERY_MS = 3_600_000;
/** Of the records that were placed since names were counted: so many, and so large a share of those counted. */
const COUNT_AFTER = 500;
const COUNT_SHARE = 0.2;

export function identifyStage(deps: IdentifyDeps): IdentifyStage {
  const { store, clock, placing } = deps;
  let isCaughtUp = false;
  let placed = 0;
  let counted = 0;
  let countedAt = -Infinity;

  /** How rare a name is changes slowly: counting reads all records. */
  const count = async (isIdle: boolean): Promise<void> => {
    const isDue = placed > Math.max(COUNT_AFTER, counted * COUNT_SHARE);
    const isOld = isIdle && placed > 0 && clock.monotonic() - countedAt > COUNT_EVERY_MS;
    if (!isDue && !isOld) return;
    await store.transaction(SCOPE, (tx) => tx.index.countNames());
    counted += placed;
    placed = 0;
    countedAt = clock.monotonic();
  };

  return {
    async step() {
      if (!isCaughtUp) {
        isCaughtUp = (await store.transaction(SCOPE, (tx) => placing.catchUp(tx, clock.now()))) === 0;
        // What sites decided must be there before anybody is placed by it.
        return true;
      }
      const done = await placeNext(deps);
      if (done === 'nothing') {
        await count(true);
        return false;
      }
      placed += 1;
      await count(false);
      return true;
    },
  };
}

type Due = NonNullable<Awaited<ReturnType<Tx['index']['takeDue']>>>;

async function placeNext({ store, clock, placing, events }: IdentifyDeps): Promise<'nothing' | 'done'> {
  const due: { taken: Due | null } = { taken: null };
  try {
    const came = await store.transaction(SCOPE, async (tx) => {
      due.taken = await tx.index.takeDue(clock.now());
      return due.taken === null ? null : placing.place(tx, due.taken.id, clock.now());
    });
    if (came !== null) tell(events, came);
  } catch (error) {
    await putOff({ store, clock }, due.taken, error);
    throw error;
  }
  return due.taken === null ? 'nothing' : 'done';
}

/** One record that cannot be placed keeps no other waiting. */
async function putOff(
  { store, clock }: Pick<IdentifyDeps, 'store' | 'clock'>,
  taken: Due | null,
  error: unknown,
): Promise<void> {
  const isTrouble = error instanceof HubError && error.class !== 'permanent' && error.code !== 'INTERNAL';
  if (taken === null || isTrouble) return;
  const wait_ms = Math.min(RETRY_FIRST_MS * 2 ** taken.attempts, RETRY_MAX_MS);
  await store.transaction(SCOPE, (tx) => tx.index.putOff(taken.id, taken.attempts + 1, plus(clock.now(), wait_ms)));
}

function tell(events: IdentifyDeps['events'], came: Placed): void {
  for (const { kind, read } of came.capped) events.keyCapped(kind, read);
  if (came.linked > 0) events.placed('linked');
  if (came.withdrawn > 0) events.placed('withdrawn');
  if (came.reviews > 0) events.placed('review');
  if (came.linked + came.withdrawn + came.reviews === 0) events.placed('alone');
}
