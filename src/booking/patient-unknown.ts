/**
 * A site that keys people by its own numbers and has none for this one. Its file says what then: refuse, or refuse and
 * ask its people to register the patient, so that the same booking can be made when they have.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { systemScope, type Store } from '../store/contract.ts';

const REFUSED = 'the site has no record of this patient that may be written to: have the clinic register the patient';
const ASKED =
  'the site has no record of this patient that may be written to: its people have a Task to register the patient; ' +
  'book again when they have';

export class PatientUnknown extends HubError {
  readonly patientId: string;
  readonly isAsked: boolean;

  constructor(patientId: string, site: SiteSettings) {
    const isAsked = site.patients?.whenUnknown === 'ask';
    super('RULE_BROKEN', { detail: isAsked ? ASKED : REFUSED, site: site.id });
    this.patientId = patientId;
    this.isAsked = isAsked;
  }
}

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

/** In a transaction of its own: that of the booking has come to nothing. */
export async function askToRegister({ store, clock }: Deps, error: unknown): Promise<void> {
  if (!(error instanceof PatientUnknown) || !error.isAsked || error.site === undefined) return;
  const { patientId, site } = error;
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
