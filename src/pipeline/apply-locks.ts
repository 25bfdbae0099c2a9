/**
 * Everything that a batch will change is locked by one call before the first change, under the same names as booking
 * locks it (DESIGN section 8, step 5): so a hold and a site's news never pass each other unseen, a slot that is only
 * just being written cannot miss a hold that is only just being committed, and nobody waits for anybody in a ring.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { neededAtAll } from '../fhir/needs.ts';
import type { PatientIndex, PractitionerIndex } from '../identity/contract.ts';
import type { Change, ResourceAssertion } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Tx } from '../store/contract.ts';
import { lockedByPeople } from './apply-people.ts';
import { visitsStated } from './apply-status.ts';
import { asserted } from './directory.ts';
import { lockedByAnswer } from './apply-answer.ts';
import { calendarTakes, locationKey } from './participants.ts';

export interface Stated {
  readonly site: SiteSettings;
  readonly changes: readonly Change[];
}

/** Whom statements name, told without changing anything. */
export interface WhoIsWho {
  readonly practitioners: Pick<PractitionerIndex, 'idOf'>;
  readonly patients: Pick<PatientIndex, 'concerned'>;
}

export async function lockWhatIsStated(
  tx: Tx,
  { practitioners, patients }: WhoIsWho,
  stated: readonly Stated[],
): Promise<void> {
  const ids = new Set<string>();
  const named: SiteKey[] = [];
  for (const { site, changes } of stated) {
    for (const change of changes) {
      for (const id of taken(practitioners, site, change)) ids.add(id);
      if (change.kind === 'appointment' || change.kind === 'appointment-gone') {
        named.push({ site: site.id, key: change.key });
        ids.add(canonicalId.appointment(site.identity, change.key));
      }
    }
  }
  await tx.lockRead([...ids], () => known(tx, patients, stated, named));
}

/** What stands in the database of those whom statements name, or leave unnamed: a visit keeps what it takes. */
async function known(
  tx: Tx,
  patients: WhoIsWho['patients'],
  stated: readonly Stated[],
  named: readonly SiteKey[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  const keys = [...named];
  for (const { site, changes } of stated) {
    ids.push(...(await lockedByPeople(tx, patients, site, changes)));
    for (const { id, siteKey } of await visitsStated(tx, site, changes)) {
      ids.push(id);
      if (siteKey !== null) keys.push({ site: site.id, key: siteKey });
    }
    for (const change of changes) {
      if (change.kind === 'booking-answer') ids.push(...(await lockedByAnswer(tx, site.id, change)));
    }
  }
  return keys.length === 0 ? ids : [...ids, ...(await tx.busy.heldByKeys(keys))];
}

interface SiteKey {
  readonly site: string;
  readonly key: string;
}

function taken(practitioners: Pick<PractitionerIndex, 'idOf'>, site: SiteSettings, change: Change): readonly string[] {
  const patient = (key: string): string => `patient:${site.id}:${key}`;
  switch (change.kind) {
    case 'appointment':
      return [
        ...change.participants.flatMap(({ actor }) => takenBy(practitioners, site, actor)),
        ...change.patients.map(({ key }) => patient(key)),
        ...neededAtAll(site),
      ];
    // Of people and their visits the records are looked up first: lockedByPeople, visitsStated.
    case 'appointment-gone':
    case 'booking-answer':
    case 'patient-merge':
    case 'patient-link':
    case 'patient-gone':
    case 'visit-status':
    case 'visit-renumbered':
      return [];
    case 'visit-moved':
      return [patient(change.patient.key)];
    case 'slots':
    case 'blocks':
      return takenBy(practitioners, site, { kind: 'calendar', code: change.calendar });
    case 'block':
      return takenBy(practitioners, site, change.actor);
    case 'patient':
    case 'related-people':
      return [patient(change.patient.key)];
    case 'practitioner':
      return [practitioners.idOf(change.assertion, site)];
    case 'place':
      return takenBy(practitioners, site, { kind: 'location', code: change.code });
  }
}

/** What the actor may occupy, or a place that is closed as a whole. */
function takenBy(
  practitioners: Pick<PractitionerIndex, 'idOf'>,
  site: SiteSettings,
  actor: ResourceAssertion,
): readonly string[] {
  switch (actor.kind) {
    case 'calendar': {
      const rule = site.resources.calendars[actor.code];
      // Nobody's here: its message will be parked.
      if (rule === undefined) return [];
      const who = rule.practitioner === undefined ? null : practitioners.idOf(asserted(actor.code, rule), site);
      const room = rule.location !== undefined && site.locations[rule.location]?.room === true ? rule.location : null;
      return calendarTakes(site, actor.code, who, room === null ? null : canonicalId.location(site.identity, room));
    }
    case 'practitioner':
      return [practitioners.idOf(actor.assertion, site)];
    case 'location':
      return [canonicalId.location(site.identity, locationKey(site, actor.code))];
    case 'device':
      return [canonicalId.device(site.identity, actor.code)];
  }
}
