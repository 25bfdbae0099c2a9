/** The test hub with people of two open sites and of one under a label, placed among each other as the hub does it. */
import { systemClock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Patient } from '../../src/fhir/types.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { identifyStage } from '../../src/pipeline/identify.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Cleanup } from '../support/database.ts';
import { site, startTestHub, testPlan, type Answer, type TestHub, type Who } from './hub.ts';

export { ROBERT } from '../identity/placing-world.ts';

export const NORTH_MRN = 'urn:oid:1.2.3.1';
export const SOUTH_MRN = 'urn:oid:1.2.3.2';
/** The records of this site are under the label R. */
export const CLOSED = 'closed';

function siteWith(id: string, system: string, labels: readonly string[] = []): SiteSettings {
  return site(id, {
    identifiers: { MR: { system, type: 'site-mrn', useForWriteBack: true } },
    sensitivity: { site: labels, departments: {}, visitTypes: {}, codes: {} },
  });
}

const SITES: Readonly<Record<string, { readonly settings: SiteSettings; readonly mrn: string }>> = {
  north: { settings: siteWith('north', NORTH_MRN), mrn: NORTH_MRN },
  south: { settings: siteWith('south', SOUTH_MRN), mrn: SOUTH_MRN },
  [CLOSED]: { settings: siteWith(CLOSED, 'urn:oid:1.2.3.9', ['R']), mrn: 'urn:oid:1.2.3.9' },
};

export const PLAN = testPlan(
  {},
  Object.values(SITES).map(({ settings }) => settings),
);

export interface PeopleHub {
  readonly hub: TestHub;
  /** A site tells of a record; its Patient id. */
  readonly tell: (site: string, key: string, person: Partial<PatientAssertion>) => Promise<string>;
  readonly merge: (site: string, from: string, into: string) => Promise<void>;
  /** Places all that is due. */
  readonly settle: () => Promise<void>;
  readonly patient: (who: Who, id: string) => Promise<Patient>;
  readonly post: (who: Who, path: string, body: unknown) => Promise<Answer>;
}

export async function peopleHub(cleanup: Cleanup): Promise<PeopleHub> {
  const hub = await startTestHub(cleanup, { plan: PLAN });
  const events = { placed: () => undefined, keyCapped: () => undefined };
  const stage = identifyStage({ store: hub.store, clock: systemClock, placing: patientPlacing(), events });
  let time = Date.UTC(2026, 10, 22, 12);
  const next = (): ReturnType<typeof instant> => instant((time += 1_000));
  const settingsOf = (id: string): SiteSettings => SITES[id]?.settings ?? site(id);
  return {
    hub,
    async tell(id, key, person) {
      const mrn = { system: SITES[id]?.mrn ?? '', value: key, type: 'MR' };
      const assertion: PatientAssertion = { ...person, key, identifiers: [mrn, ...(person.identifiers ?? [])] };
      const now = next();
      const cause = { site: id, messageId: null, siteTime: now, now };
      await hub.write((tx) => patientIndex.resolve(assertion, settingsOf(id), now, tx, cause));
      return canonicalId.patient(id, key);
    },
    async merge(id, from, into) {
      const now = next();
      const named = (key: string): { key: string; identifiers: [] } => ({ key, identifiers: [] });
      const statement = { kind: 'merge', one: named(from), other: named(into), at: now, reason: 'ADT^A40' } as const;
      const cause = { site: id, messageId: null, siteTime: now, now };
      await hub.write((tx) => patientIndex.decide(statement, settingsOf(id), tx, cause));
    },
    async settle() {
      while (await stage.step());
    },
    async patient(who, id) {
      const { status, text, body } = await hub.fhir(who, `/Patient/${id}`);
      if (status !== 200) throw new Error(text);
      return body as unknown as Patient;
    },
    post: (who, path, body) =>
      hub.fhir(who, path, {
        method: 'POST',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify(body),
      }),
  };
}

/** Ids that a Patient's links of a type lead to. */
export function leadsTo({ link = [] }: Patient, type: string): readonly string[] {
  return link.filter((one) => one.type === type).map(({ other }) => other.reference?.replace('Patient/', '') ?? '');
}
