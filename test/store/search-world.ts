/**
 * Two sites that share a practitioner, written through the store as the pipeline writes: what searches are tested on,
 * and what the HTTP tests serve. Times are on Tuesday 2026-12-01, UTC.
 */
import { instant, type Instant, type Interval } from '../../src/core/instant.ts';
import { conceptTokens, identifierTokens } from '../../src/fhir/canonical.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import {
  SYSTEMS,
  type Appointment,
  type AppointmentStatus,
  type CodeableConcept,
  type Slot,
  type SlotStatus,
} from '../../src/fhir/types.ts';
import type { Cause, SlotRow } from '../../src/store/contract-resources.ts';
import type { Tx } from '../../src/store/contract.ts';

export const DAY = Date.UTC(2026, 11, 1);
export const WRITTEN = instant(Date.UTC(2026, 10, 20, 8));
export const NPI = '1043333339';
export const NUCC = 'http://nucc.org/provider-taxonomy';

export function hours(start: number, length_min = 60): Interval {
  const from = DAY + start * 3_600_000;
  return { start: instant(from), end: instant(from + length_min * 60_000) };
}

const north = 'north';
const south = 'south';
export const ids = {
  northClinic: canonicalId.location(north, 'clinic'),
  northAnnex: canonicalId.location(north, 'annex'),
  southClinic: canonicalId.location(south, 'clinic'),
  rao: canonicalId.practitionerByNpi(NPI),
  ortiz: canonicalId.practitionerAtSite(north, 'ortiz'),
  raoNorth: canonicalId.practitionerRole(north, canonicalId.practitionerByNpi(NPI)),
  raoSouth: canonicalId.practitionerRole(south, canonicalId.practitionerByNpi(NPI)),
  ortizNorth: canonicalId.practitionerRole(north, canonicalId.practitionerAtSite(north, 'ortiz')),
  scheduleRaoNorth: canonicalId.schedule(north, 'rao'),
  scheduleOrtiz: canonicalId.schedule(north, 'ortiz'),
  scheduleRaoSouth: canonicalId.schedule(south, 'rao'),
  therapy: canonicalId.healthcareService('therapy-50'),
  /** One person known at both sites: the northern record is the golden one. */
  annNorth: canonicalId.patient(north, 'ann'),
  annSouth: canonicalId.patient(south, 'ann'),
  bob: canonicalId.patient(north, 'bob'),
  /** Under a label. */
  carl: canonicalId.patient(north, 'carl'),
  slot: (site: string, key: string): string => canonicalId.slot(site, key),
  appointment: (site: string, key: string): string => canonicalId.appointment(site, key),
} as const;

export function cause(site: string | null, now: Instant = WRITTEN): Cause {
  return { site, messageId: null, siteTime: null, now };
}

export async function writeWorld(tx: Tx): Promise<void> {
  await writePlaces(tx);
  await writePeople(tx);
  await writeSchedules(tx);
  await tx.resources.putSlots(SLOTS, cause(null));
  await writePatients(tx);
  for (const visit of VISITS) await writeVisit(tx, visit);
}

async function writePlaces(tx: Tx): Promise<void> {
  for (const [site, key, name] of [
    [north, 'clinic', 'Northside Clinic'],
    [north, 'annex', 'Old Annex 100%'],
    [south, 'clinic', 'South Clinic'],
  ] as const) {
    const identifier = [{ system: `urn:slotwire:site:${site}:location`, value: key }];
    const organization = canonicalId.organization(site);
    await tx.resources.put(
      {
        type: 'Location',
        id: canonicalId.location(site, key),
        site,
        resource: {
          resourceType: 'Location',
          identifier,
          status: 'active',
          name,
          managingOrganization: { reference: `Organization/${organization}` },
        } as never,
        name,
        tokens: identifierTokens(identifier),
        refs: [`organization:Organization/${organization}`],
        locations: [canonicalId.location(site, key)],
      },
      cause(site),
    );
  }
  await tx.resources.put(
    {
      type: 'HealthcareService',
      id: ids.therapy,
      site: null,
      resource: { resourceType: 'HealthcareService', active: true, name: 'Therapy' } as never,
      name: 'Therapy',
      tokens: conceptTokens('service-type', [{ coding: [{ system: SYSTEMS.visitType, code: 'therapy-50' }] }]),
    },
    cause(null),
  );
}

