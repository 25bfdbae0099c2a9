/**
 * Writes requests for appointments (SRM S01 to S06, HL7 v2 chapter 10). Versions 2.3 to 2.5.1 differ in MSH-9 only,
 * since nothing is written that the oldest lacks.
 */
import { MINUTE_MS, type Instant } from '../core/instant.ts';
import { formatTime } from './time.ts';
import { repeat, writeMessage, writeText, type FieldInput, type SegmentInput } from './write.ts';
import type {
  Coded,
  EntityId,
  PersonId,
  Preference,
  Preferences,
  RequestHeader,
  RequestPatient,
  RequestResource,
  RequestTrigger,
  SchedulingRequest,
} from './request-facts.ts';

/** Ends leave the resources as they are (X), as the request is about the visit as a whole. */
const ACTION: Readonly<Record<RequestTrigger, 'A' | 'U' | 'X'>> = {
  S01: 'A',
  S02: 'U',
  S03: 'U',
  S04: 'X',
  S05: 'X',
  S06: 'X',
};

const MINUTES: FieldInput = ['min', 'minutes', 'ISO+'];

export function writeRequest(header: RequestHeader, request: SchedulingRequest): Uint8Array {
  return writeMessage(segmentsOf(header, request), { charset: header.charset });
}

/** The same before it is put into bytes: whether the character set of the receiver can hold it is seen on the text. */
export function requestText(header: RequestHeader, request: SchedulingRequest): string {
  return writeText(segmentsOf(header, request));
}

function segmentsOf(header: RequestHeader, request: SchedulingRequest): readonly SegmentInput[] {
  const time = (at: Instant): string => timeText(header, at);
  return [
    mshSegment(header, ['SRM', request.trigger, 'SRM_S01']),
    arq(request, time),
    ...apr(request.preferences),
    ...nte(request.comment),
    ...request.patients.flatMap((patient, at) => patientGroup(patient, at + 1, request.attending)),
    ...(request.groups.length === 0 ? [[]] : request.groups).flatMap((resources, at) =>
      resourceGroup(request, resources, at + 1, time),
    ),
  ];
}

export function timeText({ zone, offsets }: RequestHeader, at: Instant): string {
  const text = formatTime(at, zone);
  return offsets ? text : text.slice(0, -'+0000'.length);
}

/** `type`: message, trigger and structure; version 2.3 knows no structure. */
export function mshSegment(header: RequestHeader, whole: readonly [string, string, string]): SegmentInput {
  const type = header.version === '2.3' ? whole.slice(0, 2) : whole;
  const wanted = header.enhanced ? 'AL' : '';
  return [
    'MSH',
    header.sendingApplication,
    header.sendingFacility,
    header.receivingApplication,
    header.receivingFacility,
    timeText(header, header.at),
    '',
    type,
    header.controlId,
    header.processingId,
    header.version,
    ...['', '', wanted, wanted, ''],
    header.charset,
  ];
}

function arq(request: SchedulingRequest, time: (at: Instant) => string): SegmentInput {
  const { duration_min: minutes, windows } = request;
  return [
    'ARQ',
    entityField(request.placer),
    entityField(request.filler),
    request.occurrence,
    '',
    '',
    codedField(request.eventReason),
    codedField(request.reason),
    codedField(request.type),
    minutes === undefined ? '' : String(minutes),
    minutes === undefined ? '' : MINUTES,
    repeat(...windows.map(({ start, end }) => [time(start), time(end)])),
    ...['', '', ''],
    personField(request.contact),
    ...['', '', ''],
    personField(request.enteredBy),
  ];
}

function apr(preferences: Preferences | undefined): readonly SegmentInput[] {
  if (preferences === undefined) return [];
  const field = (wanted: readonly Preference[] = []): FieldInput =>
    repeat(...wanted.map(({ name, value }) => [name, value]));
  return [['APR', field(preferences.time), field(preferences.resource), field(preferences.location)]];
}

