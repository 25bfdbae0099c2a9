/**
 * A site that keys people by its own numbers and has none for this one. Its file says what then: refuse, or refuse and
 * ask its people to register the patient, so that the same booking can be made when they have; or ask the site itself
 * before, which may have the person and not have told of them yet.
 */
import { HubError } from '../core/errors.ts';
import type { Register } from '../connectors/contract-register.ts';
import type { PersonAsked, Sought } from '../connectors/contract-seek.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientPolicy } from '../settings/identifier-shape.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Scope } from '../store/contract.ts';
import { nextAt, registerPerson, type RegisterDeps } from './register.ts';
import { openTask, type UnknownAt } from './unknown-task.ts';

const REFUSED = 'the site has no record of this patient that may be written to: have the clinic register the patient';
const ASKED =
  'the site has no record of this patient that may be written to: its people have a Task to register the patient; ' +
  'book again when they have';

/** The same whatever the site says: that it has somebody may be nothing that who books may know. */
const SEARCHED =
  'the site has told of no record of this patient that may be written to: it is asked whether it has one, and its ' +
  'people have a Task to register the patient; book again in a moment, or when they have';

/** The same again. */
const REGISTERING =
  'the site has told of no record of this patient that may be written to: it is asked to register the patient, ' +
  'unless it says that it has one; book again in a moment. Where that does not help, its people have a Task';

const TOLD = { refuse: REFUSED, ask: ASKED, search: SEARCHED, register: REGISTERING } as const;

export class PatientUnknown extends HubError {
  readonly patientId: string;
  readonly policy: PatientPolicy['whenUnknown'];

  constructor(patientId: string, site: SiteSettings) {
    const policy = site.patients?.whenUnknown ?? 'refuse';
    super('RULE_BROKEN', { detail: TOLD[policy], site: site.id });
    this.patientId = patientId;
    this.policy = policy;
  }
}

/** Asks a site for a person and hands on what it says. Null: the site cannot be asked. */
export type AskSite = (asked: PersonAsked, signal: AbortSignal) => Promise<Sought['kind']>;

interface Asking extends RegisterDeps {
  readonly seek?: (siteId: string) => AskSite | null;
  readonly register?: (siteId: string) => Register | null;
}

/**
 * Where `error`, which may be any, is that of a patient whom a site has not: asks the site for them, or to register
 * them, if its file says so, and its people by a Task. In transactions of its own: that of the booking has come to
 * nothing.
 */
export async function askToRegister(deps: Asking, error: unknown, scope: Scope): Promise<void> {
  if (!(error instanceof PatientUnknown) || error.policy === 'refuse' || error.site === undefined) return;
  const at: UnknownAt = { site: error.site, patientId: error.patientId };
  if (error.policy === 'register') {
    if ((await registerAt(deps, at, scope)) === 'person') await openTask(deps, at);
    return;
  }
  // The Task is there whatever the site says: it is closed when somebody or matching has decided.
  await openTask(deps, at);
  if (error.policy === 'search') await askSite(deps, at, scope);
}

/** A site that can be asked whom it has is asked that first: only who is not there is registered. */
async function registerAt(deps: Asking, at: UnknownAt, scope: Scope): Promise<'person' | 'done'> {
  const register = deps.register?.(at.site) ?? null;
  if (register === null) return 'person';
  const isAsked = (deps.seek?.(at.site) ?? null) !== null;
  const { next, isRegistered } = await nextAt(deps, at, isAsked);
  if (next !== 'ask') {
    // Its answer names the record, with our id, where its own news of it were lost.
    if (isAsked && isRegistered) await askSite(deps, at, scope);
    return next;
  }
  if (isAsked && (await askSite(deps, at, scope)) !== 'none') return 'person';
  return registerPerson(deps, register, at, scope);
}

/** As long as one who books waits for a site. */
async function askSite(deps: Asking, at: UnknownAt, scope: Scope): Promise<Sought['kind'] | 'not-asked'> {
  const { site, patientId } = at;
  const ask = deps.seek?.(site) ?? null;
  if (ask === null) return 'not-asked';
  const served = await deps.store.transaction(scope, async (tx) => {
    // Another system is told of them.
    const about = { resourceType: 'Patient', resourceId: patientId, site } as const;
    await tx.audit({ at: deps.clock.now(), action: 'search', ...about, outcome: 'success' });
    return tx.resources.read('Patient', patientId);
  });
  const asked = served === null || served.deleted ? null : asksFor(JSON.parse(served.json) as Patient);
  return asked === null ? 'not-asked' : ask(asked, AbortSignal.timeout(deps.plan().hub.booking.wait_ms));
}

/** Null: too little is known of them to ask for nobody else. */
function asksFor({ name: [name] = [], birthDate = '' }: Patient): PersonAsked | null {
  const { family = '', given: [given = ''] = [] } = name ?? {};
  if (family === '' || given === '' || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return null;
  return { family, given, birthDate };
}
