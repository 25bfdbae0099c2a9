/** Everything of one site as its parts share it, and how records are looked up. */
import { sha256 } from '../../core/ids.ts';
import type { SimulatedClock } from '../kit/clock.ts';
import type { Faults } from '../kit/faults.ts';
import { ActError } from '../kit/kind.ts';
import type { Store, View } from '../kit/store.ts';
import { CHANGED, PATIENTS, VISITS, type Patient, type Visit } from './model.ts';
import type { Feed } from './feed.ts';
import type { Department, Practitioner, Seed, Settings, VisitType } from './seed.ts';

export interface Hospital {
  readonly seed: Seed;
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  readonly feed: Feed;
  /** `http://host:port/instance`, known once it listens. */
  readonly base: () => string;
}

export type Version = 'R4' | 'STU3';

export function settingsOf({ seed, store }: Pick<Hospital, 'seed' | 'store'>, view: View = store): Settings {
  return { ...seed.settings, ...view.get(CHANGED, 'settings') };
}

/** Opaque, case-sensitive, a pure function of what it names (sheet section 2). */
export function opaqueId(kind: string, ...parts: readonly (string | number)[]): string {
  const digest = Buffer.from(sha256([kind, ...parts].join('\n')), 'hex').toString('base64url');
  return `e${digest.slice(0, 22).replaceAll('_', '.')}3`;
}

/** The id of a record in one version's resources; whether both versions share it is not documented (sheet 3.2). */
export function shownId(hospital: Hospital, version: Version, id: string): string {
  return version === 'STU3' && settingsOf(hospital).stu3Ids === 'different' ? Array.from(id).reverse().join('') : id;
}

export function practitionerById(seed: Seed, id: string): Practitioner {
  return found(seed.practitioners, (one) => one.id === id, `practitioner ${id}`);
}

export function departmentById(seed: Seed, id: string): Department {
  return found(seed.departments, (one) => one.id === id, `department ${id}`);
}

export function visitTypeByCode(seed: Seed, code: string): VisitType {
  return found(seed.visitTypes, (one) => one.code === code, `visit type ${code}`);
}

export function visitByCsn(view: View, csn: string): Visit {
  return found(view.all(VISITS), (one) => one.csn === csn, `appointment ${csn}`);
}

/** By FHIR id or record number: staff know both. */
export function patientBy(view: View, id: string): Patient {
  const byId = view.get(PATIENTS, id);
  return byId ?? found(view.all(PATIENTS), (one) => one.mrn === id, `patient ${id}`);
}

function found<T>(rows: readonly T[], test: (row: T) => boolean, what: string): T {
  const row = rows.find(test);
  if (row === undefined) throw new ActError(`there is no ${what}`);
  return row;
}

/** Last path segment of a reference, however much stands before it: `Patient/x`, an absolute address, or the id. */
export function idOfReference(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
