/**
 * Practitioners: the NPI decides who someone is, because a person's calendar must be one over all sites. The site
 * file's word about a code goes before what a message says. Without an NPI a person exists at one site only: two sites'
 * local codes are never taken for one person.
 */
import { isNpi } from '../core/npi.ts';
import { practitioner, practitionerRole, identifierTokens, type PractitionerFacts } from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { ruledPractitioner } from '../fhir/practitioner-rule.ts';
import type { Practitioner, PractitionerRole } from '../fhir/types.ts';
import type { PractitionerAssertion } from '../mappings/contract.ts';
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PractitionerIndex, PractitionerMatch } from './contract.ts';
import { closeAnswered, raiseDoubts } from './practitioner-doubts.ts';

export function identify(assertion: PractitionerAssertion, site: SiteSettings): PractitionerFacts {
  const rule: ResourceRule | undefined = site.resources.practitioners[assertion.code];
  // What cannot be an NPI is no key: 9999999999 would join everybody who has it.
  const npi = assertion.npi !== undefined && isNpi(assertion.npi) ? `npi:${assertion.npi}` : undefined;
  const reference = rule?.practitioner ?? npi;
  const who =
    reference === undefined
      ? { id: canonicalId.practitionerAtSite(site.identity, assertion.code), npi: null }
      : ruledPractitioner(site, reference);
  const name = rule?.name ?? assertion.name;
  return {
    ...who,
    code: assertion.code,
    ...(name === undefined ? {} : { name }),
    ...(assertion.family === undefined ? {} : { family: assertion.family }),
    ...(assertion.given === undefined ? {} : { given: assertion.given }),
    ...(rule?.specialty === undefined ? {} : { specialty: rule.specialty }),
    ...(assertion.active === undefined ? {} : { active: assertion.active }),
  };
}

export const practitionerIndex: PractitionerIndex = {
  async resolve(assertion, site, tx, cause): Promise<PractitionerMatch> {
    const facts = identify(assertion, site);
    // Whom only this site knows is called as its master file says.
    const renames = assertion.isMaster === true && facts.npi === null;
    const served = await tx.resources.read('Practitioner', facts.id);
    const known = served === null ? null : (JSON.parse(served.json) as Practitioner);
    await raiseDoubts({ assertion, facts, known }, site, tx, cause);
    return writePractitioner({ facts, known, renames }, site, tx, cause);
  },
  review: closeAnswered,
  idOf: (assertion, site) => identify(assertion, site).id,
};

interface Writing {
  readonly facts: PractitionerFacts;
  readonly known: Practitioner | null;
  readonly renames: boolean;
}

async function writePractitioner(
  { facts, known, renames }: Writing,
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<PractitionerMatch> {
  const canonical: Cause = { ...cause, site: null, messageId: null };
  // The first name stays: sites spell one person differently, and each spelling would otherwise be a new version.
  const named = known?.name !== undefined;
  const person = practitioner(facts);
  if (!named || (renames && person.name !== undefined)) {
    await tx.resources.put(
      {
        type: 'Practitioner',
        id: facts.id,
        site: null,
        resource: person,
        ...(person.name?.[0]?.text === undefined ? {} : { name: person.name[0].text }),
        tokens: identifierTokens(person.identifier ?? []),
      },
      canonical,
    );
  }
  const roleId = canonicalId.practitionerRole(site.identity, facts.id);
  const role = await tx.resources.read('PractitionerRole', roleId);
  const before = role === null ? null : (JSON.parse(role.json) as PractitionerRole);
  const codes = (before?.identifier ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]));
  const places = (before?.location ?? []).flatMap(({ reference }) =>
    reference === undefined ? [] : [reference.slice(9)],
  );
  // Of someone who left, a later mention by an old message is no news of a return.
  const active = facts.active ?? before?.active ?? true;
  const resource = practitionerRole(site, { ...facts, active }, union(codes, [facts.code]), places);
  const specialty = facts.specialty ?? specialtyOf(before);
  const isNews =
    !codes.includes(facts.code) || active !== (before?.active ?? true) || specialty !== specialtyOf(before);
  // Every message names its people: one that says nothing new must not lock a row that a hundred others read.
  if (before !== null && !isNews) return { practitionerId: facts.id, roleId };
  await tx.resources.put(
    {
      type: 'PractitionerRole',
      id: roleId,
      site: site.id,
      resource:
        specialty === undefined
          ? resource
          : ({ ...resource, specialty: before?.specialty ?? resource.specialty } as PractitionerRole),
      tokens: [
        ...identifierTokens(resource.identifier ?? []),
        ...(specialty === undefined
          ? []
          : [`specialty:http://nucc.org/provider-taxonomy|${specialty}`, `specialty:*|${specialty}`]),
      ],
      refs: [
        `practitioner:Practitioner/${facts.id}`,
        `organization:Organization/${canonicalId.organization(site.identity)}`,
        ...places.map((id) => `location:Location/${id}`),
      ],
      locations: places,
    },
    { ...cause, messageId: null },
  );
  return { practitionerId: facts.id, roleId };
}

function specialtyOf(role: PractitionerRole | null): string | undefined {
  return role?.specialty?.[0]?.coding?.[0]?.code;
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])].sort();
}