async function writePeople(tx: Tx): Promise<void> {
  const people = [
    { id: ids.rao, name: 'Dr. Asha Rao', identifier: [{ system: SYSTEMS.npi, value: NPI }] },
    { id: ids.ortiz, name: 'Ben Ortiz', identifier: [] },
  ];
  for (const { id, name, identifier } of people) {
    const resource = {
      resourceType: 'Practitioner',
      ...(identifier.length > 0 ? { identifier } : {}),
      name: [{ text: name }],
    };
    await tx.resources.put(
      { type: 'Practitioner', id, site: null, resource: resource, name, tokens: identifierTokens(identifier) },
      cause(null),
    );
  }
  for (const [id, site, who, place] of [
    [ids.raoNorth, north, ids.rao, ids.northClinic],
    [ids.raoSouth, south, ids.rao, ids.southClinic],
    [ids.ortizNorth, north, ids.ortiz, ids.northAnnex],
  ] as const) {
    await tx.resources.put(
      {
        type: 'PractitionerRole',
        id,
        site,
        resource: { resourceType: 'PractitionerRole', practitioner: { reference: `Practitioner/${who}` } } as never,
        tokens: conceptTokens('specialty', [{ coding: [{ system: NUCC, code: '103T00000X' }] }]),
        refs: [`practitioner:Practitioner/${who}`, `location:Location/${place}`],
        locations: [place],
      },
      cause(site),
    );
  }
}

async function writeSchedules(tx: Tx): Promise<void> {
  const december = { start: instant(DAY), end: instant(Date.UTC(2027, 0, 1)) };
  for (const [id, site, actors, place, during] of [
    [
      ids.scheduleRaoNorth,
      north,
      [
        ['Practitioner', ids.rao],
        ['PractitionerRole', ids.raoNorth],
      ],
      ids.northClinic,
      december,
    ],
    [
      ids.scheduleOrtiz,
      north,
      [
        ['Practitioner', ids.ortiz],
        ['PractitionerRole', ids.ortizNorth],
      ],
      ids.northAnnex,
      null,
    ],
    [
      ids.scheduleRaoSouth,
      south,
      [
        ['Practitioner', ids.rao],
        ['PractitionerRole', ids.raoSouth],
      ],
      ids.southClinic,
      null,
    ],
  ] as const) {
    const all = [...actors.map(([type, actor]) => ({ type, id: actor })), { type: 'Location', id: place }];
    const resource = {
      resourceType: 'Schedule',
      active: true,
      actor: all.map((actor) => ({ reference: `${actor.type}/${actor.id}` })),
    };
    await tx.resources.put(
      {
        type: 'Schedule',
        id,
        site,
        resource: resource,
        tokens: identifierTokens([{ system: `urn:slotwire:site:${site}:calendar`, value: id.slice(0, 8) }]),
        refs: all.map((actor) => `actor:${actor.type}/${actor.id}`),
        locations: [place],
        ...(during === null ? {} : { during }),
      },
      cause(site),
    );
    await tx.resources.setScheduleActors(id, all);
  }
}

interface SlotFacts {
  readonly site: string;
  readonly key: string;
  readonly scheduleId: string;
  readonly locationId: string;
  readonly during: Interval;
  readonly status?: SlotStatus;
  readonly visitType?: string | null;
  readonly local?: string;
  readonly specialty?: string;
  readonly security?: readonly string[];
}

export function slotRow(facts: SlotFacts): SlotRow {
  const { site, key, scheduleId, locationId, during } = facts;
  const status = facts.status ?? 'free';
  const visitType = facts.visitType === undefined ? 'therapy-50' : facts.visitType;
  const local = facts.local ?? '5512';
  const serviceType: CodeableConcept[] = [
    {
      coding: [
        ...(visitType === null ? [] : [{ system: SYSTEMS.visitType, code: visitType }]),
        { system: `urn:slotwire:site:${site}:visit-type`, code: local },
      ],
    },
  ];
  const resource: Slot = {
    resourceType: 'Slot',
    identifier: [{ system: `urn:slotwire:site:${site}:slot`, value: key }],
    serviceType,
    schedule: { reference: `Schedule/${scheduleId}` },
    status,
    start: new Date(during.start).toISOString(),
    end: new Date(during.end).toISOString(),
    comment: 'seen by the cleared only',
  };
  return {
    id: ids.slot(site, key),
    site,
    siteKey: key,
    scheduleId,
    localVisitType: local,
    visitType,
    specialty: facts.specialty ?? null,
    locationId,
    during,
    siteStatus: status,
    capacity: 1,
    seatsLeft: null,
    session: null,
    security: facts.security ?? [],
    resource,
  };
}

