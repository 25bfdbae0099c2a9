/** Patients as whoever reads may see them: what a scope may not see is not there, nor told by what is. */
import type { Instant } from '../core/instant.ts';
import type { IndexedRecord } from './contract-index.ts';
import type { KnownRecord } from './contract-identity.ts';

/** Part of store/contract.ts. */
export interface SightStore {
  /** Those of these Patients that the scope may see. */
  seen(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** All records of the people of these records, as far as the scope may see them, the oldest first. */
  peopleSeen(ids: readonly string[]): Promise<readonly KnownRecord[]>;
  /** Records that a golden id ever stood for, whoever may see them. */
  everHeld(goldenId: string): Promise<readonly string[]>;
  /** When the site said last what is known of each of these records; those without an entry: not known. */
  saidAt(records: readonly Pick<KnownRecord, 'id' | 'site' | 'key'>[]): Promise<ReadonlyMap<string, Instant>>;
  /** Records in use that have one of these contacts (hashed), whoever may see them; at most so many. */
  withContact(contacts: readonly string[], limit: number): Promise<readonly string[]>;
  /** Records with one of these keys, whoever may see them; at most so many. */
  withKey(keys: readonly string[], limit: number): Promise<readonly string[]>;
  /** Records that the scope may see, by their ids, behind this one. */
  pageSeen(after: string | null, limit: number): Promise<readonly IndexedRecord[]>;
}
