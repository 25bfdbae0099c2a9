/**
 * Hospitals that book by ADT: A05 plans a visit, A38 takes the plan back, and a visit that is moved is an A38 for the
 * old number and an A05 with a new one. Only where the site file says so; elsewhere A05 tells of a person alone.
 */
import type { AppointmentChange, MapIssue, Mapped, VisitTypeStatement } from '../contract.ts';
import { security } from './details.ts';
import { visitNumber } from './identifiers.ts';
import { readPatient } from './patient.ts';
import { fieldOf, incomplete, part, pathOf, said, type Reading } from './reading.ts';
import { participants, visitZone } from './resources.ts';
import { countedSegments } from './segments.ts';
import { visitTime } from './times.ts';
import { visitKey } from './visit-key.ts';

export type Planned = { readonly visit: AppointmentChange } | { readonly issue: MapIssue };

/** What A05 books, or A08 says anew of a visit that is known. Null: nothing is planned. */
export function plannedVisit(reading: Reading): Planned | null {
  const { trigger, settings } = reading;
  if (trigger !== 'A05' && trigger !== 'A08') return null;
  const start = settings.adtFields.start.find((path) => reading.first(path) !== '');
  if (settings.adtAppointments === 'off') {
    if (trigger === 'A05' && start !== undefined) {
      reading.warn(start, 'plans a visit by ADT; appointments of this site are read from SIU alone');
    }
    return null;
  }
  if (start === undefined) {
    if (trigger === 'A05') reading.warn('PV2-8', 'plans no time, so no appointment is made of it');
    return null;
  }
  const key = visitKey(reading.message.first('PV1'));
  if (key === null) {
    const problem = 'is empty, so the visit that is planned has no name';
    return trigger === 'A05' ? { issue: incomplete('PV1-19', problem) } : null;
  }
  const change = stated(reading, key, 'booked');
  if (change.during === undefined) return { issue: incomplete(start, 'is not a time with a time of day') };
  return { visit: trigger === 'A05' ? change : { ...change, keepsStatus: true, onlyKnown: true } };
}

/** A38: the visit that an A05 had planned does not take place. */
export function mapUnplanned(reading: Reading): Mapped {
  if (reading.settings.adtAppointments === 'off') {
    const because = 'undoes a planned stay; appointments of this site are read from SIU alone';
    return { kind: 'ignored', because: `ADT^A38 ${because}.` };
  }
  const key = visitKey(reading.message.first('PV1'));
  if (key === null) {
    return { kind: 'unreadable', issues: [incomplete('PV1-19', 'is empty, so the visit cannot be told')] };
  }
  // That a visit is off frees time, so it does not wait because its patient cannot be told.
  const reads = reading.message.all('PID').map((pid) => readPatient(reading, pid));
  const patients = reads.flatMap((read) => ('patient' in read ? [read.patient] : []));
  for (const read of reads) {
    if ('issue' in read) reading.warn(read.issue.where, `${read.issue.problem}; left out, as the visit has ended`);
  }
  const evn = reading.message.first('EVN');
  const reason = evn === undefined ? undefined : reading.coded(evn, 4);
  const change = { ...stated(reading, key, 'cancelled'), patients };
  const changes = [reason === undefined ? change : { ...change, cancelationReason: reason }];
  return { kind: 'changes', changes, warnings: reading.warnings };
}

function stated(reading: Reading, key: string, status: 'booked' | 'cancelled'): AppointmentChange {
  const plan = reading.withFields({ ...reading.settings.adtFields, status: [] });
  const counted = countedSegments(plan);
  const zone = visitZone(plan, counted);
  const visitType = typeOf(plan);
  const usual = visitType === undefined ? undefined : reading.site.visitTypes[visitType.code];
  const minutes = usual === undefined ? undefined : reading.visitTypes[usual]?.duration_min;
  const during =
    visitTime(plan, { counted, zone, usual_min: minutes ?? reading.settings.adtDuration_min })?.during ?? null;
  const pv2 = reading.message.first('PV2');
  const reason = pv2 === undefined ? undefined : reading.coded(pv2, 3);
  const numbers = reading.message.all('PV1').map((pv1) => visitNumber(reading, fieldOf(pv1, 19)));
  return {
    kind: 'appointment',
    at: reading.at,
    key,
    identifiers: numbers.filter((one) => one !== null),
    status,
    ...(during === null ? {} : { during }),
    ...(visitType === undefined ? {} : { visitType }),
    participants: participants(plan, { counted, visit: during, zone, status }),
    patients: [],
    ...(reason === undefined ? {} : { reason }),
    ...security(reading),
  };
}

function typeOf(reading: Reading): VisitTypeStatement | undefined {
  for (const path of reading.settings.fields.visitType) {
    const { segment: name, field, component } = pathOf(path);
    for (const segment of reading.message.all(name)) {
      const display = part(segment, field, component + 1);
      const code = said(segment.component(field, component)) || display;
      if (code !== '') return display === '' ? { code } : { code, display };
    }
  }
  return undefined;
}
