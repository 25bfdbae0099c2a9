/** The patient index: which records are worth comparing, by keyed hashes. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { Patient } from '../fhir/types.ts';
import type { KnownRecord } from './contract-identity.ts';

/** Clear text: never stored, never logged. */
export interface PlainKey {
  readonly kind: string;
  readonly value: string;
  readonly tight: string | null;
}

/** As stored, in decimal: 64 bits of a keyed hash. */
export interface BlindKey {
  readonly kind: string;
  readonly h: string;
  /** `0`: there is none. */
  readonly tight: string;
}

/** A record and what it says, which is opened only when it is needed. */
export interface IndexedRecord extends KnownRecord {
  readonly version: number;
  /** Neither merged away nor removed at its site, and not deleted. */
  readonly inUse: boolean;
  patient(): Patient;
}

/** A key under which a record is found, and the version of the record that it was made from (0: not known). */
export interface KeyRow extends Omit<BlindKey, 'kind'> {
  readonly id: string;
  readonly version: number;
}

/** A phone, e-mail address or street address of a record, and who has it: both as stored. */
export interface ContactRow {
  readonly id: string;
  readonly h: string;
  readonly who: string;
}

/**
 * By key, the records that have it, each as `ID VERSION` (see KeyRow); null: more than the cap. Keys that nobody has
 * are not there.
 */
export type Blocks = ReadonlyMap<string, readonly string[] | null>;

/** All but the id is as stored: keyed hashes. */
export interface Entry {
  readonly id: string;
  readonly version: number;
  readonly inUse: boolean;
  readonly truncated: boolean;
  readonly keys: readonly BlindKey[];
  readonly contacts: readonly string[];
  readonly who: string;
  /** First name and family name; null: none. */
  readonly given: string | null;
  readonly family: string | null;
}

export interface NameCounts {
  /** Records that have a name of this kind at all. */
  readonly given: number;
  readonly family: number;
  readonly ofGiven: ReadonlyMap<string, number>;
  readonly ofFamily: ReadonlyMap<string, number>;
}

export interface DueRecord {
  readonly id: string;
  /** How often it could not be placed. */
  readonly attempts: number;
}

export interface IndexStore {
  blinded(keys: readonly PlainKey[], epoch: number): readonly BlindKey[];
  /** Phones, e-mail addresses and street addresses. */
  blindedContacts(contacts: readonly string[]): readonly string[];
  /** Who has them, as one text. */
  blindedOwner(who: string): string;
  /** Null: there is no name. */
  blindedName(kind: 'given' | 'family', name: string): string | null;
  /** Those that are known. */
  people(ids: readonly string[]): Promise<readonly IndexedRecord[]>;
  /** Of records as they are indexed. */
  rowsOf(ids: readonly string[]): Promise<readonly KeyRow[]>;
  contactsOf(ids: readonly string[]): Promise<readonly ContactRow[]>;
  /**
   * By `h`: who has these keys.
   *
   * @param besides records that are left out
   */
  blocks(keys: readonly string[], besides: readonly string[], cap: number): Promise<Blocks>;
  /** As above of the tight form, by `H TIGHT`. */
  tightBlocks(keys: readonly Pick<BlindKey, 'h' | 'tight'>[], besides: readonly string[], cap: number): Promise<Blocks>;
  /** Of these contacts the different people who have them, up to so many of each. */
  owners(
    contacts: readonly string[],
    besides: readonly string[],
    most: number,
  ): Promise<ReadonlyMap<string, readonly string[]>>;
  names(given: readonly string[], family: readonly string[]): Promise<NameCounts>;
  /** How many records there are, and never fewer than that. */
  size(): Promise<number>;
  /** @param before those of them that have keys or contacts already, which are replaced */
  put(entries: readonly Entry[], before: readonly string[], epoch: number, now: Instant): Promise<void>;
  /** Counts the names of all records anew. */
  countNames(): Promise<void>;

  /** To be placed among the others. */
  due(ids: readonly string[], now: Instant): Promise<void>;
  /** Takes records that are due and that nobody else has, the oldest first, each with all its rows. */
  takeDue(now: Instant, most: number): Promise<readonly DueRecord[]>;
  /** What could not be placed is due again. */
  putOff(id: string, attempts: number, at: Instant): Promise<void>;
  /**
   * Notes what the site file says of identifiers. Where that is something else than before, all records of the site are
   * due; `unless`: what was meant where nothing was noted yet. True: they are.
   */
  meant(site: string, digest: string, unless: string, now: Instant): Promise<boolean>;
  /** Makes records due that have no entry of this epoch; how many. */
  dueUnindexed(epoch: number, limit: number, now: Instant): Promise<number>;
}
