/**
 * What a registry of NPIs says against who a practitioner is: the number is an organisation's, is not in use any more,
 * or is of somebody of another surname. A person is asked, and nothing else follows from it: the files are weeks old,
 * and a site may be right. A number that the registry does not have says nothing: those that this hub did not know when
 * the file was read are not there.
 */
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';
import type { RegisteredCode } from '../store/contract-registry.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { words } from './match/normalise-text.ts';
import { conflict, cut, sharesName } from './practitioner-doubts.ts';

interface Doubt {
  readonly subject: string;
  readonly evidence: Readonly<Record<string, string>>;
}

/** Somebody whose NPI was not known of this code before. */
export async function doubtRegistered(
  { code, npi, family, text }: Omit<RegisteredCode, 'entry'> & { readonly npi: string },
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<void> {
  const entry = await tx.registry.of(npi);
  if (entry === null) return;
  for (const doubt of doubtsOf({ code, entry, family, text }, site))
    await conflict(site, tx, cause, doubt.subject, doubt.evidence);
}

export interface Reviewed {
  readonly opened: number;
  readonly closed: number;
}

/** All codes of a site, after a file or the settings were read: opens what is doubtful, and closes what is no more. */
export async function reviewRegistered(site: SiteSettings, tx: Tx, cause: Cause): Promise<Reviewed> {
  const doubts = (await tx.registry.codesOf(site.id)).flatMap((one) => doubtsOf(one, site));
  let [opened, closed] = [0, 0];
  for (const { subject, evidence } of doubts) if (await conflict(site, tx, cause, subject, evidence)) opened++;
  const due = new Set(doubts.map(({ subject }) => subject));
  for (const one of await tx.workItems.openAbout('practitioner-conflict', [site.id])) {
    if (!one.startsWith(SUBJECT) || due.has(one)) continue;
    if (await tx.workItems.close('practitioner-conflict', one, cause.now)) closed++;
  }
  return { opened, closed };
}

const SUBJECT = 'registry-';

function doubtsOf({ code, entry, family, text }: RegisteredCode, site: SiteSettings): readonly Doubt[] {
  const { calendars, practitioners } = site.resources;
  const isCalendar = Object.hasOwn(calendars, code) && !Object.hasOwn(practitioners, code);
  const rules = isCalendar ? calendars : practitioners;
  const rule = Object.hasOwn(rules, code) ? rules[code] : undefined;
  const number = entry.npi;
  // Answered: it counts a moment later, when what the code has taken was moved (pipeline/rekey.ts).
  const local = Object.values(practitioners).some(({ practitioner }) => practitioner === `local:${code}`);
  if (local || (rule?.practitioner !== undefined && rule.practitioner !== `npi:${number}`)) return [];
  const list = `List ${code} under resources.${isCalendar ? 'calendars' : 'practitioners'} in ${site.id}.yaml`;
  const doubt = (what: string, evidence: Doubt['evidence']): Doubt => ({
    subject: [`${SUBJECT}${what}`, site.id, code, number].join(':'),
    evidence: { code, number, ...evidence },
  });
  const { deactivatedOn } = entry;
  const surname = deniedSurname({ entry, family, text }, rule);
  return [
    ...(entry.entity !== 2
      ? []
      : [
          doubt('organisation', {
            because: 'NPPES has this number for an organisation: everybody who has it would be one person',
            do: `${list} with the person's own NPI, or as local:.`,
          }),
        ]),
    ...(deactivatedOn === null
      ? []
      : [
          doubt('deactivated', {
            because: 'NPPES has deactivated this number',
            since: deactivatedOn,
            do:
              `Look the number up. ${list} with the right NPI, or as local:; of somebody who left, have the site say ` +
              'so in its master file.',
          }),
        ]),
    ...(surname === null
      ? []
      : [
          doubt('surname', {
            because: 'NPPES has this number under another surname',
            said: cut(family === '' ? text : family),
            known: cut(surname),
            do:
              `If it is one person, ${list.replace('List', 'list')} with this NPI and a name that holds the surname ` +
              'of NPPES; if not, with the right NPI, or as local:.',
          }),
        ]),
  ];
}

/** The surname of the registry, where none of its words is one of the person's. */
function deniedSurname(
  { entry, family, text }: Pick<RegisteredCode, 'entry' | 'family' | 'text'>,
  rule: ResourceRule | undefined,
): string | null {
  const registered = words(`${entry.family ?? ''} ${entry.otherFamily ?? ''}`);
  const name = words(family === '' ? text : family);
  // One word for everything is a calendar's name, or a given name.
  if (registered.length === 0 || name.length === 0 || (family === '' && name.length < 2)) return null;
  const answered = rule?.practitioner === undefined ? [] : words(rule.name ?? '');
  return sharesName(registered, [...name, ...answered]) ? null : (entry.family ?? entry.otherFamily);
}
