/**
 * What the practice itself knows of the person to be booked, where the hub holds no e-mail address of them: what was
 * typed for a confidential visit of a minor is not kept here. The client is the very one that the record was made of,
 * since name, phone and e-mail together name the record; another client of that name is not.
 */
import { typedPersonKey } from '../../core/typed-person.ts';
import { canonicalId } from '../../fhir/canonical-ids.ts';
import type { PatientFacts, Site } from '../contract.ts';
import type { AcuityClient, CallFor } from './client.ts';
import type { AcuitySettings } from './settings.ts';

/** The facts as they are where the practice has no such client. */
export async function withOwnContact(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  patient: PatientFacts,
  at: CallFor,
): Promise<PatientFacts> {
  const { record, family } = patient;
  if (record === undefined || patient.email !== undefined) return patient;
  const { value } = await client.clients([['search', family]], at);
  for (const row of value) {
    const [given, last, phone, email] = [row.firstName, row.lastName, row.phone, row.email].map(textOf);
    const typed = { given: given ?? '', family: last ?? '', phone: phone ?? '', email: email ?? '' };
    if (canonicalId.patient(site.file.identity, typedPersonKey('acuity-client', typed)) !== record) continue;
    return {
      ...patient,
      ...(typed.phone === '' ? {} : { phone: typed.phone }),
      ...(typed.email === '' ? {} : { email: typed.email }),
    };
  }
  return patient;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
