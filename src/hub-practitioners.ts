/**
 * Who practitioners are, in the running hub: the index, whom codes stand for now, and what is moved when that changes.
 */
import type { PractitionerIndex } from './identity/contract.ts';
import { practitionerChanges } from './identity/practitioner-changes.ts';
import { PractitionerCodes } from './identity/practitioner-codes.ts';
import { practitioners } from './identity/practitioners.ts';
import { syncDirectory } from './pipeline/directory.ts';
import { rekeyDue, type RekeyDeps } from './pipeline/rekey.ts';
import type { Plan } from './settings/shape.ts';
import { systemScope } from './store/contract.ts';

export interface HubPractitioners {
  readonly index: PractitionerIndex;
  /** Writes down what the files of a plan say; the first time it reads what is stored before. */
  writeDirectory(plan: Plan): Promise<void>;
  /** The plan is in force: what it says of practitioners comes true with the next step. */
  askAgain(): HubPractitioners;
  /** Applies messages, once everything that is due before was moved: nothing may apply any meanwhile. */
  then(apply: () => Promise<boolean>): Promise<boolean>;
}

/** `revealed`: visits may have come into conflict. */
export function openPractitioners(deps: Omit<RekeyDeps, 'changes'>, revealed: () => void): HubPractitioners {
  const { store, clock } = deps;
  const codes = new PractitionerCodes();
  const changes = practitionerChanges(codes);
  const index = practitioners(codes);
  let isLoaded = false;
  const opened: HubPractitioners = {
    index,
    async writeDirectory(plan) {
      if (!isLoaded) await store.read(systemScope('start'), (tx) => codes.load(tx, plan));
      isLoaded = true;
      await syncDirectory(store, plan, index, clock.now());
    },
    askAgain() {
      changes.askAgain();
      return opened;
    },
    async then(apply) {
      if (changes.isDue() && (await rekeyDue({ ...deps, changes }))) revealed();
      return apply();
    },
  };
  return opened;
}
