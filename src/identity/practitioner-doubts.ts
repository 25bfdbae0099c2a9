/**
 * What is odd about who a practitioner is, brought before a person: a number that cannot be an NPI, one NPI under two
 * surnames, a message that names another NPI than the site file. Nobody is linked or parted by it: the site file is
 * where a person decides, and what it answers is closed when it is read again.
 */
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import { NPI_FAULTS, npiFault, type NpiFault } from '../core/npi.ts';
import type { PractitionerFacts } from '../fhir/canonical.ts';
import type { Practitioner } from '../fhir/types.ts';
import type { PractitionerAssertion } from '../mappings/contract.ts';
import type { ResourceRule, SiteSettings } from '../settings/shape.ts';
import type { WorkItem } from '../store/contract-bookings.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { CodeDue, Who } from './contract.ts';
import { words } from './match/normalise-text.ts';
import { jaroWinkler } from './match/similarity.ts';

/** Sites spell one person differently (`Rao`, `Raoh`); below this two words are two names. */
const SAME_NAME = 0.88;
/** A site may send anything where a number belongs. */
const SHOWN = 60;

export interface Said {
  readonly assertion: PractitionerAssertion;
  readonly facts: PractitionerFacts;
  /** As stored before; null: nobody yet. */
  readonly known: Practitioner | null;
  /** Whom the code stood for; null: nothing was known of it. */
  readonly before: Who | null;
}

/** Opens a work item for each doubt that is not open yet. */
export async function raiseDoubts(said: Said, site: SiteSettings, tx: Tx, cause: Cause): Promise<void> {
  const { assertion, facts } = said;
  const rule = site.resources.practitioners[assertion.code];
  const refused = refusedNpi(assertion);
  // The site file has said who it is, whatever else the site writes there.
  if (refused !== null && rule?.practitioner === undefined) {
    await tx.resources.countUnmapped(site.id, 'npi', cut(refused.text), cause.now);
    await tx.workItems.open({
      ...asked(site, cause),
      kind: 'unmapped',
      subject: subject('npi', site, assertion.code),
      evidence: {
        code: assertion.code,
        said: cut(refused.text),
        because: `is no valid NPI: ${NPI_FAULTS[refused.fault]}`,
        do: `Write under resources.practitioners in ${site.id}.yaml who ${assertion.code} is.`,
      },
    });
  }
  const ruled = rule?.practitioner?.startsWith('npi:') === true ? rule.practitioner.slice('npi:'.length) : null;
  if (ruled !== null && assertion.npi !== undefined && assertion.npi !== ruled && npiFault(assertion.npi) === null) {
    await conflict(site, tx, cause, subject('two-npis', site, assertion.code, assertion.npi, ruled), {
      code: assertion.code,
      because: 'a message names another NPI than the site file, which goes before it',
      said: assertion.npi,
      file: ruled,
      do: `Correct the NPI of ${assertion.code} in ${site.id}.yaml or the crosswalk, or have the site correct its own.`,
    });
  }
  const { before } = said;
  const isOther = before !== null && before.npi !== null && facts.npi !== null && before.npi !== facts.npi;
  if (isOther && ruled === null && assertion.filed === undefined) {
    await conflict(site, tx, cause, subject('two-npis', site, assertion.code, facts.npi, before.npi), {
      code: assertion.code,
      because: 'a message names another NPI than the site gave before for this code',
      said: facts.npi,
      before: before.npi,
      do: `Write under resources.practitioners in ${site.id}.yaml who ${assertion.code} is.`,
    });
  }
  const surnames = otherSurname(said, rule);
  if (surnames !== null) {
    const number = cut(facts.npi ?? facts.code);
    const about = subject('surname', site, assertion.code, number, words(surnames.said).join(' '));
    await conflict(site, tx, cause, about, {
      code: assertion.code,
      because: 'one number comes with two surnames',
      number,
      ...surnames,
      do:
        `If both are one person, list ${assertion.code} under resources.practitioners in ${site.id}.yaml with ` +
        'this NPI and a name that holds the surname said here; if not, list it with the right NPI, or as local:.',
    });
  }
}

/**
 * An NPI outranks names; but where neither surname nor first name of the two fits, the number is more likely to stand
 * in the wrong place than the person to have two names. Null: nothing speaks against it.
 */
