/** SIU to one appointment: the whole of it as the message states it, or the reason why that cannot be told. */
import type { Segment } from '../../hl7v2/segment.ts';
import { parseTime } from '../../hl7v2/time.ts';
import type { AppointmentStatus } from '../../fhir/types.ts';
import type {
  AppointmentChange,
  CodedText,
  MapIssue,
  Mapped,
  PatientAssertion,
  VisitTypeStatement,
} from '../contract.ts';
import { mapBlock } from './blocks.ts';
import { END_STATUS, MAY_LACK_TIME, NO_VISIT_TYPE, REASON_SNOMED } from './codes.ts';
import { appointmentIdentifiers, appointmentKey } from './identifiers.ts';
import { readPatient } from './patient.ts';
import { ownReference } from './own-request.ts';
import { incomplete, part, pathOf, said, type Reading } from './reading.ts';
import { countedSegments, participants, visitZone } from './resources.ts';
import { appointmentStatus, statedStatus } from './status.ts';
import { visitTime, type Counted } from './times.ts';

export function mapAppointment(reading: Reading): Mapped {
  const sch = reading.message.first('SCH');
  if (sch === undefined) return unreadable(incomplete('SCH', 'the segment is missing, so no appointment is named'));
  const key = appointmentKey(reading, sch);
  const counted = countedSegments(reading);
  const { status: stated, keeps } = statedStatus(reading, sch, counted);
  // A blocked time sent as an appointment has no patient and is none.
  if (stated === 'blocked') return mapBlock(reading, true);
  if (key === null) return unreadable(incomplete('SCH-2', 'neither SCH-2 nor SCH-1 names the appointment'));

  const zone = visitZone(reading, counted);
  const visitType = visitTypeOf(reading, counted);
  const visit = visitTime(reading, counted, zone, usualMinutes(reading, visitType));
  const status = appointmentStatus(stated, visit?.start ?? null, reading.at);
  if (visit === null && !MAY_LACK_TIME.has(status)) return unreadable(noTime(reading));
  const people = patients(reading, status);
  if (people.issues.length > 0) return { kind: 'unreadable', issues: people.issues };

  const occupies = participants(reading, { counted, visit, zone, status });
  warnOfGaps(reading, status, people.patients, occupies.length);
  const change: AppointmentChange = {
    kind: 'appointment',
    at: reading.at,
    key,
    identifiers: appointmentIdentifiers(reading, sch),
    status,
    ...(keeps ? { keepsStatus: true } : {}),
    ...(visit === null ? {} : { during: visit }),
    ...(visitType === undefined ? {} : { visitType }),
    participants: occupies,
    patients: people.patients,
    ...words(reading, sch, status),
    ...created(reading),
    ...security(reading),
    ...ownReference(reading, sch),
  };
  return { kind: 'changes', changes: [change], warnings: reading.warnings };
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
  resources: number,
): void {
  if (END_STATUS.has(status)) return;
  if (known.length === 0) reading.warn('PID', 'the segment is missing; the time is taken, nobody is booked in it');
  if (resources === 0) reading.warn('AIP', 'no practitioner, place or device is named, so the visit closes no time');
}

/** The first place of the list that says something that is a kind of visit here. */
function visitTypeOf(reading: Reading, counted: Counted): VisitTypeStatement | undefined {
  for (const path of reading.settings.fields.visitType) {
    const { segment: name, field, component } = pathOf(path);
    const found = counted(name).flatMap((segment): VisitTypeStatement[] => {
      const display = part(segment, field, component + 1);
      // Some send the text alone.
      const code = said(segment.component(field, component)) || display;
      if (code === '' || !isVisitType(reading, name, code)) return [];
      return [display === '' ? { code } : { code, display }];
    });
    if (found.length > 1) reading.warn(path, 'names several services; the first is the visit type');
    if (found[0] !== undefined) return found[0];
  }
  return undefined;
}

/**
 * SCH-7 and SCH-8 hold "Normal" or "Checkup" at most senders, and visit types at some: then the site file lists them.
 */
