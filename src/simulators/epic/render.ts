/** Records as FHIR resources (sheet sections 3.1 to 3.6). Never `meta.lastUpdated`: it is not populated. */
import { instant, MINUTE_MS } from '../../core/instant.ts';
import type { Resource } from './answers.ts';
import { departmentById, practitionerById, settingsOf, shownId, visitTypeByCode, type Hospital } from './hospital.ts';
import type { Version } from './hospital.ts';
import type { Patient, Visit } from './model.ts';
import type { Department, Practitioner } from './seed.ts';
import type { View } from '../kit/store.ts';
import { PATIENTS } from './model.ts';
import type { Offer } from './templates.ts';

/** UTC with `Z` and whole seconds, as in all examples. */
export function utc(at: number): string {
  return new Date(instant(at)).toISOString().replace('.000Z', 'Z');
}

export function reference(hospital: Hospital, version: Version, type: string, id: string, display?: string): Resource {
  // Slot and Schedule are of one version only.
  const isOfBoth = type !== 'Slot' && type !== 'Schedule';
  const path = `${type}/${isOfBoth ? shownId(hospital, version, id) : id}`;
  const address = version === 'STU3' ? `${hospital.base()}/api/FHIR/STU3/${path}` : path;
  return { reference: address, ...(display === undefined ? {} : { display }) };
}

export function showPatient(hospital: Hospital, view: View, patient: Patient): Resource {
  const { oid, authority } = hospital.seed.site;
  const { family, given, phone, email } = patient;
  const merged = view.all(PATIENTS).filter((one) => one.mergedInto === patient.id);
  return {
    resourceType: 'Patient',
    id: patient.id,
    identifier: [
      { use: 'usual', type: { text: 'MRN' }, system: mrnSystem(hospital), value: patient.mrn },
      { use: 'usual', type: { text: authority }, system: `urn:oid:${oid}.7.5.737384.0`, value: patient.epi },
      {
        use: 'usual',
        type: { text: 'FHIR' },
        system: 'http://open.epic.com/FHIR/StructureDefinition/patient-fhir-id',
        value: patient.id,
      },
      ...merged.map((one) => ({ use: 'old', type: { text: 'MRN' }, system: mrnSystem(hospital), value: one.mrn })),
    ],
    active: true,
    name: [{ use: 'official', text: `${given} ${family}`, family, given: [given] }],
    telecom: [
      ...(phone === '' ? [] : [{ system: 'phone', value: phoneText(phone), use: 'home' }]),
      ...(email === '' ? [] : [{ system: 'email', value: email }]),
    ],
    gender: genderOf(patient),
    birthDate: patient.birthDate,
  };
}

export function mrnSystem({ seed }: Pick<Hospital, 'seed'>): string {
  return `urn:oid:${seed.site.oid}.7.5.737384.14`;
}

export function csnSystem({ seed }: Pick<Hospital, 'seed'>): string {
  return `urn:oid:${seed.site.oid}.7.3.698084.8`;
}

export function visitTypeSystem({ seed }: Pick<Hospital, 'seed'>): string {
  return `urn:oid:${seed.site.oid}.7.2.808267`;
}

export function genderOf(patient: Pick<Patient, 'sex'>): 'female' | 'male' {
  return patient.sex === 'F' ? 'female' : 'male';
}

function phoneText(digits: string): string {
  return `${digits.slice(0, 3)}-${digits.slice(3, 6)}-${digits.slice(6)}`;
}

export function displayOf({ family, given }: Pick<Practitioner, 'family' | 'given'>): string {
  return `${family}, ${given}`;
}

/** What is deleted is not shown at all: reads of it are answered before this. */
export function showVisit(hospital: Hospital, view: View, version: Version, visit: Visit): Resource {
  const { seed } = hospital;
  const patient = view.get(PATIENTS, visit.patient);
  const actor = (type: string, id: string, display: string): Resource => ({
    actor: reference(hospital, version, type, id, display),
    status: visit.status === 'cancelled' ? 'declined' : 'accepted',
  });
  const department = departmentById(seed, visit.department);
  const staff = visit.practitioners.map((id) => practitionerById(seed, id));
  return {
    resourceType: 'Appointment',
    id: shownId(hospital, version, visit.id),
    identifier: [{ system: csnSystem(hospital), value: visit.csn }],
    status: visit.status,
    ...(visit.status === 'cancelled' && version === 'R4' ? { cancelationReason: { text: visit.reason } } : {}),
    ...(version === 'R4' ? { serviceCategory: [SERVICE_CATEGORY] } : {}),
    serviceType: [serviceType(hospital, visit.visitType)],
    ...times(visit.start, visit.minutes),
    ...(settingsOf(hospital).showsNote && visit.note !== '' ? { comment: visit.note } : {}),
    participant: [
      ...(patient === undefined ? [] : [actor('Patient', patient.id, displayOf(patient))]),
      ...staff.map((one) => actor('Practitioner', one.fhirId, displayOf(one))),
      actor('Location', department.fhirId, department.name),
    ],
  };
}

