/**
 * Ids of canonical resources are functions of who owns them and what the owner calls them, so that a re-load, a replay,
 * or a cancel and re-open finds the same resource. `site` is SiteSettings.identity, which survives a renamed file.
 */
import { derivedId } from '../core/ids.ts';
import { formatInstant, type Interval } from '../core/instant.ts';

export const canonicalId = {
  organization: (site: string): string => derivedId('Organization', site),
  location: (site: string, key: string): string => derivedId('Location', site, key),
  /** One person over all sites: the NPI is enough. */
  practitionerByNpi: (npi: string): string => derivedId('Practitioner', 'npi', npi),
  practitionerAtSite: (site: string, code: string): string => derivedId('Practitioner', 'site', site, code),
  practitionerRole: (site: string, practitionerId: string): string =>
    derivedId('PractitionerRole', site, practitionerId),
  healthcareService: (visitType: string): string => derivedId('HealthcareService', visitType),
  patient: (site: string, key: string): string => derivedId('Patient', site, key),
  /** `patient`: the key of the record that it is of. */
  relatedPerson: (site: string, patient: string, key: string): string => derivedId('RelatedPerson', site, patient, key),
  device: (site: string, code: string): string => derivedId('Device', site, code),
  schedule: (site: string, key: string): string => derivedId('Schedule', site, key),
  slot: (site: string, key: string): string => derivedId('Slot', site, key),
  appointment: (site: string, key: string): string => derivedId('Appointment', site, key),
  session: (site: string, key: string): string => derivedId('session', site, key),
} as const;

/** Key of a Slot that exists only because an appointment fills it (a feed without published slots). */
export function filledSlotKey(scheduleKey: string, during: Interval): string {
  return `filled:${scheduleKey}:${formatInstant(during.start)}:${formatInstant(during.end)}`;
}