function isVisitType(reading: Reading, segment: string, code: string): boolean {
  if (segment !== 'SCH' || Object.hasOwn(reading.site.visitTypes, code)) return true;
  return !NO_VISIT_TYPE.has(code.toUpperCase());
}

function usualMinutes(reading: Reading, visitType: VisitTypeStatement | undefined): number | null {
  const canonical = visitType === undefined ? undefined : reading.site.visitTypes[visitType.code];
  return canonical === undefined ? null : (reading.visitTypes[canonical]?.duration_min ?? null);
}

/** Reason, cancellation reason and comment. */
function words(
  reading: Reading,
  sch: Segment,
  status: AppointmentStatus,
): Pick<AppointmentChange, 'reason' | 'cancelationReason' | 'comment'> {
  const reason = withSnomed(reading.coded(sch, 7));
  // FHIR app-4: a reason for cancelling stands on nothing else; on other triggers SCH-6 says why the message was sent.
  const cancelationReason = status === 'cancelled' && !isShifted(reading, sch) ? reading.coded(sch, 6) : undefined;
  const comment = notes(reading, sch).join('\n');
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(cancelationReason === undefined ? {} : { cancelationReason }),
    ...(comment === '' ? {} : { comment }),
  };
}

/**
 * A sender that leaves out fields has the start where the reason belongs; a reason that is a time would be nonsense.
 */
function isShifted(reading: Reading, sch: Segment): boolean {
  const text = part(sch, 6);
  const shifted = text.length >= 12 && parseTime(text) !== null;
  if (shifted) reading.warn('SCH-6', 'holds a time, so it is not read as a reason; the fields of SCH may be shifted');
  return shifted;
}

/** Table 0276 has SNOMED CT codes in the guide; both are kept. */
function withSnomed(reason: CodedText | undefined): CodedText | undefined {
  const table = 'http://terminology.hl7.org/CodeSystem/v2-0276';
  const code = reason?.coding.find(({ system }) => system === table)?.code;
  const snomed = code === undefined ? undefined : REASON_SNOMED[code.toUpperCase()];
  if (reason === undefined || snomed === undefined) return reason;
  return { ...reason, coding: [{ system: 'http://snomed.info/sct', code: snomed }, ...reason.coding] };
}

/** NTE-3 of the notes behind SCH (TQ1 may stand between) and, where the site wants them, behind AIS; one line each. */
function notes(reading: Reading, sch: Segment): readonly string[] {
  const { notes: wanted } = reading.settings;
  const heads = wanted.includes('SCH') ? [sch, ...reading.message.all('TQ1')] : [];
  if (wanted.includes('AIS')) heads.push(...reading.message.all('AIS'));
  return heads
    .flatMap((head) => reading.message.following(head, 'NTE'))
    .flatMap((note) => note.repetitions(3).map((line) => said(line.text)))
    .filter((line) => line !== '');
}

/** MSH-7 of the first news; applying never changes it later. */
function created(reading: Reading): { readonly created?: AppointmentChange['at'] } {
  if (reading.trigger !== 'S12') return {};
  const at = reading.time(reading.first('MSH-7'), 'MSH-7', reading.site.timeZone);
  return at === null ? {} : { created: at };
}

/**
 * PV1-16 and PD1-12 by the site file, as `PV1-16=VIP` or `VIP`. PD1-12 = Y asks by the standard that the record be
 * protected: where the site file does not say how, it is restricted rather than shown.
 */
function security(reading: Reading): { readonly security?: readonly string[] } {
  const { codes } = reading.site.sensitivity;
  const labels = new Set<string>();
  for (const [name, field] of [
    ['PV1', 16],
    ['PD1', 12],
  ] as const) {
    // prettier-ignore
    for (const segment of reading.message.all(name)) {
      const code = part(segment, field);
      if (code === '') continue;
      const where = `${name}-${field}`;
      const listed = codes[`${where}=${code}`] ?? codes[code];
      const protect = name === 'PD1' && code.toUpperCase() === 'Y' ? ['R'] : [];
      if (listed === undefined && name === 'PV1') reading.warn(where, 'has a code that is not under sensitivity.codes');
      for (const label of listed ?? protect) labels.add(label);
    }
  }
  return labels.size === 0 ? {} : { security: [...labels] };
}