const raoNorth = { site: north, scheduleId: ids.scheduleRaoNorth, locationId: ids.northClinic };
const ortiz = { site: north, scheduleId: ids.scheduleOrtiz, locationId: ids.northAnnex };
const raoSouth = { site: south, scheduleId: ids.scheduleRaoSouth, locationId: ids.southClinic };
export const SLOTS: readonly SlotRow[] = [
  slotRow({ ...raoNorth, key: 'r9', during: hours(9), specialty: '103T00000X' }),
  slotRow({ ...raoNorth, key: 'r10', during: hours(10), status: 'busy' }),
  slotRow({ ...raoNorth, key: 'r11', during: hours(11), visitType: null, local: '5999' }),
  slotRow({ ...ortiz, key: 'o9', during: hours(9), visitType: 'intake-30', local: '5513' }),
  slotRow({ ...ortiz, key: 'o13', during: hours(13), status: 'busy-unavailable' }),
  // Free, and under a label: to the uncleared it is taken.
  slotRow({ ...ortiz, key: 'o14', during: hours(14), security: ['R', '42CFRPart2'] }),
  slotRow({ ...raoSouth, key: 'r15', during: hours(15) }),
  // The last moment of the day and the first of the next.
  slotRow({ ...raoSouth, key: 'r23', during: hours(23.75) }),
  slotRow({ ...raoSouth, key: 'r24', during: hours(24) }),
];

async function writePatients(tx: Tx): Promise<void> {
  for (const [id, site, key, golden, security] of [
    [ids.annNorth, north, 'ann', ids.annNorth, []],
    [ids.annSouth, south, 'ann', ids.annNorth, []],
    [ids.bob, north, 'bob', ids.bob, []],
    [ids.carl, north, 'carl', ids.carl, ['R']],
  ] as const) {
    const identifier = [{ system: `https://${site}.example/mrn`, value: `${key}-mrn` }];
    await tx.resources.put(
      {
        type: 'Patient',
        id,
        site,
        resource: {
          resourceType: 'Patient',
          identifier,
          active: true,
          name: [{ family: 'Secret', given: [key] }],
        } as never,
        tokens: identifierTokens(identifier),
        security,
      },
      cause(site),
    );
    await tx.resources.linkPatient(id, golden, site, key, WRITTEN);
  }
}

interface Visit {
  readonly site: string;
  readonly key: string;
  readonly patient: string;
  readonly actors: readonly string[];
  readonly location: string;
  readonly slot: string | null;
  readonly during: Interval | null;
  readonly status: AppointmentStatus;
  readonly security?: readonly string[];
}
const withRao = { actors: [ids.rao, ids.raoNorth, ids.northClinic], location: ids.northClinic };
export const VISITS: readonly Visit[] = [
  {
    site: north,
    key: 'a1',
    patient: ids.annNorth,
    ...withRao,
    slot: ids.slot(north, 'r10'),
    during: hours(10),
    status: 'booked',
  },
  {
    site: south,
    key: 'a2',
    patient: ids.annSouth,
    actors: [ids.rao, ids.raoSouth, ids.southClinic],
    location: ids.southClinic,
    slot: ids.slot(south, 'r15'),
    during: hours(15),
    status: 'cancelled',
  },
  { site: north, key: 'a3', patient: ids.bob, ...withRao, slot: null, during: hours(12), status: 'arrived' },
  {
    site: north,
    key: 'a4',
    patient: ids.carl,
    actors: [ids.ortiz, ids.northAnnex],
    location: ids.northAnnex,
    slot: ids.slot(north, 'o14'),
    during: hours(14),
    status: 'booked',
    security: ['R'],
  },
  { site: north, key: 'a5', patient: ids.bob, ...withRao, slot: null, during: null, status: 'waitlist' },
];

async function writeVisit(tx: Tx, visit: Visit): Promise<void> {
  const identifier = [{ system: `urn:slotwire:site:${visit.site}:appointment`, value: visit.key }];
  const serviceType = [{ coding: [{ system: SYSTEMS.visitType, code: 'therapy-50' }] }];
  const { during } = visit;
  const resource: Appointment = {
    resourceType: 'Appointment',
    identifier,
    status: visit.status,
    serviceType,
    ...(during === null
      ? {}
      : { start: new Date(during.start).toISOString(), end: new Date(during.end).toISOString() }),
    ...(visit.slot === null ? {} : { slot: [{ reference: `Slot/${visit.slot}` }] }),
    participant: [{ actor: { reference: `Patient/${visit.patient}` }, status: 'accepted' }],
  };
  await tx.resources.putAppointment(
    {
      id: ids.appointment(visit.site, visit.key),
      site: visit.site,
      siteKey: visit.key,
      during,
      visitType: 'therapy-50',
      specialty: null,
      patients: [visit.patient],
      actors: visit.actors,
      slots: visit.slot === null ? [] : [visit.slot],
      tokens: [...identifierTokens(identifier), ...conceptTokens('service-type', serviceType)],
      locations: [visit.location],
      security: visit.security ?? [],
      orderedAt: WRITTEN,
      resource,
    },
    cause(visit.site),
  );
}