export async function doubtChange(due: CodeDue, tx: Tx, cause: Cause): Promise<string | null> {
  const { site, code, from, to, because } = due;
  if (to?.npi === undefined || to.npi === null || because === 'site-file' || because === 'site-silent') return null;
  const [one, other] = [await nameOf(tx, from.id), await nameOf(tx, to.id)];
  const [some, others] = [words(one), words(other)];
  if (some.length === 0 || others.length === 0 || sharesName(some, others)) return null;
  await conflict(site, tx, cause, subject('two-people', site, code, to.npi), {
    code,
    because: 'an NPI was said of a code that has another name: what the code has taken stays where it is until then',
    number: to.npi,
    said: cut(one),
    known: cut(other),
    do:
      `Write under resources.practitioners in ${site.id}.yaml who ${code} is: npi:${to.npi} if both are one person, ` +
      'else the right NPI, or local:.',
  });
  return 'names';
}

async function nameOf(tx: Tx, id: string): Promise<string> {
  const served = await tx.resources.read('Practitioner', id);
  const name = served === null ? undefined : (JSON.parse(served.json) as Practitioner).name?.[0];
  return name?.text ?? '';
}

/** Closes what the site file has answered since. */
export async function closeAnswered(site: SiteSettings, tx: Tx, cause: Cause): Promise<void> {
  const rules = Object.entries(site.resources.practitioners).filter(([, rule]) => rule.practitioner !== undefined);
  if (rules.length === 0) return;
  for (const kind of ['unmapped', 'practitioner-conflict'] as const) {
    for (const one of await tx.workItems.openAbout(kind, [site.id])) {
      if (rules.some(([code, rule]) => isAnswered(one, site, code, rule)))
        await tx.workItems.close(kind, one, cause.now);
    }
  }
}

function isAnswered(about: string, site: SiteSettings, code: string, rule: ResourceRule): boolean {
  if (about === subject('npi', site, code)) return true;
  const rest = (what: Parameters<typeof subject>[0]): readonly string[] => {
    const start = `${subject(what, site, code)}:`;
    return about.startsWith(start) ? about.slice(start.length).split(':') : [];
  };
  if (rest('two-people').length > 0) return true;
  const [, file, ...tooMany] = rest('two-npis');
  if (file !== undefined && tooMany.length === 0) return rule.practitioner !== `npi:${file}`;
  const [number, surname, ...more] = rest('surname');
  if (surname === undefined || more.length > 0) return false;
  return rule.practitioner !== `npi:${number}` || sharesName(words(surname), words(rule.name ?? ''));
}

function refusedNpi({ npi, refusedNpi: refused }: PractitionerAssertion): { text: string; fault: NpiFault } | null {
  const text = refused ?? npi;
  if (text === undefined) return null;
  const fault = npiFault(text);
  return fault === null ? null : { text, fault };
}

/** Where one number (an NPI, or a refused one that stands for a code) comes with a second surname: both. */
function otherSurname(
  { assertion, facts, known }: Said,
  rule: ResourceRule | undefined,
): Readonly<{ said: string; known: string }> | null {
  const numbered = facts.npi !== null || (assertion.refusedNpi !== undefined && assertion.refusedNpi === facts.code);
  const name = known?.name?.[0];
  if (!numbered || assertion.family === undefined || name === undefined) return null;
  const said = words(assertion.family);
  const before = words(name.family ?? name.text ?? '');
  // One word for everything is a calendar's name, or a given name.
  if (said.length === 0 || before.length === 0 || (name.family === undefined && before.length < 2)) return null;
  const answered = rule?.practitioner === undefined ? [] : words(rule.name ?? '');
  if (sharesName(said, [...before, ...answered])) return null;
  return { said: cut(assertion.family), known: cut(name.family ?? name.text ?? '') };
}

export function sharesName(some: readonly string[], others: readonly string[]): boolean {
  return some.some((word) => others.some((other) => isSameName(word, other)));
}

function isSameName(one: string, other: string): boolean {
  return one === other || (Math.min(one.length, other.length) > 2 && jaroWinkler(one, other) >= SAME_NAME);
}

function subject(
  about: 'npi' | 'surname' | 'two-npis' | 'two-people',
  site: SiteSettings,
  code: string,
  ...more: readonly string[]
): string {
  return [about, site.id, code, ...more].join(':');
}

export function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}

/** False: it is open already. */
export async function conflict(
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
  about: string,
  evidence: WorkItem['evidence'],
): Promise<boolean> {
  return tx.workItems.open({ ...asked(site, cause), kind: 'practitioner-conflict', subject: about, evidence });
}

function asked(site: SiteSettings, { now }: Cause): Omit<WorkItem, 'kind' | 'subject' | 'evidence'> {
  return { id: newId(now), site: site.id, role: 'configuration', dueAt: plus(now, 7 * DAY_MS), openedAt: now };
}
