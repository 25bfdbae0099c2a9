/** What the people of a site are asked where somebody wants to book for a patient of whom it has no record. */
import type { Clock } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, formatInstant, plus, type Instant } from '../core/instant.ts';
import type { Plan } from '../settings/shape.ts';
import type { Missing } from '../store/contract-registrations.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

/** A patient, and the site that is said to have no record of them. */
export interface UnknownAt {
  readonly site: string;
  readonly patientId: string;
}

const KIND = 'patient-unknown';
const SCOPE = systemScope('booking');
const AT_ONCE = 100;

const DECIDE = 'or decide which of its records it is (slotwire identity decide).';
const REGISTER = `Register this Patient at the site, ${DECIDE}`;

export async function openTask({ store, clock }: Deps, at: UnknownAt): Promise<void> {
  await store.transaction(SCOPE, (tx) => open(tx, at, { do: REGISTER }, clock.now()));
}

function open(tx: Tx, at: UnknownAt, says: Readonly<Record<string, string>>, now: Instant): Promise<boolean> {
  const { site, patientId: patient } = at;
  return tx.workItems.open({
    id: newId(now),
    kind: 'patient-unknown',
    subject: subjectOf(at),
    site,
    role: 'registration',
    dueAt: plus(now, DAY_MS),
    openedAt: now,
    evidence: { patient, ...says },
  });
}

function subjectOf({ site, patientId }: UnknownAt): string {
  return `patient:${site}:${patientId}`;
}

/** Asks people about registrations that came to nothing, or of which too little is heard. How many were settled. */
export async function settleRegistrations({ store, clock }: Deps): Promise<number> {
  return store.transaction(SCOPE, async (tx) => {
    const now = clock.now();
    const { settled, missing } = await tx.registrations.settle(now, AT_ONCE);
    for (const one of missing) {
      // A Task from before says less, and there is one for each patient and site.
      await tx.workItems.close(KIND, subjectOf(one), now);
      await open(tx, one, { registration: one.state, ...coded(one), do: `${whatIs(one)} ${REGISTER}` }, now);
    }
    return settled;
  });
}

function coded({ code }: Missing): Readonly<Record<string, string>> {
  return code === null ? {} : { code };
}

/** Nothing of it is sent again, and who reads it must know that. */
function whatIs({ state, askedAt, isHeard }: Missing): string {
  const asked = `The site was asked on ${formatInstant(askedAt)} to register this Patient`;
  const again = 'It is not asked again';
  if (isHeard) return `${asked}, and has a record with the id that it was given: decide whose it is. ${again}.`;
  switch (state) {
    case 'refused':
      return `${asked}, and refused. ${again}.`;
    case 'accepted':
      return `${asked}, and has told of no record with the id that it was given. ${again}: look there first.`;
    default:
      return `${asked}, and its answer is not known. ${again}: look there first.`;
  }
}

/** Closes what is answered: the site has a record of the person by now. How many. */
export async function closeRegistered({ store, clock }: Deps, plan: Plan): Promise<number> {
  return store.transaction(SCOPE, async (tx) => {
    let closed = 0;
    const waiting = await tx.workItems.openAbout(KIND, plan.sites.map(({ id }) => id)); // prettier-ignore
    for (const subject of waiting) {
      const [, site = '', patientId = ''] = subject.split(':');
      const records = await tx.index.people(await tx.resources.linkedPatients(patientId));
      if (!records.some((record) => record.site === site && record.inUse)) continue;
      if (await tx.workItems.close(KIND, subject, clock.now())) closed += 1;
    }
    return closed;
  });
}

/** As a stage of its own. */
export async function lookAfterUnknown(deps: Deps, plan: Plan): Promise<boolean> {
  await closeRegistered(deps, plan);
  return (await settleRegistrations(deps)) === AT_ONCE;
}
