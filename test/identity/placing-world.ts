/** Sites that tell of people, over the real index and store; records are placed when a test says so. */
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Patient } from '../../src/fhir/types.ts';
import type { PatientPlacing } from '../../src/identity/contract.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { identifyStage, type IdentifyStage } from '../../src/pipeline/identify.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from '../support/database.ts';
import { manualClock, siteOf, type ManualClock } from '../support/facts.ts';

export interface PlacingWorld extends Opened {
  readonly clock: ManualClock;
  readonly stage: IdentifyStage;
  readonly outcomes: string[];
  /** A stage of another process. */
  anotherStage(placing?: PatientPlacing): IdentifyStage;
  /** A site tells of a record; its Patient id. Nothing is placed. */
  tell(site: string, key: string, person: Partial<PatientAssertion>): Promise<string>;
  /** Places all that is due. */
  settle(): Promise<void>;
  /** Lists of Patient ids that are one person, the lists and their ids sorted. */
  people(): Promise<readonly (readonly string[])[]>;
  goldenOf(id: string): Promise<string>;
  rows(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export const ROBERT = {
  family: 'Okonkwo',
  given: 'Robert',
  birthDate: '1972-03-04',
  gender: 'male',
  phone: '937-555-2222',
  address: { line: ['12 Oak Street'], city: 'Springfield', postalCode: '45501' },
} as const satisfies Partial<PatientAssertion>;

export async function placingWorld(
  cleanup: Cleanup,
  options: { readonly max?: number; readonly placing?: PatientPlacing; readonly atOnce?: number } = {},
): Promise<PlacingWorld> {
  const clock = manualClock();
  const opened = await openedStore(cleanup, { clock, max: options.max ?? 4 });
  const outcomes: string[] = [];
  const events = {
    placed: (outcome: string) => outcomes.push(outcome),
    keyCapped: (kind: string, read: string) => outcomes.push(`capped ${kind} ${read}`),
  };
  const anotherStage = (placing = options.placing ?? patientPlacing()): IdentifyStage =>
    identifyStage({ store: opened.store, clock, placing, events, atOnce: options.atOnce ?? 1 });
  const rows: PlacingWorld['rows'] = async (text) =>
    (await opened.pool.query<Readonly<Record<string, unknown>>>(text)).rows;
  const world: PlacingWorld = {
    ...opened,
    clock,
    outcomes,
    stage: anotherStage(),
    anotherStage,
    rows,
    async tell(site, key, person) {
      clock.advance(1_000);
      const mrn = { system: `urn:${site}:mrn`, value: key, type: 'MR' };
      const assertion: PatientAssertion = { ...person, key, identifiers: [mrn, ...(person.identifiers ?? [])] };
      const now = clock.now();
      const cause = { site, messageId: null, siteTime: now, now };
      await opened.write((tx) => patientIndex.resolve(assertion, siteOf(site), now, tx, cause));
      return canonicalId.patient(site, key);
    },
    async settle() {
      while (await world.stage.step());
    },
    async people() {
      const found = (await rows('SELECT patient_id, golden_id FROM patient_link ORDER BY 1')) as readonly {
        patient_id: string;
        golden_id: string;
      }[];
      const groups = Map.groupBy(found, (row) => row.golden_id);
      return [...groups.values()].map((group) => group.map((row) => row.patient_id)).sort();
    },
    async goldenOf(id) {
      const [row] = await rows(`SELECT golden_id FROM patient_link WHERE patient_id = '${id}'`);
      return String(row?.['golden_id']);
    },
  };
  return world;
}

export async function patientOf(world: PlacingWorld, id: string): Promise<Patient> {
  const served = await world.write((tx) => tx.resources.read('Patient', id));
  return JSON.parse(served?.json ?? '{}') as Patient;
}
