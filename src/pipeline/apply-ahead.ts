/**
 * What the messages of a batch will look up, told before the first of them is applied, so that it is read at once
 * (store/gather.ts). Nothing depends on its being complete: what is not told here is read when it is asked for.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { PractitionerIndex } from '../identity/contract.ts';
import type { AppointmentChange, PatientAssertion, ResourceAssertion } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Expected, Named } from '../store/contract-ahead.ts';
import type { Tx } from '../store/contract.ts';
import type { Reading } from './apply-read.ts';
import { asserted } from './directory.ts';
import { locationKey } from './participants.ts';

type WhoIs = Pick<PractitionerIndex, 'idOf'>;

export async function readWhatIsStated(tx: Tx, practitioners: WhoIs, readings: readonly Reading[]): Promise<void> {
  const found = new Found(practitioners);
  for (const { site, mapped, message } of readings) {
    if (site === null || mapped.kind !== 'changes') continue;
    found.sites.add(site.id);
    if (message.shape === 'state' && message.object !== null) found.object(site, message.object);
    for (const change of mapped.changes) {
      if (change.kind === 'appointment') found.appointment(site, change);
      if (change.kind === 'appointment-gone') found.visit(site, change.key);
      if (change.kind === 'patient') found.patient(site, change.patient);
    }
  }
  await tx.readAhead(found.expected());
}

class Found {
  readonly sites = new Set<string>();
  readonly #practitioners: WhoIs;
  readonly #visits = new Map<string, Named>();
  readonly #patients = new Map<string, Named>();
  readonly #objects = new Map<string, { readonly site: string; readonly object: string }>();
  readonly #resources = new Set<string>();
  readonly #schedules = new Set<string>();

  constructor(practitioners: WhoIs) {
    this.#practitioners = practitioners;
  }

  object({ id }: SiteSettings, object: string): void {
    this.#objects.set(`${id} ${object}`, { site: id, object });
  }

  visit(site: SiteSettings, key: string): void {
    this.#visits.set(`${site.id} ${key}`, { site: site.id, key, id: canonicalId.appointment(site.identity, key) });
  }

  patient(site: SiteSettings, { key }: PatientAssertion): void {
    this.#patients.set(`${site.id} ${key}`, { site: site.id, key, id: canonicalId.patient(site.identity, key) });
    this.object(site, `patient:${key}`);
  }

  appointment(site: SiteSettings, change: AppointmentChange): void {
    this.visit(site, change.key);
    for (const patient of change.patients) this.patient(site, patient);
    for (const { actor } of change.participants) this.#actor(site, actor);
    const key = scheduleKey(site, change);
    if (key === null) return;
    const id = canonicalId.schedule(site.identity, key);
    this.#schedules.add(id);
    this.#resources.add(id);
  }

  expected(): Expected {
    return {
      sites: [...this.sites],
      appointments: [...this.#visits.values()],
      patients: [...this.#patients.values()],
      resources: [...this.#resources],
      schedules: [...this.#schedules],
      objects: [...this.#objects.values()],
    };
  }

  #actor(site: SiteSettings, actor: ResourceAssertion): void {
    const practitioner = (id: string): void => {
      this.#resources.add(id).add(canonicalId.practitionerRole(site.identity, id));
    };
    if (actor.kind === 'practitioner') practitioner(this.#practitioners.idOf(actor.assertion, site));
    if (actor.kind === 'location') {
      this.#resources.add(canonicalId.location(site.identity, locationKey(site, actor.code)));
    }
    if (actor.kind !== 'calendar') return;
    const rule = site.resources.calendars[actor.code];
    if (rule?.practitioner !== undefined) practitioner(this.#practitioners.idOf(asserted(actor.code, rule), site));
  }
}

/** As scheduleOf makes it: practitioner and place together. A calendar's is written with the directory. */
function scheduleKey(site: SiteSettings, { participants }: AppointmentChange): string | null {
  let person: string | undefined;
  let place: string | undefined;
  for (const { actor } of participants) {
    if (actor.kind === 'calendar') return null;
    if (actor.kind === 'practitioner') person ??= actor.assertion.code;
    if (actor.kind === 'location') place ??= locationKey(site, actor.code);
  }
  const parts = [person, place].filter((part) => part !== undefined);
  return parts.length === 0 ? null : parts.join('@');
}
