/**
 * A site that keys people by its own numbers and has none for this one. Its file says what then: refuse, or refuse and
 * ask its people to register the patient, so that the same booking can be made when they have; or ask the site itself
 * before, which may have the person and not have told of them yet.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import type { PersonAsked, Sought } from '../connectors/contract-seek.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientPolicy } from '../settings/identifier-shape.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { systemScope, type Scope, type Store } from '../store/contract.ts';

const REFUSED = 'the site has no record of this patient that may be written to: have the clinic register the patient';
const ASKED =
  'the site has no record of this patient that may be written to: its people have a Task to register the patient; ' +
  'book again when they have';

const FOUND =
  'the site has a record that may be of this patient, and it is being compared: book again in a moment; where it ' +
  'stays undecided its people have a Task to register the patient';

export class PatientUnknown extends HubError {
  readonly patientId: string;
  readonly policy: PatientPolicy['whenUnknown'];

  constructor(patientId: string, site: Pick<SiteSettings, 'id' | 'patients'>, isFound = false) {
    const policy = site.patients?.whenUnknown ?? 'refuse';
    super('RULE_BROKEN', { detail: policy === 'refuse' ? REFUSED : isFound ? FOUND : ASKED, site: site.id });
    this.patientId = patientId;
    this.policy = policy;
  }
}

/** Asks a site for a person and hands on what it says. Null: the site cannot be asked. */
export type AskSite = (asked: PersonAsked, signal: AbortSignal) => Promise<Sought['kind']>;

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

interface Asking extends Deps {
  readonly plan: () => Plan;
  readonly seek?: (siteId: string) => AskSite | null;
}

/**
 * What is to be told instead of `error`, which may be any: where it is that of a patient whom a site has not, the site
 * is asked for them if its file says so, and its people by a Task. The Task is there whatever the site has said: it is
 * closed when somebody or matching has decided. In transactions of its own: that of the booking has come to nothing.
 */
export async function askToRegister(deps: Asking, error: unknown, scope: Scope): Promise<unknown> {
  if (!(error instanceof PatientUnknown) || error.policy === 'refuse' || error.site === undefined) return error;
  const { patientId, site: siteId } = error;
  const isFound = error.policy === 'search' && (await askSite(deps, siteId, patientId, scope)) === 'one';
  await openTask(deps, siteId, patientId);
  const site = deps.plan().sites.find(({ id }) => id === siteId);
  return isFound && site !== undefined ? new PatientUnknown(patientId, site, true) : error;
}

/** As long as one who books waits for a site. */
async function askSite(deps: Asking, siteId: string, patientId: string, scope: Scope): Promise<Sought['kind'] | null> {
  const ask = deps.seek?.(siteId) ?? null;
  if (ask === null) return null;
  const served = await deps.store.transaction(scope, async (tx) => {
    // Another system is told of them.
    const about = { resourceType: 'Patient', resourceId: patientId, site: siteId } as const;
    await tx.audit({ at: deps.clock.now(), action: 'search', ...about, outcome: 'success' });
    return tx.resources.read('Patient', patientId);
  });
  const asked = served === null || served.deleted ? null : asksFor(JSON.parse(served.json) as Patient);
  if (asked === null) return null;
  return ask(asked, AbortSignal.timeout(deps.plan().hub.booking.wait_ms));
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
