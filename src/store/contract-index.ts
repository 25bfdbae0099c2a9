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

export interface Found {
  readonly ids: readonly string[];
  /** Keys that more records share than the cap, with what of them was read instead. */
  readonly capped: readonly {
    readonly kind: string;
    /**
     * tight: the block of the tighter key. none: that one is over the cap too, or there is none: records are missed.
     */
    readonly read: 'tight' | 'none';
  }[];
}

export interface Entry {
  readonly id: string;
  readonly version: number;
  readonly inUse: boolean;
  readonly truncated: boolean;
  readonly keys: readonly BlindKey[];
  /** Clear text: what of it is hashed names nobody by itself. */
  readonly contacts: readonly string[];
  /** Who has them, as one text. */
  readonly who: string;
  /** First name and family name; empty: none. */
  readonly given: string;
  readonly family: string;
}

export interface NameCounts {
  /** Records that have a name of this kind at all. */
  readonly given: number;
  readonly family: number;
  readonly ofGiven: ReadonlyMap<string, number>;
  readonly ofFamily: ReadonlyMap<string, number>;
}

export interface IndexStore {
  blinded(keys: readonly PlainKey[], epoch: number): readonly BlindKey[];
  /** Of a record as it is indexed: `h` of each key. */
  keysOf(id: string): Promise<readonly string[]>;
  /** Those that are known. */
  people(ids: readonly string[]): Promise<readonly IndexedRecord[]>;
  /** Records that share a key with the one that has these. */
  sharing(keys: readonly BlindKey[], self: string, cap: number): Promise<Found>;
  /** Of these phones, e-mail addresses and street addresses those that more people have than `most`. */
  shared(contacts: readonly string[], most: number): Promise<ReadonlySet<string>>;
  names(given: readonly string[], family: readonly string[]): Promise<NameCounts>;
  /** How many records there are, and never fewer than that. */
  size(): Promise<number>;
  put(entry: Entry, epoch: number, now: Instant): Promise<void>;
  /** Counts the names of all records anew. */
  countNames(): Promise<void>;

  /** To be placed among the others. */
  due(ids: readonly string[], now: Instant): Promise<void>;
  /** Takes all rows of one record that is due; null: none is, or others have it. */
  takeDue(now: Instant): Promise<{ readonly id: string; readonly attempts: number } | null>;
  /** What could not be placed is due again. */
  putOff(id: string, attempts: number, at: Instant): Promise<void>;
  /** Makes records due that have no entry of this epoch; how many. */
  dueUnindexed(epoch: number, limit: number, now: Instant): Promise<number>;
}
