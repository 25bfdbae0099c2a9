/**
 * Practitioners: the NPI decides who someone is, because a person's calendar must be one over all sites. The site
 * file's word about a code goes before what a message says. Without an NPI a person exists at one site only: two sites'
 * local codes are never taken for one person.
 */
import { isNpi } from '../core/npi.ts';
import { practitioner, type PractitionerFacts } from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { ruledPractitioner } from '../fhir/practitioner-rule.ts';
import type { Practitioner } from '../fhir/types.ts';
import type { PractitionerAssertion } from '../mappings/contract.ts';
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PractitionerIndex, PractitionerMatch, Who } from './contract.ts';
import { teaches, type CodesInForce, type PractitionerCodes } from './practitioner-codes.ts';
import { closeAnswered, raiseDoubts } from './practitioner-doubts.ts';
import { remapRoles, writePractitioner } from './practitioner-write.ts';
import { doubtRegistered, reviewRegistered } from './registry-doubts.ts';
import { closeSpecialties, raiseSpecialties, specialtiesOf } from './specialties.ts';

/** `codes`: whom codes stand for now. Absent: whoever files and messages say. */
export function identify(
  assertion: PractitionerAssertion,
  site: SiteSettings,
  codes: CodesInForce | null = null,
): PractitionerFacts {
  const rule: ResourceRule | undefined = site.resources.practitioners[assertion.code];
  const who = whoIs(assertion, site, codes);
  const name = rule?.name ?? assertion.name;
  const specialties = specialtiesOf(assertion, who.id, site);
  return {
    id: who.id,
    npi: who.npi,
    code: assertion.code,
    ...(name === undefined ? {} : { name }),
    ...(assertion.family === undefined ? {} : { family: assertion.family }),
    ...(assertion.given === undefined ? {} : { given: assertion.given }),
    ...(specialties === undefined ? {} : { specialties }),
    ...(assertion.active === undefined ? {} : { active: assertion.active }),
  };
}

function whoIs(assertion: PractitionerAssertion, site: SiteSettings, codes: CodesInForce | null): Who {
  const filed = site.resources.practitioners[assertion.code]?.practitioner ?? assertion.filed?.reference;
  const known = codes?.inForce(site.id, nameOf(assertion)) ?? null;
  if (filed !== undefined) return known ?? ruledPractitioner(site, filed);
  // What cannot be an NPI is no key: 9999999999 would join everybody who has it.
  const npi = assertion.npi !== undefined && isNpi(assertion.npi) ? assertion.npi : null;
  // Known here without an NPI until now: what the code has taken moves together (pipeline/rekey.ts).
  if (npi !== null && known?.npi !== null) return { id: canonicalId.practitionerByNpi(npi), npi };
  return known ?? { id: canonicalId.practitionerAtSite(site.identity, assertion.code), npi: null };
}

/** Under which name the site has the person: a calendar, or a code. */
function nameOf({ filed, code }: PractitionerAssertion): string {
  return filed?.key ?? code;
}

/** Without `codes` nothing that a code has taken is ever moved. */
export function practitioners(codes: PractitionerCodes | null): PractitionerIndex {
  return indexOf(codes, codes);
}

/** As the codes will stand: for what is written together with the change. */
export function practitionersAs(codes: CodesInForce): PractitionerIndex {
  return indexOf(codes, null);
}

export const practitionerIndex: PractitionerIndex = practitioners(null);

function indexOf(codes: CodesInForce | null, learning: PractitionerCodes | null): PractitionerIndex {
  return {
    async resolve(assertion, site, tx, cause): Promise<PractitionerMatch> {
      if (learning !== null) await learn(assertion, site, tx, cause, learning);
      const facts = identify(assertion, site, codes);
      // Whom only this site knows is called as its master file says.
      const renames = assertion.isMaster === true && facts.npi === null;
      const served = await tx.resources.read('Practitioner', facts.id);
      const known = served === null ? null : (JSON.parse(served.json) as Practitioner);
      const before = codes?.inForce(site.id, nameOf(assertion)) ?? null;
      await raiseSpecialties(assertion, site, tx, cause);
      await raiseDoubts({ assertion, facts, known, before }, site, tx, cause);
      // Read for what is new alone: every message names its people.
      if (facts.npi !== null && before?.npi !== facts.npi) {
        const { family = '', text = '' } = known?.name?.[0] ?? practitioner(facts).name?.[0] ?? {};
        await doubtRegistered({ code: facts.code, npi: facts.npi, family, text }, site, tx, cause);
      }
      const match = await writePractitioner({ facts, known, renames, name: nameOf(assertion) }, site, tx, cause);
      const { id, npi } = facts;
      if (learning !== null && before === null) learning.set(site.id, nameOf(assertion), { id, npi });
      return match;
    },
    isPerson: (code, site) => (codes?.inForce(site.id, code) ?? null) !== null,
    async review(site, tx, cause): Promise<void> {
      await closeAnswered(site, tx, cause);
      await closeSpecialties(site, tx, cause);
      await remapRoles(site, tx, cause);
      await reviewRegistered(site, tx, cause);
    },
    idOf: (assertion, site) => identify(assertion, site, codes).id,
  };
}

/** What the site itself says of its codes counts where the site file is silent; a master file goes before messages. */
async function learn(
  assertion: PractitionerAssertion,
  site: SiteSettings,
  tx: Tx,
  { now }: Cause,
  codes: PractitionerCodes,
): Promise<void> {
  const { npi, code } = assertion;
  if (npi === undefined || !isNpi(npi) || assertion.filed !== undefined || !teaches(code)) return;
  if (code === npi && codes.inForce(site.id, code)?.npi !== null) return;
  const by = assertion.isMaster === true ? 'master' : 'message';
  const known = codes.said(site.id, code);
  // Another number in a message is a doubt (practitioner-doubts.ts); the first stands until the master file says more.
  if (known !== null && (by === 'message' || (known.by === 'master' && known.npi === npi))) return;
  const said = { site: site.id, code, npi, by } as const;
  await tx.practitioners.say(said, now);
  codes.hear(said);
}
