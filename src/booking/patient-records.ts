/** The records of the person whom a visit is for, as far as a booking needs them. */
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { isConfidential, mayBeMinor } from '../fhir/confidential.ts';
import { withOwnContacts } from '../fhir/contact-of.ts';
import type { Patient } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Served } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

export async function readPatient(tx: Tx, id: string): Promise<Patient> {
  return patientOf(await tx.resources.read('Patient', id));
}

/** There is no such record of a site. It may be a golden id. */
export class NoSuchRecord extends HubError {
  constructor() {
    super('NOT_FOUND', { detail: 'the patient' });
  }
}

/** @throws NoSuchRecord */
export function patientOf(served: Served | null): Patient {
  if (served === null || served.deleted) throw new NoSuchRecord();
  return JSON.parse(served.json) as Patient;
}

/** A record that was merged away is not written to any more: the one that stands for it is. */
export async function standingFor(tx: Tx, patient: Patient): Promise<Patient> {
  const by = patient.link?.find(({ type }) => type === 'replaced-by')?.other.reference?.replace('Patient/', '');
  return by === undefined ? patient : readPatient(tx, by);
}

/**
 * What of a record its site is told for a visit: of a minor's confidential one no contact of whoever pays, who would be
 * reminded of it.
 *
 * @param labels of the visit
 */
export function asToldFor(labels: readonly string[], chosen: Patient, now: Instant): Patient {
  return isConfidential(labels) && mayBeMinor(chosen.birthDate, now) ? withOwnContacts(chosen) : chosen;
}

export async function patientsOfSite(
  tx: Tx,
  ids: readonly string[],
  chosen: Patient,
  site: SiteSettings,
): Promise<Patient[]> {
  const found: Patient[] = [];
  for (const id of ids) {
    const served = id === chosen.id ? null : await tx.resources.read('Patient', id);
    if (served === null && id !== chosen.id) continue;
    const patient = served === null ? chosen : (JSON.parse(served.json) as Patient);
    // Merged away, or no longer there: its number is not to be used.
    if (patient.active === false) continue;
    // What was written before the site was renamed still names it as it was.
    const source = patient.meta?.source?.split('#')[0];
    if ([site.id, site.identity].some((name) => source === `urn:slotwire:site:${name}`)) found.push(patient);
  }
  return found;
}
