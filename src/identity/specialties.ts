/**
 * What somebody does, in one taxonomy. The site file goes before what a master file calls it; the site's own word is
 * kept beside the code, so that another line in the site file holds for who was told before. What no line lists is
 * served by the site's word alone, counted, and asked: no word is guessed to be a code.
 */
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import { isSiteSystem, type RoleSpecialty } from '../fhir/canonical.ts';
import { ruledPractitioner } from '../fhir/practitioner-rule.ts';
import type { CodeableConcept } from '../fhir/types.ts';
import type { PractitionerAssertion } from '../mappings/contract.ts';
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';
import { isNuccCode } from '../settings/taxonomy.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** Nobody has more; a site may send anything. */
const MOST = 20;
const WORD_MAX = 120;

/** Undefined: neither the site file nor the message says any. */
export function specialtiesOf(
  assertion: PractitionerAssertion,
  id: string,
  site: SiteSettings,
): readonly RoleSpecialty[] | undefined {
  const { practitioners } = site.resources;
  const rule = Object.hasOwn(practitioners, assertion.code) ? practitioners[assertion.code]?.specialty : undefined;
  const filed = filedFor(site).get(id) ?? (rule === undefined ? undefined : [rule]);
  if (filed !== undefined) return filed.map((code) => ({ code, local: null }));
  return assertion.specialties?.slice(0, MOST).map((word) => specialtyNamed(word, site));
}

/** As a role has them, by what the site file says of its words now. */
export function specialtiesIn(
  concepts: readonly CodeableConcept[] | undefined,
  site: SiteSettings,
): readonly RoleSpecialty[] {
  return (concepts ?? []).flatMap(({ coding = [] }): readonly RoleSpecialty[] => {
    const local = coding.find(({ system }) => isSiteSystem(system))?.code;
    if (local !== undefined) return [specialtyNamed(local, site)];
    const code = coding[0]?.code;
    return code === undefined ? [] : [{ code, local: null }];
  });
}

/** A word of the site, or a code of NUCC that it writes itself. */
function specialtyNamed(word: string, { specialties = {}, taxonomy }: SiteSettings): RoleSpecialty {
  const listed = Object.hasOwn(specialties, word) ? specialties[word] : undefined;
  if (listed !== undefined) return { code: listed, local: word };
  const isCode = isNuccCode(word) && (taxonomy === undefined || taxonomy.codes.has(word));
  return isCode ? { code: word, local: null } : { code: null, local: word };
}

const filedOf = new WeakMap<SiteSettings, ReadonlyMap<string, readonly string[]>>();

/** By the id of a person: what rules and calendars of the site file say; made once for each plan. */
function filedFor(site: SiteSettings): ReadonlyMap<string, readonly string[]> {
  const known = filedOf.get(site);
  if (known !== undefined) return known;
  const { calendars, practitioners } = site.resources;
  const made = new Map<string, readonly string[]>();
  const take = ([key, rule]: readonly [string, ResourceRule], isPerson: boolean): void => {
    const who = rule.practitioner ?? (isPerson && rule.location === undefined ? `local:${key}` : undefined);
    if (rule.specialty === undefined || who === undefined) return;
    const { id } = ruledPractitioner(site, who);
    made.set(id, [...new Set([...(made.get(id) ?? []), rule.specialty])].sort());
  };
  for (const one of Object.entries(practitioners)) take(one, true);
  for (const one of Object.entries(calendars)) take(one, false);
  filedOf.set(site, made);
  return made;
}

/** Each word that no line of the site file lists is one work item, however often it is said. */
export async function raiseSpecialties(
  { specialties }: PractitionerAssertion,
  site: SiteSettings,
  tx: Tx,
  { now }: Cause,
): Promise<void> {
  for (const word of specialties?.slice(0, MOST) ?? []) {
    if (specialtyNamed(word, site).code !== null) continue;
    const shown = word.slice(0, WORD_MAX);
    await tx.resources.countUnmapped(site.id, 'specialty', shown, now);
    await tx.workItems.open({
      id: newId(now),
      kind: 'unmapped',
      subject: subjectOf(site, shown),
      site: site.id,
      role: 'configuration',
      dueAt: plus(now, 7 * DAY_MS),
      openedAt: now,
      evidence: {
        code: shown,
        because: 'a master file names a specialty that the site file does not list: nobody finds its people by a code',
        do: `List ${shown} under specialties in ${site.id}.yaml, with the code of NUCC or one of your own.`,
      },
    });
  }
}

/** After the site file was read: closes what it lists now. */
export async function closeSpecialties(site: SiteSettings, tx: Tx, { now }: Cause): Promise<void> {
  const start = subjectOf(site, '');
  for (const subject of await tx.workItems.openAbout('unmapped', [site.id])) {
    if (!subject.startsWith(start)) continue;
    if (specialtyNamed(subject.slice(start.length), site).code !== null)
      await tx.workItems.close('unmapped', subject, now);
  }
}

function subjectOf(site: SiteSettings, word: string): string {
  return `specialty:${site.id}:${word}`;
}
