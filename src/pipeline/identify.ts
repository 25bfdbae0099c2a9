/**
 * Stage identify: finds out whether a patient record, new or changed, is of a person who is known already. Applying
 * only marks the record as due, in its own transaction, so that nothing is lost and no message waits for it; until the
 * record is placed it is a person by itself, which is the safe side.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import type { PatientPlacing, Placed } from '../identity/contract.ts';
import type { DueRecord } from '../store/contract-index.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface IdentifyDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly placing: PatientPlacing;
  readonly events: Pick<StageEvents, 'placed' | 'keyCapped'>;
  /** Records that are placed in one transaction. Default 500: some tenths of a second. */
  readonly atOnce?: number;
}

export interface IdentifyStage {
  /** Places the records that have been due for longest; true when more may be waiting. */
  step(): Promise<boolean>;
}

const SCOPE = systemScope('identify');
const AT_ONCE = 500;
const COUNTING = 'identity-name-count';
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const COUNT_EVERY_MS = 3_600_000;
/** Of the records that were placed since names were counted: so many, and so large a share of those counted. */
const COUNT_AFTER = 500;
const COUNT_SHARE = 0.2;

export function identifyStage(deps: IdentifyDeps): IdentifyStage {
  const { store, clock, placing } = deps;
  const atOnce = deps.atOnce ?? AT_ONCE;
  let isCaughtUp = false;
  /** Records to be placed one by one: they are those of a batch that could not be placed. */
  let singly = 0;
  let placed = 0;
  let counted = 0;
  let countedAt = -Infinity;

  /** How rare a name is changes slowly: counting reads all records. */
  const count = async (isIdle: boolean): Promise<void> => {
    const isDue = placed > Math.max(COUNT_AFTER, counted * COUNT_SHARE);
    const isOld = isIdle && placed > 0 && clock.monotonic() - countedAt > COUNT_EVERY_MS;
    if (!isDue && !isOld) return;
    await store.transaction(SCOPE, async (tx) => {
      // Of two that count at once the second would write what the first has written.
      await tx.lock([COUNTING]);
      await tx.index.countNames();
    });
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
      const most = singly > 0 ? 1 : atOnce;
      singly = Math.max(0, singly - 1);
      const done = await placeNext(deps, most);
      if (done === 'one by one') singly = atOnce;
      if (done === 0) {
        await count(true);
        return false;
      }
      placed += done === 'one by one' ? 0 : done;
      await count(false);
      return true;
    },
  };
}

/** How many there were. */
async function placeNext(deps: IdentifyDeps, most: number): Promise<number | 'one by one'> {
  const { store, clock, placing, events } = deps;
  let taken: readonly DueRecord[] = [];
  try {
    const came = await store.transaction(SCOPE, async (tx) => {
      taken = await tx.index.takeDue(clock.now(), most);
      const [first, ...more] = taken.map(({ id }) => id);
      if (first === undefined) return [];
      if (more.length > 0) return placing.placeMany(tx, [first, ...more], clock.now());
      return [await placing.place(tx, first, clock.now())];
    });
    for (const one of came) if (one !== null) tell(events, one);
  } catch (error) {
    if (isTrouble(error)) throw error;
    if (taken.length > 1) return 'one by one';
    await putOff(deps, taken);
    throw error;
  }
  return taken.length;
}

/** The database or its locks, and not the records. */
function isTrouble(error: unknown): boolean {
  return error instanceof HubError && error.class !== 'permanent' && error.code !== 'INTERNAL';
}

/** One record that cannot be placed keeps no other waiting. */
async function putOff({ store, clock }: IdentifyDeps, taken: readonly DueRecord[]): Promise<void> {
  for (const { id, attempts } of taken) {
    const wait_ms = Math.min(RETRY_FIRST_MS * 2 ** attempts, RETRY_MAX_MS);
    await store.transaction(SCOPE, (tx) => tx.index.putOff(id, attempts + 1, plus(clock.now(), wait_ms)));
  }
}

function tell(events: IdentifyDeps['events'], came: Placed): void {
  for (const { kind, read } of came.capped) events.keyCapped(kind, read);
  if (came.linked > 0) events.placed('linked');
  if (came.withdrawn > 0) events.placed('withdrawn');
  if (came.reviews > 0) events.placed('review');
  if (came.linked + came.withdrawn + came.reviews === 0) events.placed('alone');
}
