/** What a transaction was prepared from is no longer so. */
import { HubError } from './errors.ts';

/** Thrown inside a transaction: what has been done is undone, and its work is done again as after a deadlock. */
export class RunAgain extends HubError {
  constructor(detail: string) {
    super('TOO_BUSY', { detail });
  }
}
