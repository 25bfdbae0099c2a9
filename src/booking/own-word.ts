/** What only the hub knows of a visit, and what stays known of it where the site goes on with it under another id. */
import { actingIn, actorsWith, isActing, withActing } from '../fhir/acting.ts';
import { withMarkOf } from '../fhir/set-mark.ts';
import type { AppointmentRow } from '../store/contract-resources.ts';

/** The set in which it was booked; and who acts for the patient, where it has not become another person's. */
export function withOwnWordOf<Row extends AppointmentRow>(
  row: Row,
  from: Pick<AppointmentRow, 'resource' | 'patients'>,
): Row {
  const marked = withMarkOf(row.resource, from.resource);
  const isSamePerson = row.patients.some((id) => from.patients.includes(id));
  if (!isSamePerson || actingIn(from.resource).length === 0) return { ...row, resource: marked };
  const resource = withActing(marked, from.resource.participant.filter(isActing));
  return { ...row, resource, actors: actorsWith(row.actors, row.resource, resource) };
}
