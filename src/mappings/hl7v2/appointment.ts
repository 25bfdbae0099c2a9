/** SIU to one appointment: the whole of it as the message states it, or the reason why that cannot be told. */
import type { AppointmentStatus } from '../../fhir/types.ts';
import type { AppointmentChange, MapIssue, Mapped, ParticipantStatement, PatientAssertion } from '../contract.ts';
import { mapBlock } from './blocks.ts';
import { END_STATUS, MAY_LACK_TIME, type FillerStatus } from './codes.ts';
import { details } from './details.ts';
import { appointmentIdentifiers, appointmentKey } from './identifiers.ts';
import { readPatient } from './patient.ts';
import { ownReference } from './own-request.ts';
import { incomplete, type Reading } from './reading.ts';
import { participants, visitZone } from './resources.ts';
import { countedSegments, isPartial, segmentActions, type ActionOf } from './segments.ts';
import { furtherTimes, patternWithoutTimes, withFurtherTimes } from './series.ts';
import { changedServices, servicesOf, usualMinutes, type Services } from './visit-types.ts';
import { appointmentStatus, statedStatus } from './status.ts';
import { visitTime, type Counted, type VisitTime } from './times.ts';

export function mapAppointment(reading: Reading): Mapped {
  const sch = reading.message.first('SCH');
  if (sch === undefined) return unreadable(incomplete('SCH', 'the segment is missing, so no appointment is named'));
  const key = appointmentKey(reading, sch);
  const counted = countedSegments(reading);
  const { status: stated, keeps } = statedStatus(reading, sch, counted);
  // A blocked time sent as an appointment has no patient and is none.
  if (stated === 'blocked') return mapBlock(reading, true);
  if (key === null) return unreadable(incomplete('SCH-2', 'neither SCH-2 nor SCH-1 names the appointment'));
  const what = isPartial(reading, stated) ? whatChanges(reading, stated) : whole(reading, stated, counted);
  if ('issue' in what) return unreadable(what.issue);

  const { visit, zone } = what;
  const status = appointmentStatus(stated, visit?.during.start ?? null, reading.at);
  if (visit === null && !what.partial && !MAY_LACK_TIME.has(status)) return unreadable(noTime(reading));
  const further = visit === null ? [] : furtherTimes(reading, visit, zone);
  const pattern = END_STATUS.has(status) ? null : patternWithoutTimes(reading, further.length);
  if (pattern !== null) return unreadable(pattern);
  const people = patients(reading, status);
  if (people.issues.length > 0) return { kind: 'unreadable', issues: people.issues };

  warnOfGaps(reading, status, people.patients, what);
  const change: AppointmentChange = {
    kind: 'appointment',
    at: reading.at,
    key,
    identifiers: appointmentIdentifiers(reading, sch),
    status,
    ...(keeps ? { keepsStatus: true } : {}),
    ...(visit === null ? {} : { during: visit.during }),
    ...what.services,
    participants: what.participants,
    ...(what.partial ? { partial: true as const } : {}),
    patients: people.patients,
    ...details(reading, sch, status),
    ...ownReference(reading, sch),
  };
  return { kind: 'changes', changes: withFurtherTimes(change, further), warnings: reading.warnings };
}

/** Who, where, with what and when. */
interface What {
  readonly partial: boolean;
  readonly zone: string;
  readonly visit: VisitTime | null;
  readonly services: Services;
  readonly participants: readonly ParticipantStatement[];
}

function whole(reading: Reading, status: FillerStatus, counted: Counted): What {
  const zone = visitZone(reading, counted);
  const services = servicesOf(reading, counted);
  const visit = visitTime(reading, { counted, zone, usual_min: usualMinutes(reading, services.visitType) });
  const named = participants(reading, { counted, visit: visit?.during ?? null, zone, status });
  return { partial: false, zone, visit, services, participants: named };
}

/** A message that lists only what changes: its segments speak of themselves, not of the visit. */
function whatChanges(reading: Reading, status: FillerStatus): What | { readonly issue: MapIssue } {
  const actionOf: ActionOf | MapIssue = segmentActions(reading);
  if (typeof actionOf !== 'function') return { issue: actionOf };
  const counted: Counted = (name) => reading.message.all(name);
  const zone = visitZone(reading, counted);
  const services = changedServices(reading, counted, actionOf);
  const visit = visitTime(reading, { counted, zone, usual_min: null, ofVisitOnly: true });
  const named = participants(reading, { counted, visit: visit?.during ?? null, zone, status, actionOf });
  return { partial: true, zone, visit, services, participants: named };
}

function unreadable(...issues: readonly MapIssue[]): Mapped {
  return { kind: 'unreadable', issues };
}

function noTime(reading: Reading): MapIssue {
  const places = reading.settings.fields.start.join(', ');
  const found = reading.settings.fields.start.some((path) => reading.first(path) !== '');
  const problem = found
    ? `there is no start that can be read, or no end and no duration to it (looked at ${places}, SCH-9)`
    : `there is no start time (looked at ${places})`;
  return incomplete('SCH-11', problem);
}

/** The news that a visit is over must not wait for a person because its patient cannot be told: it frees time. */
function patients(
  reading: Reading,
  status: AppointmentStatus,
): { readonly patients: readonly PatientAssertion[]; readonly issues: readonly MapIssue[] } {
  const reads = reading.message.all('PID').map((pid) => readPatient(reading, pid));
  const known = reads.flatMap((read) => ('patient' in read ? [read.patient] : []));
  const issues = reads.flatMap((read) => ('issue' in read ? [read.issue] : []));
  if (!END_STATUS.has(status)) return { patients: known, issues };
  for (const issue of issues) reading.warn(issue.where, `${issue.problem}; left out, as the visit has ended`);
  return { patients: known, issues: [] };
}

function warnOfGaps(
  reading: Reading,
  status: AppointmentStatus,
  known: readonly PatientAssertion[],
  { partial, participants: named }: What,
): void {
  if (END_STATUS.has(status) || partial) return;
  if (known.length === 0) reading.warn('PID', 'the segment is missing; the time is taken, nobody is booked in it');
  if (named.length === 0) reading.warn('AIP', 'no practitioner, place or device is named, so the visit closes no time');
}
