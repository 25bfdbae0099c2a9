/**
 * Who acts for the patient, as whoever booked the visit named them. No site tells of that, so that its news leaves it
 * as it was, as long as the visit is that person's.
 */
import { isActing } from '../fhir/acting.ts';
import type { Appointment, AppointmentParticipant, RelatedPerson } from '../fhir/types.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { ApplyContext } from './apply-context.ts';

/** @param patients those that the news names; none: they are as they were */
export async function actingKept(
  { tx, site }: ApplyContext,
  from: { readonly visit: StoredAppointment | null; readonly asked: Appointment | null },
  patients: readonly string[],
): Promise<readonly AppointmentParticipant[]> {
  const { visit, asked } = from;
  const acting = ((visit?.resource ?? asked)?.participant ?? []).filter(isActing);
  if (acting.length === 0 || visit === null || patients.length === 0) return acting;
  if (visit.patients.every((id) => patients.includes(id))) return acting;
  // A caller may book by a record of another site: what the owning one says first is whom it knows that person as.
  const records = await tx.identity.records(visit.patients);
  if (records.every((record) => record.site !== site.id && record.site !== site.identity)) return acting;
  const ofThem = await Promise.all(acting.map((one) => actsForOneOf(tx, one, patients)));
  return acting.filter((_one, at) => ofThem[at]);
}

async function actsForOneOf(tx: Tx, { actor }: AppointmentParticipant, patients: readonly string[]): Promise<boolean> {
  const served = await tx.resources.read('RelatedPerson', actor?.reference?.split('/')[1] ?? '');
  if (served === null || served.deleted) return false;
  const { patient } = JSON.parse(served.json) as RelatedPerson;
  const linked = await tx.resources.linkedPatients(patient.reference?.replace('Patient/', '') ?? '');
  return linked.some((id) => patients.includes(id));
}