const SERVICE_CATEGORY = {
  coding: [
    { system: 'http://open.epic.com/FHIR/StructureDefinition/appointment-service-category', code: 'appointment' },
  ],
};

/** A time that `$find` offers, under an id that lives for this answer only. */
export function showOffer(hospital: Hospital, proposal: string, offer: Offer): Resource {
  const { seed } = hospital;
  const practitioner = practitionerById(seed, offer.practitioner);
  const department = departmentById(seed, offer.department);
  const { start, end, minutesDuration } = times(offer.start, offer.minutes);
  const actor = (type: string, id: string, display: string): Resource => ({
    actor: reference(hospital, 'STU3', type, id, display),
    status: 'needs-action',
  });
  const schedule = reference(hospital, 'STU3', 'Schedule', scheduleId(offer));
  return {
    resourceType: 'Appointment',
    id: proposal,
    contained: [{ resourceType: 'Slot', id: 's1', schedule, status: 'free', start, end }],
    status: 'proposed',
    serviceType: [serviceType(hospital, offer.visitType)],
    ...{ start, end, minutesDuration },
    slot: [reference(hospital, 'STU3', 'Slot', slotId(offer))],
    participant: [
      actor('Practitioner', practitioner.fhirId, displayOf(practitioner)),
      actor('Location', department.fhirId, department.name),
    ],
  };
}

function serviceType(hospital: Hospital, code: string): Resource {
  const { name } = visitTypeByCode(hospital.seed, code);
  return { coding: [{ system: visitTypeSystem(hospital), code, display: name }] };
}

function times(start: number, minutes: number): { start: string; end: string; minutesDuration: number } {
  return { start: utc(start), end: utc(start + minutes * MINUTE_MS), minutesDuration: minutes };
}

/** Slot and schedule ids stay the same between calls (sheet 3.4); they are read back out of the id. */
export function slotId(offer: Offer): string {
  return packed('eSlt', offer.practitioner, offer.department, offer.visitType, offer.start);
}

export function scheduleId({ practitioner, department }: Pick<Offer, 'practitioner' | 'department'>): string {
  return packed('eSch', practitioner, department);
}

function packed(prefix: string, ...parts: readonly (string | number)[]): string {
  return `${prefix}${Buffer.from(parts.join('|')).toString('base64url').replaceAll('_', '.')}`;
}

/** Null when the id was not made by `packed` with that prefix. */
export function unpacked(prefix: string, id: string): readonly string[] | null {
  if (!id.startsWith(prefix)) return null;
  return Buffer.from(id.slice(prefix.length).replaceAll('.', '_'), 'base64url').toString('utf8').split('|');
}

export function showPractitioner(hospital: Hospital, who: Practitioner): Resource {
  const { oid } = hospital.seed.site;
  const own = { use: 'usual', type: { text: 'INTERNAL' }, system: `urn:oid:${oid}.7.2.697780`, value: who.id };
  return {
    resourceType: 'Practitioner',
    id: who.fhirId,
    identifier: [
      ...(who.npi === undefined ? [] : [{ use: 'usual', system: 'http://hl7.org/fhir/sid/us-npi', value: who.npi }]),
      ...(settingsOf(hospital).showsHl7Ids ? [own] : []),
    ],
    active: true,
    name: [{ use: 'usual', text: `${who.given} ${who.family}`, family: who.family, given: [who.given] }],
  };
}

export function showLocation(hospital: Hospital, department: Department): Resource {
  const own = { system: `urn:oid:${hospital.seed.site.oid}.7.2.686980`, value: department.id };
  return {
    resourceType: 'Location',
    id: department.fhirId,
    ...(settingsOf(hospital).showsHl7Ids ? { identifier: [own] } : {}),
    status: 'active',
    name: department.name,
    mode: 'instance',
  };
}
