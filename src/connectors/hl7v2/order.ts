/** From a booking to the request that asks the site for it: who, what and where in the site's own codes. */
import { MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import { randomToken } from '../../core/ids.ts';
import { ownControlId } from '../../hl7v2/own-control-id.ts';
import { resourceWhat } from '../../hl7v2/request-write.ts';
import type { SiteSettings } from '../../settings/shape.ts';
import { zoneOf } from '../../settings/zone.ts';
import type { AmendOrder } from '../contract-book.ts';
import type { CancelOrder, MoveOrder, PatientFacts, PlaceOrder } from '../contract.ts';
import type {
  EntityId,
  PatientIdentifier,
  PersonId,
  RequestHeader,
  RequestPatient,
  RequestResource,
  SchedulingRequest,
} from '../../hl7v2/request-facts.ts';
import type { Hl7v2Settings, RequestSettings } from '../kit/hl7/wire.ts';

/** What a site that takes requests is known by. */
export interface RequestSite {
  readonly file: SiteSettings;
  readonly settings: Hl7v2Settings;
  readonly requests: RequestSettings;
}

export function headerFor(
  { file, settings, requests }: RequestSite,
  facts: { readonly correlation: string; readonly at: Instant; readonly calendar: string | null },
): RequestHeader {
  return {
    sendingApplication: requests.application,
    sendingFacility: requests.facility,
    receivingApplication: settings.sendingApplication,
    receivingFacility: settings.sendingFacility,
    at: facts.at,
    controlId: ownControlId(facts.correlation, randomToken(3)),
    // What a test system sends to a real one by mistake must be seen to be a test.
    processingId: file.environment === 'production' ? 'P' : 'T',
    version: requests.version,
    charset: requests.charset,
    enhanced: requests.acknowledgement === 'enhanced',
    zone: zoneOf(file, facts.calendar === null ? undefined : locationOf(file, facts.calendar)),
    offsets: requests.times === 'with-offset',
  };
}

export function placeRequest(site: RequestSite, order: PlaceOrder): SchedulingRequest {
  return { trigger: 'S01', ...asked(site, order) };
}

/**
 * Everything that the visit takes, at its new time (U); of several what is new in it is added (A), and what it no
 * longer takes is named as taken out (D): a resource that is left out of an S02 says nothing (chapter 10).
 */
export function moveRequest(site: RequestSite, order: MoveOrder): SchedulingRequest {
  const request = { trigger: 'S02' as const, ...asked(site, order), ...named(site, order.key) };
  const { calendar, had, also = [] } = order;
  if (had === undefined) return request;
  const stays = [calendar, ...also.map((one) => one.calendar)];
  const gone = had.filter((one) => !stays.includes(one)).map((one) => ({ calendar: one, visitType: order.visitType }));
  const kept = request.groups.flat();
  const taken = gone.flatMap((one) => besideOf(site, one, calendar)).filter((one) => !kept.some(sameAs(one)));
  return { ...request, groups: [[...kept, ...taken.map((one) => ({ ...one, action: 'D' as const }))]] };
}

function sameAs(resource: RequestResource): (other: RequestResource) => boolean {
  const what = JSON.stringify(resourceWhat(resource));
  return (other) => other.kind === resource.kind && JSON.stringify(resourceWhat(other)) === what;
}

/** Who is asked to end it is all that a cancel says: the visit as such is the other side's. */
export function cancelRequest(site: RequestSite, order: CancelOrder): SchedulingRequest {
  const reason = order.reason?.trim() ?? '';
  return {
    trigger: 'S04',
    placer: placer(site, order.placedAs ?? order.correlation),
    ...named(site, order.key),
    eventReason: { code: CANCELLED_BY[order.by], ...(reason === '' ? {} : { text: reason }), system: 'L' },
    windows: [],
    contact: hub(site),
    enteredBy: hub(site),
    patients: [],
    groups: [],
  };
}

/**
 * Comment and reason, and nothing of the resources. An arrival, its end and a no-show are no requests: a placer cannot
 * ask for them (SRM S01 to S11), and they come from the filler alone (SIU S26, ADT).
 */
export function amendRequest(site: RequestSite, order: AmendOrder): SchedulingRequest {
  const { comment, reason } = order.to;
  return {
    trigger: 'S03',
    placer: placer(site, order.placedAs ?? order.correlation),
    ...named(site, order.key),
    ...(reason === undefined ? {} : { reason: { code: '', text: reason } }),
    windows: [],
    contact: hub(site),
    enteredBy: hub(site),
    ...(comment === undefined ? {} : { comment }),
    patients: [],
    groups: [],
  };
}

const CANCELLED_BY: Readonly<Record<CancelOrder['by'], string>> = {
  patient: 'PATCAN',
  practitioner: 'PROVCAN',
  staff: 'STAFFCAN',
};

function asked(site: RequestSite, order: PlaceOrder): Omit<SchedulingRequest, 'trigger'> {
  const during: Interval = { start: order.start, end: order.end };
  const who = practitionerOf(site, order.calendar);
  const reason = order.reason?.trim() ?? '';
  return {
    placer: placer(site, order.correlation),
    type: { code: 'Normal', text: 'Normal', system: 'HL70277' },
    ...(reason === '' ? {} : { reason: { code: '', text: reason } }),
    duration_min: (during.end - during.start) / MINUTE_MS,
    windows: [during],
    contact: hub(site),
    enteredBy: hub(site),
    ...(order.comment === undefined ? {} : { comment: order.comment }),
    patients: [patientOf(site, order.patient)],
    ...(who === null ? {} : { attending: who }),
    groups: [[...resourcesOf(site, order, who), ...besides(site, order)]],
  };
}

function placer({ requests }: RequestSite, id: string): EntityId {
  return { id, namespace: requests.namespace };
}

function hub({ requests }: RequestSite): PersonId {
  return { id: requests.enteredBy };
}

/**
 * ARQ-2, or ARQ-1 where the placer's id is the name of a visit; the key of this kind is id, authority and occurrence
 * (`F-1001^HOSP_A#2`).
 */
function named(
  { settings }: RequestSite,
  key: string,
): Pick<SchedulingRequest, 'filler' | 'occurrence'> & Partial<Pick<SchedulingRequest, 'placer'>> {
  const [, whole = key, occurrence] = /^(.*?)(?:#(\w+))?$/.exec(key) ?? [];
  const [id = '', ...rest] = whole.split('^');
  const authority = rest.join('^');
  const isOid = /^[0-2](\.\d+)+$/.test(authority);
  const ei: EntityId = {
    id,
    ...(authority === '' ? {} : isOid ? { universalId: authority, universalIdType: 'ISO' } : { namespace: authority }),
  };
  const which = occurrence === undefined ? {} : { occurrence };
  return settings.appointmentKey === 'placer' ? { placer: ei, ...which } : { filler: ei, ...which };
}

function resourcesOf(
  { file, settings, requests }: RequestSite,
  order: Pick<PlaceOrder, 'calendar' | 'visitType'>,
  who: PersonId | null,
): readonly RequestResource[] {
  const resources: RequestResource[] = [{ kind: 'service', service: { code: order.visitType, system: 'L' } }];
  const where = locationOf(file, order.calendar);
  if (where !== undefined) {
    const isRoom = file.locations[where]?.room === true;
    resources.push({ kind: 'place', place: placeOf(file, where), type: { code: isRoom ? 'O' : 'C' } });
  }
  if (who === null) return resources;
  if (requests.roles === 'AIP') {
    resources.push({ kind: 'person', person: who, role: { code: 'ATND', text: 'Attending', system: 'L' } });
  } else {
    const type =
      Object.entries(settings.resourceTypes).find(([, one]) => one === 'practitioner')?.[0] ?? 'PRACTITIONER';
    const name = who.family === undefined ? {} : { text: who.family };
    resources.push({ kind: 'thing', thing: { code: who.id, ...name }, type: { code: type } });
  }
  return resources;
}

/** What the visit takes besides, each for its own time; the place of the visit itself is not named twice. */
function besides(site: RequestSite, order: PlaceOrder & Pick<MoveOrder, 'had'>): readonly RequestResource[] {
  const { calendar, also = [], had } = order;
  return also.flatMap((one) => {
    const during: Interval = { start: one.start, end: one.end };
    const isNew = had?.includes(one.calendar) === false;
    return besideOf(site, one, calendar).map((resource) => ({
      ...resource,
      during,
      ...(isNew ? { action: 'A' as const } : {}),
    }));
  });
}

function besideOf(
  site: RequestSite,
  one: Pick<PlaceOrder, 'calendar' | 'visitType'>,
  calendar: string,
): readonly RequestResource[] {
  const isHere = locationOf(site.file, one.calendar) === locationOf(site.file, calendar);
  return resourcesOf(site, one, practitionerOf(site, one.calendar)).filter(
    ({ kind }) => kind !== 'service' && !(kind === 'place' && isHere),
  );
}

/**
 * The site's code of the person: the calendar is that code, or one of the person's other entries in the site file is.
 * Null: a calendar of a room or a clinic.
 */
function practitionerOf({ file }: RequestSite, calendar: string): PersonId | null {
  const { practitioners, calendars } = file.resources;
  const own = practitioners[calendar];
  if (own !== undefined) return personId(calendar, own.name);
  const rule = calendars[calendar];
  if (rule?.person !== undefined) return personId(rule.person, practitioners[rule.person]?.name ?? rule.name);
  if (rule?.practitioner === undefined) return null;
  const listed = Object.entries(practitioners).find(([, one]) => one.practitioner === rule.practitioner);
  if (listed !== undefined) return personId(listed[0], listed[1].name ?? rule.name);
  return personId(rule.practitioner.startsWith('npi:') ? rule.practitioner.slice(4) : calendar, rule.name);
}

/** The name to show (`Dr. Asha Rao`) is for people: its last word goes where the family name stands. */
function personId(id: string, name: string | undefined): PersonId {
  const words = (name ?? '').split(/\s+/).filter((word) => word !== '' && !word.endsWith('.'));
  const family = words.at(-1);
  if (family === undefined) return { id };
  const given = words.slice(0, -1).join(' ');
  return given === '' ? { id, family } : { id, family, given };
}

function locationOf(file: SiteSettings, calendar: string): string | undefined {
  return (file.resources.practitioners[calendar] ?? file.resources.calendars[calendar])?.location;
}

/** `RIVERSIDE^R1` is point of care and room; a location without a code is called by its key. */
function placeOf(file: SiteSettings, location: string): Extract<RequestResource, { kind: 'place' }>['place'] {
  const [pointOfCare = '', room = ''] = (file.locations[location]?.codes[0] ?? location).split('^');
  return room === '' ? { pointOfCare } : { pointOfCare, room };
}

function patientOf({ file }: RequestSite, patient: PatientFacts): RequestPatient {
  const { family, given, birthDate, phone, email } = patient;
  return {
    identifiers: patient.identifiers.flatMap(({ system, value }) => identifierOf(file, system, value)),
    family,
    given,
    ...(birthDate === undefined ? {} : { birthDate }),
    ...(phone === undefined ? {} : { phone }),
    ...(email === undefined ? {} : { email }),
  };
}

/** As the site writes it: the site file names identifiers by authority and type (`ACME^MR`, `ACME`, `^MR`). */
function identifierOf(file: SiteSettings, system: string, value: string): readonly PatientIdentifier[] {
  const listed = Object.entries(file.identifiers).filter(([, rule]) => rule.system === system);
  const [name, rule] = listed.find(([, one]) => one.useForWriteBack) ?? listed[0] ?? [];
  if (name === undefined || rule === undefined) return [];
  const [authority = '', type = rule.type === 'site-mrn' ? 'MR' : ''] = /^PID-\d+$/.test(name) ? [''] : name.split('^');
  const isOid = /^[0-2](\.\d+)+$/.test(authority);
  return [
    {
      id: value,
      ...(authority === '' || isOid ? {} : { namespace: authority }),
      ...(isOid ? { universalId: authority } : {}),
      ...(type === '' ? {} : { type }),
    },
  ];
}
