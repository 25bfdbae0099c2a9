/** One HL7 v2 site over the real feed, mapping, stage and store: messages go in as bytes, in the order given. */
import { hl7Feed } from '../../src/connectors/kit/hl7/feed.ts';
import type { Hl7v2Settings } from '../../src/connectors/kit/hl7/wire.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import type { Appointment, Patient } from '../../src/fhir/types.ts';
import { peopleServing } from '../../src/identity/serving/serving.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { practitionerIndex } from '../../src/identity/practitioners.ts';
import { hl7v2Mapping } from '../../src/mappings/hl7v2/index.ts';
import { applyStage } from '../../src/pipeline/apply.ts';
import { syncDirectory } from '../../src/pipeline/directory.ts';
import type { StageEvents } from '../../src/pipeline/events.ts';
import { operations } from '../../src/pipeline/operate.ts';
import { feedSettings } from '../../src/settings/feed-settings.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { InboxMessage } from '../../src/store/contract-inbox.ts';
import type { StoredAppointment } from '../../src/store/contract-resources.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { at, hl7Site } from '../fixtures/siu/site.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from '../support/database.ts';
import { manualClock, SCOPE, testPlan, type ManualClock } from '../support/facts.ts';

export interface FeedWorld extends Opened {
  readonly clock: ManualClock;
  /** Stores messages and applies all that is due; their inbox ids (0: a repeat). */
  tell(...messages: readonly string[]): Promise<readonly number[]>;
  /** Stores only. */
  store1(message: string): Promise<number>;
  apply(): Promise<void>;
  message(id: number): Promise<InboxMessage>;
  replay(id: number): Promise<void>;
  parked(): Promise<readonly InboxMessage[]>;
  readonly operate: Pick<ReturnType<typeof operations>, 'replay'>;
  /** As an operator does who knows that the message must not be applied. */
  setAside(id: number): Promise<boolean>;
  /** By record number; null: there is none. */
  patient(mrn: string): Promise<Patient | null>;
  patientId(mrn: string): Promise<string | null>;
  visit(key: string): Promise<(StoredAppointment & { readonly body: Appointment }) | null>;
  /** SCH-2 numbers of the appointments that a search by this record finds, sorted. */
  found(mrn: string): Promise<readonly string[]>;
  /** The same by a reference, of a golden Patient too. */
  foundBy(patient: string): Promise<readonly string[]>;
  workItems(): Promise<readonly WorkItem[]>;
  rows(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The site file was changed and read again. */
  reload(site: SiteSettings): Promise<void>;
}

export const MRN = (number: string): string => `${number}^^^HOSP_A^MR`;

export async function feedWorld(cleanup: Cleanup, site: SiteSettings = hl7Site()): Promise<FeedWorld> {
  const clock = manualClock(at('2026-11-22T12:00:00Z'));
  const opened = await openedStore(cleanup, { clock, max: 4 });
  let plan = testPlan([site]);
  const events = new Proxy({} as StageEvents, { get: () => () => undefined });
  const stage = applyStage({
    store: opened.store,
    clock,
    plan: () => plan,
    mappingOf: () => hl7v2Mapping,
    patients: patientIndex,
    practitioners: practitionerIndex,
    publishesSlots: () => false,
    events,
    after: () => undefined,
  });
  await syncDirectory(opened.store, plan, practitionerIndex, clock.now());
  const feed = hl7Feed({ id: site.id, file: site, settings: feedSettings(site.settings) as unknown as Hl7v2Settings });

  const operate = operations({
    store: opened.store,
    clock,
    runner: () => undefined,
    configured: () => [site.id],
    waiting: () => undefined,
    preview: () => Promise.resolve(null),
  });
  const world: FeedWorld = {
    ...opened,
    clock,
    operate,
    async store1(message) {
      const event = feed.read(Buffer.from(message), clock.now());
      const [stored] = await opened.write((tx) => tx.inbox.insert(site.id, 'hl7', [event], clock.now(), null));
      return stored?.kind === 'inserted' ? stored.id : 0;
    },
    async tell(...messages) {
      const ids: number[] = [];
      for (const message of messages) ids.push(await world.store1(message));
      await world.apply();
      return ids;
    },
    async apply() {
      while (await stage.step());
    },
    async message(id) {
      const found = await opened.write((tx) => tx.inbox.get(id));
      if (found === null) throw new Error(`no message ${id}`);
      return found;
    },
    async replay(id) {
      await opened.write((tx) => tx.inbox.replay(id, clock.now()));
      await world.apply();
    },
    parked: () => opened.write((tx) => tx.inbox.list({ status: 'parked', limit: 1_000 })),
    setAside: (id) => operate.release(SCOPE, id, 'request'),
    patientId: (mrn) => opened.write((tx) => tx.resources.patientByKey(site.id, `${mrn}^HOSP_A`)),
    async patient(mrn) {
      const id = await world.patientId(mrn);
      const served = id === null ? null : await opened.write((tx) => tx.resources.read('Patient', id));
      return served === null ? null : (JSON.parse(served.json) as Patient);
    },
    async visit(key) {
      const id = await opened.write((tx) => tx.resources.appointmentByKey(site.id, key));
      const found = id === null ? null : await opened.write((tx) => tx.resources.appointment(id));
      return found === null ? null : { ...found, body: found.resource };
    },
    async found(mrn) {
      const id = await world.patientId(mrn);
      return id === null ? [] : world.foundBy(`Patient/${id}`);
    },
    async foundBy(patient) {
      const { plan: query } = parseSearch({
        type: 'Appointment',
        pairs: [
          ['patient', patient],
          ['_count', '100'],
        ],
        strict: true,
        zone: 'UTC',
        now: clock.now(),
        base: 'http://hub.example/fhir/R4',
        pageSize: 100,
        pageSizeMax: 100,
      });
      const { matches } = await opened.store.read(SCOPE, async (tx) =>
        tx.resources.search(await peopleServing().opened(tx, query, 100)),
      );
      return matches
        .map(({ json }) => (JSON.parse(json) as Appointment).identifier?.[0]?.value?.split('^')[0] ?? '')
        .sort();
    },
    workItems: () => opened.write((tx) => tx.workItems.list(50)),
    async reload(changed) {
      plan = testPlan([changed]);
      await syncDirectory(opened.store, plan, practitionerIndex, clock.now());
    },
    async rows(text) {
      return (await opened.pool.query<Readonly<Record<string, unknown>>>(text)).rows;
    },
  };
  return world;
}

// ---------------------------------------------------------------------------------------------------------- messages

let control = 0;

function head(kind: string, time: string): string {
  control += 1;
  return `MSH|^~\\&|EPICSIM|HOSP_A|HUB|HUB|${time}||${kind}|C${control}|P|2.5.1\rEVN||${time}\r`;
}

export interface Person {
  readonly name?: string;
  readonly born?: string;
}

export function pid(mrn: string, { name = `FAM${mrn}^GIVEN`, born = '19800102' }: Person = {}): string {
  return `PID|1||${MRN(mrn)}||${name}||${born}|F\r`;
}

/** `time`: the ordering time, local to the site. */
export function adt(trigger: string, time: string, ...segments: readonly string[]): string {
  return head(`ADT^${trigger}`, time) + segments.join('');
}

export function merge(time: string, from: string, into: string, trigger = 'A40'): string {
  return adt(trigger, time, pid(into), `MRG|${MRN(from)}\r`);
}

export function siu(
  trigger: string,
  time: string,
  key: string,
  mrn: string,
  more: { readonly start?: string; readonly visit?: string; readonly status?: string } = {},
): string {
  const { start = '20261201090000', visit = `V-${key}`, status = '' } = more;
  const end = start.replace(/(\d{4})$/, '3000');
  return [
    head(`SIU^${trigger}`, time),
    `SCH||${key}^HOSP_A|||||CHECKUP||30|min|^^^${start}^${end}||||||||||||||${status}\r`,
    pid(mrn),
    `PV1|1|O|CARD${'|'.repeat(16)}${visit}^^^HOSP_A^VN\r`,
    `RGS|1|A\rAIS|1|A|CARDFU|${start}|||30|min\rAIP|1|A|1234567893^HEART^HENRY^^^^^^NPI\r`,
  ].join('');
}
