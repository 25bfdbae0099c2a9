/** Canonical resources from facts; pure. Shapes are described in docs/canonical-model.md. */
import { formatInstant, type Interval } from '../core/instant.ts';
import type { LocationSettings, SiteSettings, VisitType } from '../settings/shape.ts';
import type { Taxonomy } from '../settings/taxonomy.ts';
import { canonicalId } from './canonical-ids.ts';
import {
  EXTENSIONS,
  SYSTEMS,
  type CodeableConcept,
  type Extension,
  type HealthcareService,
  type Identifier,
  type Location,
  type Organization,
  type Practitioner,
  type PractitionerRole,
  type Schedule,
  type Slot,
  type SlotStatus,
} from './types.ts';

const SITE_SYSTEM = 'urn:slotwire:site:';

/** Local codes of a site get a system of their own, so that the same code at two sites is never taken for one. */
export function siteSystem(site: string, what: string): string {
  return `${SITE_SYSTEM}${site}:${what}`;
}

export function visitTypeConcept(
  site: SiteSettings,
  local: string,
  canonical: string | null,
  name?: string,
): CodeableConcept {
  const own = {
    system: siteSystem(site.id, 'visit-type'),
    code: local,
    ...(name === undefined ? {} : { display: name }),
  };
  return { coding: canonical === null ? [own] : [{ system: SYSTEMS.visitType, code: canonical }, own] };
}

/** With the file of NUCC: how it calls the code, and the three levels that it stands at. */
export function specialtyConcept(code: string, taxonomy?: Taxonomy): CodeableConcept {
  const system = 'http://nucc.org/provider-taxonomy';
  const known = taxonomy?.codes.get(code);
  if (known === undefined) return { coding: [{ system, code }] };
  const { display, grouping, classification, specialization } = known;
  const levels = [classification, specialization].filter((level) => level !== '').join(', ');
  return { coding: [{ system, code, display }], text: [grouping, levels].filter((part) => part !== '').join(': ') };
}

export function organization(site: SiteSettings): Organization {
  return {
    resourceType: 'Organization',
    identifier: [{ system: 'urn:slotwire:site', value: site.id }],
    active: true,
    name: site.id,
  };
}

export function location(site: SiteSettings, key: string, settings: LocationSettings): Location {
  const room = settings.room;
  return {
    resourceType: 'Location',
    identifier: [key, ...settings.codes.filter((code) => code !== key)].map((value) => ({
      system: siteSystem(site.id, 'location'),
      value,
    })),
    extension: [{ url: EXTENSIONS.timeZone, valueCode: settings.timeZone }],
    status: 'active',
    name: settings.name,
    mode: 'instance',
    physicalType: { coding: [{ system: SYSTEMS.physicalType, code: room ? 'ro' : 'si' }] },
    ...(settings.address === undefined ? {} : { address: { text: settings.address } }),
    managingOrganization: { reference: `Organization/${canonicalId.organization(site.identity)}` },
    ...(settings.partOf === undefined
      ? {}
      : { partOf: { reference: `Location/${canonicalId.location(site.identity, settings.partOf)}` } }),
  };
}

export function healthcareService(code: string, visitType: VisitType, taxonomy?: Taxonomy): HealthcareService {
  const patients = visitType.patients === 'any' ? 'all' : visitType.patients;
  return {
    resourceType: 'HealthcareService',
    identifier: [{ system: SYSTEMS.visitType, value: code }],
    active: true,
    type: [{ coding: [{ system: SYSTEMS.visitType, code, display: visitType.name }] }],
    ...(visitType.specialty === undefined ? {} : { specialty: [specialtyConcept(visitType.specialty, taxonomy)] }),
    name: visitType.name,
    comment: `${visitType.duration_min} minutes, ${visitType.modality}, ${patients} patients`,
  };
}

/** Of any site, also by the name that it had before it was renamed. */
export function isSiteSystem(system: string | undefined): boolean {
  return system?.startsWith(SITE_SYSTEM) === true;
}

/** `code` null: nobody has said what the site's word stands for; `local` null: the site has no word for it. */
export interface RoleSpecialty {
  readonly code: string | null;
  readonly local: string | null;
}

export function roleSpecialty({ code, local }: RoleSpecialty, site: SiteSettings): CodeableConcept {
  const { coding = [], text } = code === null ? {} : specialtyConcept(code, site.taxonomy);
  const own = local === null ? [] : [{ system: siteSystem(site.id, 'specialty'), code: local }];
  return { coding: [...coding, ...own], ...(text === undefined ? {} : { text }) };
}

export interface PractitionerFacts {
  readonly id: string;
  readonly npi: string | null;
  /** The site's own code; becomes an identifier of the PractitionerRole. */
  readonly code: string;
  readonly name?: string;
  readonly family?: string;
  readonly given?: string;
  /** Of the role; absent: as known. */
  readonly specialties?: readonly RoleSpecialty[];
  /** Whether they work at the site; absent: they do. */
  readonly active?: boolean;
}

