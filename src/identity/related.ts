/** RelatedPersons: who acts or answers for a patient, as one site tells of them beside its own record. */
import { DAY_MS } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { GUARANTOR, identifierTokens } from '../fhir/canonical.ts';
import type { CodeableConcept, RelatedPerson } from '../fhir/types.ts';
import type { RelatedAssertion, RelatedPeople } from '../mappings/contract-people.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { patient as asPatient } from './patient-body.ts';

/** Writes those who are named, under the labels of their patient, and ends the part of those who are not any more. */
export async function writeRelated(
  { patient, parts, people, at }: RelatedPeople,
  patientId: string,
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<void> {
  const told = new Set<string>(parts);
  const isTold = (concept: CodeableConcept): boolean => told.has(isGuarantor(concept) ? 'guarantor' : 'contact');
  const named = new Map(people.map((one) => [canonicalId.relatedPerson(site.identity, patient.key, one.key), one]));
  const known = await tx.people.relatedTo(patientId);
  for (const id of [...new Set([...named.keys(), ...known])].sort()) {
    const served = await tx.resources.read('RelatedPerson', id);
    if (served?.deleted === true) continue;
    const before = served === null ? null : (JSON.parse(served.json) as RelatedPerson);
    const said = named.get(id);
    const kept = (before?.relationship ?? []).filter((concept) => !isTold(concept));
    const relationship = [...(said?.relationship ?? []), ...(before?.active === false ? [] : kept)];
    // Who has no part left is shown as they were, and not in use.
    const isLeft = said === undefined && kept.length === 0;
    if (isLeft && before?.active === false) continue;
    const now =
      isLeft && before !== null ? { ...before, active: false } : of(patientId, said, before, relationship, at);
    const { id: _id, meta: _meta, ...resource } = now;
    await put(id, resource, patientId, site, tx, cause);
  }
}

/** They bear the labels of their patient, also when those change. */
export async function relabelRelated(patientId: string, site: SiteSettings, tx: Tx, cause: Cause): Promise<void> {
  for (const id of await tx.people.relatedTo(patientId)) {
    const served = await tx.resources.read('RelatedPerson', id);
    if (served === null || served.deleted) continue;
    const { id: _id, meta: _meta, ...resource } = JSON.parse(served.json) as RelatedPerson;
    await put(id, resource, patientId, site, tx, cause);
  }
}

async function put(
  id: string,
  resource: RelatedPerson,
  patientId: string,
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<void> {
  await tx.resources.put(
    {
      type: 'RelatedPerson',
      id,
      site: site.id,
      resource,
      active: resource.active !== false,
      tokens: identifierTokens(resource.identifier ?? []),
      refs: [`patient:Patient/${patientId}`],
      security: site.sensitivity.site,
    },
    cause,
  );
}

export function isGuarantor({ coding = [] }: CodeableConcept): boolean {
  return coding.some(({ system, code }) => system === GUARANTOR.system && code === GUARANTOR.code);
}

/** What is not stated stays as it was. */
function of(
  patientId: string,
  said: RelatedAssertion | undefined,
  before: RelatedPerson | null,
  relationship: readonly CodeableConcept[],
  at: RelatedPeople['at'],
): RelatedPerson {
  const { relationship: _relationship, from, until, ...person } = said ?? { identifiers: [], key: '' };
  const { patient: _patient, relationship: _before, period: periodBefore, ...rest } = before ?? {};
  const {
    deceasedBoolean: _deceased,
    link: _link,
    ...facts
  } = asPatient(person, {
    ...rest,
    resourceType: 'Patient',
  });
  const period = {
    ...periodBefore,
    ...(from === undefined ? {} : { start: from }),
    ...(until === undefined ? {} : { end: until }),
  };
  // The day of the end is theirs still.
  const isOver = until !== undefined && at > Date.parse(until) + DAY_MS;
  return {
    ...facts,
    resourceType: 'RelatedPerson',
    active: !isOver,
    patient: { reference: `Patient/${patientId}` },
    ...(relationship.length === 0 ? {} : { relationship }),
    ...(Object.keys(period).length === 0 ? {} : { period }),
  };
}
