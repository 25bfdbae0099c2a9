/** A registry of NPIs, as an operator loads it from files. Part of identity/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type {
  PractitionerKnown,
  RegistryCounts,
  RegistryEntry,
  RegistryFile,
  RegistryFileKind,
} from '../store/contract-registry.ts';
import type { Asked } from './contract-desk.ts';

export interface RegistryStatus extends RegistryCounts {
  readonly files: readonly (RegistryFile & { readonly loadedAt: Instant })[];
}

export interface RegistryLoaded {
  /** Tasks: what is doubtful now, and what is no more. */
  readonly opened: number;
  readonly closed: number;
}

/** Two practitioners who may be one person. */
export interface AlikePractitioners {
  readonly one: PractitionerKnown;
  readonly other: PractitionerKnown;
}

/** What is known of practitioners besides what sites say, and what a person should look at. */
export interface RegistryDesk {
  /** Among people of the sites that the caller may see; computed anew each time, and kept nowhere. */
  alike(asked: Asked): Promise<readonly AlikePractitioners[]>;
  status(): Promise<RegistryStatus>;
  /** That practitioners of this hub have. */
  npis(): Promise<readonly string[]>;
  /** Some lines of a file. How many were taken; what a newer file has said stays. */
  put(kind: RegistryFileKind, fileDate: string, entries: readonly RegistryEntry[]): Promise<number>;
  /** The file was read to its end: looks at all practitioners. @throws HubError RULE_BROKEN for an older file */
  loaded(asked: Asked, file: RegistryFile): Promise<RegistryLoaded>;
}