export function practitioner(facts: PractitionerFacts): Practitioner {
  const text = facts.name ?? [facts.given, facts.family].filter((part) => part !== undefined).join(' ');
  return {
    resourceType: 'Practitioner',
    ...(facts.npi === null ? {} : { identifier: [{ system: SYSTEMS.npi, value: facts.npi }] }),
    active: true,
    ...(text === ''
      ? {}
      : {
          name: [
            {
              text,
              ...(facts.family === undefined ? {} : { family: facts.family }),
              ...(facts.given === undefined ? {} : { given: [facts.given] }),
            },
          ],
        }),
  };
}

export function practitionerRole(
  site: SiteSettings,
  facts: PractitionerFacts,
  codes: readonly string[],
  locations: readonly string[],
): PractitionerRole {
  const specialty = (facts.specialties ?? []).map((one) => roleSpecialty(one, site));
  return {
    resourceType: 'PractitionerRole',
    identifier: codes.map((value): Identifier => ({ system: siteSystem(site.id, 'practitioner'), value })),
    active: facts.active ?? true,
    practitioner: { reference: `Practitioner/${facts.id}` },
    organization: { reference: `Organization/${canonicalId.organization(site.identity)}` },
    ...(specialty.length === 0 ? {} : { specialty }),
    ...(locations.length === 0 ? {} : { location: locations.map((id) => ({ reference: `Location/${id}` })) }),
  };
}

export function schedule(
  site: SiteSettings,
  key: string,
  actors: readonly { readonly type: string; readonly id: string }[],
  more: { readonly name?: string; readonly specialty?: string; readonly serviceTypes?: readonly CodeableConcept[] },
): Schedule {
  return {
    resourceType: 'Schedule',
    identifier: [{ system: siteSystem(site.id, 'calendar'), value: key }],
    active: site.stage !== 'suspended',
    ...(more.serviceTypes === undefined || more.serviceTypes.length === 0 ? {} : { serviceType: more.serviceTypes }),
    ...(more.specialty === undefined ? {} : { specialty: [specialtyConcept(more.specialty, site.taxonomy)] }),
    actor: actors.map((actor) => ({ reference: `${actor.type}/${actor.id}` })),
    ...(more.name === undefined ? {} : { comment: more.name }),
  };
}

export type ResourceActor = { readonly type: string; readonly id: string };

export interface SlotContent {
  readonly key: string;
  readonly scheduleId: string;
  readonly during: Interval;
  readonly status: SlotStatus;
  readonly zone: string;
  readonly serviceType: CodeableConcept | null;
  readonly specialty: string | null;
  readonly template?: { readonly name: string; readonly overbook?: number; readonly channel?: string };
}

/** Times carry the offset of the place, so that a person reads the clock on its wall. */
export function slot(site: SiteSettings, content: SlotContent): Slot {
  const { template } = content;
  return {
    resourceType: 'Slot',
    ...(template === undefined ? {} : { extension: templateExtensions(template) }),
    identifier: [{ system: siteSystem(site.id, 'slot'), value: content.key }],
    ...(content.serviceType === null ? {} : { serviceType: [content.serviceType] }),
    ...(content.specialty === null ? {} : { specialty: [specialtyConcept(content.specialty)] }),
    schedule: { reference: `Schedule/${content.scheduleId}` },
    status: content.status,
    start: formatInstant(content.during.start, content.zone),
    end: formatInstant(content.during.end, content.zone),
  };
}

function templateExtensions({ name, overbook, channel }: NonNullable<SlotContent['template']>): readonly Extension[] {
  return [
    { url: EXTENSIONS.template, valueString: name },
    ...(overbook === undefined ? [] : [{ url: EXTENSIONS.overbook, valueInteger: overbook }]),
    ...(channel === undefined ? [] : [{ url: EXTENSIONS.channel, valueCode: channel }]),
  ];
}

/** `identifier:<system>|<value>` and the form for "any system". */
export function identifierTokens(
  identifiers: readonly { readonly system?: string; readonly value?: string }[],
): string[] {
  return identifiers.flatMap(({ system, value }) =>
    value === undefined ? [] : [`identifier:${system ?? ''}|${value}`, `identifier:*|${value}`],
  );
}

export function conceptTokens(param: string, concepts: readonly CodeableConcept[] | undefined): string[] {
  return (concepts ?? []).flatMap((concept) =>
    (concept.coding ?? []).flatMap(({ system, code }) =>
      code === undefined ? [] : [`${param}:${system ?? ''}|${code}`, `${param}:*|${code}`],
    ),
  );
}

/** Of a RelatedPerson who pays for the patient. */
export const GUARANTOR = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-RoleClass',
  code: 'GUAR',
  display: 'guarantor',
} as const;
