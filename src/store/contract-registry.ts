/** What the files of NPPES say of NPIs. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

export interface RegistryEntry {
  readonly npi: string;
  /** 1 person, 2 organisation; null: not told, as of a number that was deactivated. */
  readonly entity: 1 | 2 | null;
  readonly family: string | null;
  readonly otherFamily: string | null;
  /** NUCC, the primary one. */
  readonly taxonomy: string | null;
  /** `2020-05-31`; null: it is in use. */
  readonly deactivatedOn: string | null;
}

/** Providers: the monthly file, or a weekly one, of the same columns. Deactivations: the monthly report. */
export type RegistryFileKind = 'providers' | 'deactivations';

export interface RegistryFile {
  readonly kind: RegistryFileKind;
  /** `2026-02-08`: up to when it is true. */
  readonly fileDate: string;
  readonly name: string;
  /** Which NPIs were taken from it: those that the hub knew then, or all. */
  readonly scope: 'known' | 'all';
  readonly npis: number;
}

export interface RegistryCounts {
  /** NPIs of practitioners in this hub, and how many of them the registry has. */
  readonly known: number;
  readonly found: number;
  readonly organisations: number;
  readonly deactivated: number;
}

/** A code of a site that stands for somebody whose NPI the registry has. */
export interface RegisteredCode {
  readonly code: string;
  readonly entry: RegistryEntry;
  /** As the Practitioner is named; empty: not at all. */
  readonly family: string;
  readonly text: string;
}

/** Somebody who works at a site. */
export interface PractitionerKnown {
  readonly site: string;
  readonly codes: readonly string[];
  readonly personId: string;
  readonly npi: string | null;
  /** Empty: not told by itself; `text` is the name as a whole. */
  readonly family: string;
  readonly given: string;
  readonly text: string;
  /** A code of NUCC, or one of the operator. */
  readonly specialty: string | null;
}

export interface RegistryStore {
  of(npi: string): Promise<RegistryEntry | null>;
  /** What a newer file has said stays. How many were taken. */
  put(kind: RegistryFileKind, fileDate: string, entries: readonly RegistryEntry[]): Promise<number>;
  putFile(file: RegistryFile, now: Instant): Promise<void>;
  files(): Promise<readonly (RegistryFile & { readonly loadedAt: Instant })[]>;
  /** Of all practitioners. */
  npis(): Promise<readonly string[]>;
  counts(): Promise<RegistryCounts>;
  /** At all sites. */
  practitioners(): Promise<readonly PractitionerKnown[]>;
  /** NPIs of practitioners that are an organisation's. */
  organisations(): Promise<readonly string[]>;
  /** Codes of people who work there. */
  codesOf(site: string): Promise<readonly RegisteredCode[]>;
}
