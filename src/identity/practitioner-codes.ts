/**
 * Whom the codes of sites stand for at this moment. What a file or a message says a code should stand for comes true
 * only when everything that the code has taken was moved to that person (pipeline/rekey.ts): until then news and
 * bookings go on under the one person, so that no visit is ever looked for in two calendars.
 *
 * Kept in memory because every message asks. What is stored tells the same: the PractitionerRoles, read at start.
 */
import { isFillerNpi, isNpi } from '../core/npi.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { listedThing, ruledPractitioner } from '../fhir/practitioner-rule.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { CodeInForce, CodeSaid } from '../store/contract-practitioners.ts';
import type { Tx } from '../store/contract.ts';
import type { CodeDue, Who } from './contract.ts';

export interface CodesInForce {
  inForce(site: string, code: string): Who | null;
  /** What the site itself has said; null: nothing. */
  said(site: string, code: string): CodeSaid | null;
}

export class PractitionerCodes implements CodesInForce {
  readonly #inForce = new Map<string, Who>();
  readonly #said = new Map<string, CodeSaid>();
  readonly #waiting = new Set<string>();
  #isDue = true;

  async load(tx: Tx, plan: Plan): Promise<void> {
    const [roles, said] = [await tx.practitioners.inForce(), await tx.practitioners.said()];
    for (const one of said) this.#said.set(key(one.site, one.code), one);
    for (const [name, ofCode] of Map.groupBy(roles, ({ site, code }) => key(site, code))) {
      if (this.#inForce.has(name)) continue;
      const who = this.#chosen(ofCode, plan);
      if (who !== null) this.#inForce.set(name, { id: who.personId, npi: who.npi });
    }
    this.#isDue = true;
  }

  inForce(site: string, code: string): Who | null {
    return this.#inForce.get(key(site, code)) ?? null;
  }

  said(site: string, code: string): CodeSaid | null {
    return this.#said.get(key(site, code)) ?? null;
  }

  /** To be called once that is committed, or where nothing was known of the code. */
  set(site: string, code: string, who: Who | null): void {
    if (who === null) this.#inForce.delete(key(site, code));
    else this.#inForce.set(key(site, code), who);
  }

  hear(said: CodeSaid): void {
    this.#said.set(key(said.site, said.code), said);
    this.#waiting.delete(key(said.site, said.code));
    this.#isDue = true;
  }

  /** All codes of a person at a site. */
  codesOf(site: string, personId: string): readonly string[] {
    return [...this.#inForce].flatMap(([name, who]) => {
      const [itsSite, code] = JSON.parse(name) as [string, string];
      return itsSite === site && who.id === personId ? [code] : [];
    });
  }

  /** With one code as it will stand: for what is written before that is committed. */
  with(site: string, code: string, who: Who | null): CodesInForce {
    const name = key(site, code);
    return {
      inForce: (itsSite, itsCode) => (key(itsSite, itsCode) === name ? who : this.inForce(itsSite, itsCode)),
      said: (itsSite, itsCode) => this.said(itsSite, itsCode),
    };
  }

  wait(site: string, code: string): void {
    this.#waiting.add(key(site, code));
  }

  askAgain(): void {
    this.#waiting.clear();
    this.#isDue = true;
  }

  /** Something was said since nothing was due. */
  get isDue(): boolean {
    return this.#isDue;
  }

  due(plan: Plan): readonly CodeDue[] {
    const sites = new Map(plan.sites.map((site) => [site.id, site]));
    const found = [...this.#inForce].flatMap(([name, from]): readonly CodeDue[] => {
      const [siteId, code] = JSON.parse(name) as [string, string];
      const site = sites.get(siteId);
      if (site === undefined || this.#waiting.has(name)) return [];
      const { to, because } = wanted(site, code, this);
      return to?.id === from.id ? [] : [{ site, code, from, to, because }];
    });
    if (found.length === 0) this.#isDue = false;
    return found;
  }

  /** A code may stand in the roles of two people: an NPI that a message named went before it. */
  #chosen(roles: readonly CodeInForce[], plan: Plan): CodeInForce | null {
    const [newest] = roles;
    const site = plan.sites.find(({ id }) => id === newest?.site);
    if (newest === undefined || site === undefined || roles.length === 1) return newest ?? null;
    const to = wanted(site, newest.code, this).to?.id;
    return roles.find(({ personId }) => personId === to) ?? newest;
  }
}

/** Whom a code should stand for: the site file's word, else what the site said, else somebody of this site alone. */
function wanted(site: SiteSettings, code: string, codes: CodesInForce): Pick<CodeDue, 'to' | 'because'> {
  const { calendars, practitioners } = site.resources;
  const filed = practitioners[code]?.practitioner ?? calendars[code]?.practitioner ?? templateRule(site, code);
  if (filed !== undefined) return { to: ruledPractitioner(site, filed), because: 'site-file' };
  const isListed = listedThing(site, code) !== null || Object.hasOwn(calendars, code);
  if (isListed) return { to: null, because: 'site-file' };
  const said = codes.said(site.id, code);
  if (said !== null) {
    const to = { id: canonicalId.practitionerByNpi(said.npi), npi: said.npi };
    return { to, because: said.by };
  }
  // Told by an NPI alone: that was said with it, or it was not.
  const to = isNpi(code) ? codes.inForce(site.id, code) : null;
  const alone = { id: canonicalId.practitionerAtSite(site.identity, code), npi: null };
  return { to: to ?? alone, because: 'site-silent' };
}

/** Of a calendar that a template makes the code is the person's, not the calendar's. */
function templateRule(site: SiteSettings, code: string): string | undefined {
  return Object.values(site.resources.calendars).find(({ person }) => person === code)?.practitioner;
}

/** A number that stands for many people says nothing about the code beside it, nor the other way round. */
export function teaches(code: string): boolean {
  return !isFillerNpi(code);
}

function key(site: string, code: string): string {
  return JSON.stringify([site, code]);
}
