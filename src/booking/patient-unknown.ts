/**
 * A site that keys people by its own numbers and has none for this one. Its file says what then: refuse, or refuse and
 * ask its people to register the patient, so that the same booking can be made when they have; or ask the site itself
 * before, which may have the person and not have told of them yet.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import type { PersonAsked } from '../connectors/contract-seek.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientPolicy } from '../settings/identifier-shape.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { systemScope, type Scope, type Store } from '../store/contract.ts';

const REFUSED = 'the site has no record of this patient that may be written to: have the clinic register the patient';
const ASKED =
  'the site has no record of this patient that may be written to: its people have a Task to register the patient; ' +
  'book again when they have';

/** The same whatever the site says: that it has somebody may be nothing that who books may know. */
const SEARCHED =
  'the site has told of no record of this patient that may be written to: it is asked whether it has one, and its ' +
  'people have a Task to register the patient; book again in a moment, or when they have';

const TOLD = { refuse: REFUSED, ask: ASKED, search: SEARCHED } as const;

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
export type AskSite = (asked: PersonAsked, signal: AbortSignal) => Promise<unknown>;

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

interface Asking extends Deps {
  readonly plan: () => Plan;
  readonly seek?: (siteId: string) => AskSite | null;
}

/**
 * Where `error`, which may be any, is that of a patient whom a site has not: asks the site for them if its file says
 * so, and its people by a Task. The Task is there whatever the site has said: it is closed when somebody or matching
 * has decided. In transactions of its own: that of the booking has come to nothing.
 */
export async function askToRegister(deps: Asking, error: unknown, scope: Scope): Promise<void> {
  if (!(error instanceof PatientUnknown) || error.policy === 'refuse' || error.site === undefined) return;
  await openTask(deps, error.site, error.patientId);
  if (error.policy === 'search') await askSite(deps, error.site, error.patientId, scope);
}

/** As long as one who books waits for a site. */
async function askSite(deps: Asking, siteId: string, patientId: string, scope: Scope): Promise<void> {
  const ask = deps.seek?.(siteId) ?? null;
  if (ask === null) return;
  const served = await deps.store.transaction(scope, async (tx) => {
    // Another system is told of them.
    const about = { resourceType: 'Patient', resourceId: patientId, site: siteId } as const;
    await tx.audit({ at: deps.clock.now(), action: 'search', ...about, outcome: 'success' });
    return tx.resources.read('Patient', patientId);
  });
  const asked = served === null || served.deleted ? null : asksFor(JSON.parse(served.json) as Patient);
  if (asked !== null) await ask(asked, AbortSignal.timeout(deps.plan().hub.booking.wait_ms));
}

/** Null: too little is known of them to ask for nobody else. */
function asksFor({ name: [name] = [], birthDate = '' }: Patient): PersonAsked | null {
  const { family = '', given: [given = ''] = [] } = name ?? {};
  if (family === '' || given === '' || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return null;
  return { family, given, birthDate };
}

async function openTask({ store, clock }: Deps, site: string, patientId: string): Promise<void> {
  const now = clock.now();
  await store.transaction(systemScope('booking'), (tx) =>
    tx.workItems.open({
      id: newId(now),
      kind: 'patient-unknown',
      subject: `patient:${site}:${patientId}`,
      site,
      role: 'registration',
      dueAt: plus(now, DAY_MS),
      openedAt: now,
      evidence: {
        patient: patientId,
        do: 'Register this Patient at the site, or decide which of its records it is (slotwire identity decide).',
      },
    }),
  );
}

/** Closes what is answered: the site has a record of the person by now. How many. */
export async function closeRegistered({ store, clock }: Deps, plan: Plan): Promise<number> {
  return store.transaction(systemScope('booking'), async (tx) => {
    let closed = 0;
    const open = await tx.workItems.openAbout('patient-unknown', plan.sites.map(({ id }) => id)); // prettier-ignore
    for (const subject of open) {
      const [, site = '', patientId = ''] = subject.split(':');
      const records = await tx.index.people(await tx.resources.linkedPatients(patientId));
      if (!records.some((record) => record.site === site && record.inUse)) continue;
      if (await tx.workItems.close('patient-unknown', subject, clock.now())) closed += 1;
    }
    return closed;
  });
}
