/**
 * Asks a site to register a person whom somebody wants to book for: once for each person and site, for ever. That it is
 * asked is committed before the message leaves, and where it is not known what came of it nothing is sent again: who is
 * registered twice is a duplicate at the site. Which number the person has there the site tells by its own news.
 */
import type { PersonToRegister, Register, Registered } from '../connectors/contract-register.ts';
import type { Clock } from '../core/clock.ts';
import { asHubError } from '../core/errors.ts';
import { MINUTE_MS, plus, type Instant } from '../core/instant.ts';
import { isConfidential, mayBeMinor } from '../fhir/confidential.ts';
import { withOwnContacts } from '../fhir/contact-of.ts';
import type { Patient } from '../fhir/types.ts';
import type { Plan } from '../settings/shape.ts';
import type { Standing } from '../store/contract-registrations.ts';
import { systemScope, type Scope, type Store, type Tx } from '../store/contract.ts';
import type { People } from './golden-named.ts';
import { settleRegistrations, type UnknownAt } from './unknown-task.ts';

export interface RegisterDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  readonly people?: People;
}

/**
 * `person`: to a person, since too little is known of the patient, the site has a record that may be theirs, or it was
 * asked and nothing more is to be heard. `done`: it was asked a moment ago, or will be when what is known of the
 * patient has settled. `ask`: nothing stands against it.
 */
export type Next = 'person' | 'done' | 'ask';

/** Behind the time for which the caller waits: who has not written down an answer by then has ended. */
const GRACE_MS = MINUTE_MS;

const LOOK_MS = 100;

const HUB = systemScope('booking');

/** @param isAsked the site is asked for the person before it is asked to register them */
export async function nextAt(
  { store, clock, plan }: RegisterDeps,
  { site, patientId }: UnknownAt,
  isAsked: boolean,
): Promise<{ readonly next: Next; readonly isRegistered: boolean }> {
  const standing = await store.read(HUB, (tx) => tx.registrations.standing(site, patientId));
  const next = nextOf(standing);
  const { dueUpTo, registration } = standing;
  const isRegistered = registration !== null && registration.state !== 'unsent';
  if (next !== 'ask' || isAsked || dueUpTo === null) return { next, isRegistered };
  // Who cannot be asked may have told of them a moment ago. What comes later is not waited for: it never ends.
  const until = plus(clock.now(), plan().hub.booking.wait_ms);
  while (clock.now() < until) {
    if (!(await store.read(HUB, (tx) => tx.registrations.isDue(site, dueUpTo)))) return { next, isRegistered };
    await clock.sleep(LOOK_MS);
  }
  return { next: 'done', isRegistered };
}

function nextOf({ registration, isThere, isBeingPlaced }: Standing): Next {
  if (registration !== null && registration.state !== 'unsent') return registration.isSettled ? 'person' : 'done';
  if (isBeingPlaced) return 'done';
  return isThere ? 'person' : 'ask';
}

/** @param scope of who books: the site is told nothing that they may not know */
export async function registerPerson(
  deps: RegisterDeps,
  register: Register,
  at: UnknownAt,
  scope: Scope,
): Promise<Exclude<Next, 'ask'>> {
  const { store, clock, plan } = deps;
  const { wait_ms } = plan().hub.booking;
  const asked = await store.transaction(scope, (tx) => askOnce(deps, tx, register, at, wait_ms));
  if (typeof asked === 'string') return asked;
  const told = await register.person(asked, AbortSignal.timeout(wait_ms)).catch((error: unknown): Registered => {
    return { kind: 'unknown', error: asHubError(error) };
  });
  await store.transaction(HUB, async (tx) => {
    const code = told.kind === 'refused' ? told.code : null;
    if (await tx.registrations.answered(at, told.kind, code)) await note(tx, at, told.kind, clock.now());
  });
  if (told.kind === 'refused' || told.kind === 'unknown') await settleRegistrations(deps);
  return told.kind === 'unsent' ? 'person' : 'done';
}

/** Under a lock on the site: of two who ask at once, by whichever records of the person, the second finds the first. */
async function askOnce(
  { clock, people }: RegisterDeps,
  tx: Tx,
  { showsWithin_ms }: Register,
  at: UnknownAt,
  wait_ms: number,
): Promise<PersonToRegister | Exclude<Next, 'ask'>> {
  const { site, patientId } = at;
  await tx.lock([`registrations:${site}`]);
  const next = nextOf(await tx.registrations.standing(site, patientId));
  if (next !== 'ask') return next;
  const served = await tx.resources.read('Patient', patientId);
  const hubId = (await people?.goldenOf(tx, patientId)) ?? null;
  if (served === null || served.deleted || hubId === null) return 'person';
  const now = clock.now();
  const asked = await personOf(tx, JSON.parse(served.json) as Patient, hubId, now);
  if (asked === null) return 'person';
  const answerBy = plus(now, wait_ms + GRACE_MS);
  const registration = { ...at, goldenId: hubId, askedAt: now, answerBy, showsBy: plus(now, wait_ms + showsWithin_ms) };
  // The id stands for somebody else there, who was told apart since.
  if (!(await tx.registrations.ask(registration))) return 'person';
  // Another system is told of them.
  const about = { resourceType: 'Patient', resourceId: patientId, site } as const;
  await tx.audit({ at: now, action: 'register', ...about, outcome: 'success' });
  await note(tx, at, 'asked', now);
  return asked;
}

async function note(tx: Tx, { site, patientId }: UnknownAt, state: string, now: Instant): Promise<void> {
  await tx.ledger.add([{ at: now, kind: 'patient-registration', site, data: { patient: patientId, state } }]);
}

/** Null: too little is known of them for anybody to be registered by it, or they are known to have died. */
async function personOf(tx: Tx, patient: Patient, hubId: string, now: Instant): Promise<PersonToRegister | null> {
  const { name: [name] = [], birthDate = '', gender, deceasedBoolean } = patient;
  const { family = '', given: [given = '', middle] = [] } = name ?? {};
  if (family === '' || given === '' || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate) || deceasedBoolean === true) return null;
  return {
    hubId,
    family,
    given,
    ...(middle === undefined ? {} : { middle }),
    birthDate,
    ...(gender === undefined ? {} : { gender }),
    ...((await isContactKept(tx, patient, now)) ? {} : contactOf(patient)),
  };
}

/** What was told in confidence stays where it was told (pipeline/kept-apart.ts). */
async function isContactKept(tx: Tx, { id = '', meta, birthDate }: Patient, now: Instant): Promise<boolean> {
  if (isConfidential((meta?.security ?? []).map(({ code = '' }) => code))) return true;
  return mayBeMinor(birthDate, now) && (await tx.people.labelsOfVisits(id)).some(isConfidential);
}

/** What whoever pays for a minor has as well is not registered as the minor's own. */
function contactOf(patient: Patient): Partial<PersonToRegister> {
  const { telecom, address: [address] = [] } = withOwnContacts(patient);
  const of = (system: string): string | undefined => telecom?.find((one) => one.system === system)?.value;
  const [phone, email] = [of('phone'), of('email')];
  return {
    ...(phone === undefined ? {} : { phone }),
    ...(email === undefined ? {} : { email }),
    ...(address === undefined ? {} : { address }),
  };
}