function nte(comment: string | undefined): readonly SegmentInput[] {
  const lines = (comment ?? '').split(/\r\n?|\n/).filter((line) => line.trim() !== '');
  return lines.length === 0 ? [] : [['NTE', '1', '', repeat(...lines)]];
}

function patientGroup(patient: RequestPatient, set: number, attending: PersonId | undefined): readonly SegmentInput[] {
  return [pidSegment(patient, set), ['PV1', String(set), 'O', '', '', '', '', personField(attending)]];
}

export function pidSegment(patient: RequestPatient, set: number): SegmentInput {
  const ids = patient.identifiers.map(({ id, namespace, universalId, type }): FieldInput => [
    id,
    '',
    '',
    universalId === undefined ? namespace : [namespace, universalId, 'ISO'],
    type,
  ]);
  const contacts: FieldInput[] = [];
  if (patient.phone !== undefined) contacts.push([patient.phone, 'PRN', 'PH']);
  if (patient.email !== undefined) contacts.push(['', 'NET', 'Internet', patient.email]);
  return [
    'PID',
    String(set),
    '',
    repeat(...ids),
    '',
    [patient.family, patient.given, patient.middle, '', '', '', 'L'],
    '',
    patient.birthDate?.replaceAll('-', ''),
    patient.sex,
    ...['', ''],
    homeField(patient.address),
    '',
    repeat(...contacts),
  ];
}

function homeField(home: RequestPatient['address']): FieldInput {
  if (home === undefined) return '';
  return [home.street, home.other, home.city, home.state, home.postalCode, home.country, 'H'];
}

function resourceGroup(
  request: SchedulingRequest,
  resources: readonly RequestResource[],
  set: number,
  time: (at: Instant) => string,
): readonly SegmentInput[] {
  // Of a visit that is only described otherwise no resource changes.
  const action = resources.length === 0 ? 'X' : ACTION[request.trigger];
  const counts = new Map<string, number>();
  const segments = resources.map((resource): SegmentInput => {
    const name = SEGMENT[resource.kind];
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [
      name,
      String(count),
      resource.action ?? action,
      ...resourceWhat(resource),
      ...whenOf(resource, request, time),
    ];
  });
  return [['RGS', String(set), action], ...segments];
}

const SEGMENT: Readonly<Record<RequestResource['kind'], string>> = {
  service: 'AIS',
  person: 'AIP',
  place: 'AIL',
  thing: 'AIG',
};

export function resourceName({ kind }: RequestResource): string {
  return SEGMENT[kind];
}

/** The fields between the action code and the start. */
export function resourceWhat(resource: RequestResource): readonly FieldInput[] {
  switch (resource.kind) {
    case 'service':
      return [codedField(resource.service)];
    case 'person':
      return [personField(resource.person), codedField(resource.role), ''];
    case 'place': {
      const { pointOfCare, room, bed, facility } = resource.place;
      return [[pointOfCare, room, bed, facility], codedField(resource.type), ''];
    }
    case 'thing':
      return [codedField(resource.thing), codedField(resource.type), '', '', ''];
  }
}

/** Start, no offset, duration, and that nothing else will do: a caller has chosen this person at this time. */
function whenOf(
  { during }: RequestResource,
  request: SchedulingRequest,
  time: (at: Instant) => string,
): readonly FieldInput[] {
  const asked = during ?? request.windows[0];
  if (asked === undefined) return [];
  const minutes = during === undefined ? request.duration_min : (during.end - during.start) / MINUTE_MS;
  const length: readonly FieldInput[] = minutes === undefined ? ['', ''] : [String(minutes), MINUTES];
  return [time(asked.start), '', '', ...length, 'No'];
}

export function entityField(ei: EntityId | undefined): FieldInput {
  return ei === undefined ? '' : [ei.id, ei.namespace, ei.universalId, ei.universalIdType];
}

export function codedField(ce: Coded | undefined): FieldInput {
  return ce === undefined ? '' : [ce.code, ce.text, ce.system];
}

export function personField(xcn: PersonId | undefined): FieldInput {
  return xcn === undefined ? '' : [xcn.id, xcn.family, xcn.given];
}
