/** A site that sends SIU, on a real database: messages pass through the mapping and the apply stage. */
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { StoredAppointment } from '../../src/store/contract-resources.ts';
import { at, hl7Site, map, place } from '../fixtures/siu/site.ts';
import { openWorld, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { testSites } from '../support/facts.ts';

export const KEY = 'F-1^HOSP';
export const SITE = 'riverside-hl7';

/** What a message of the tests says; what is not given is not written. */
export interface Siu {
  /** MSH-7; default 20261122120000. */
  readonly sent?: string;
  readonly filler?: string;
  readonly placer?: string;
  readonly occurrence?: string;
  readonly parent?: string;
  /** SCH-11. */
  readonly time?: string;
  readonly status?: string;
  readonly patients?: readonly string[];
  /** RGS, AIS, AIG, AIL, AIP; default: one service, practitioner ADA and room 1. */
  readonly resources?: readonly string[];
}

export const NINE = '^^^20261123090000^20261123093000';
export const TEN = '^^^20261123100000^20261123103000';
const RESOURCES = ['RGS|1', 'AIS|1||CHECK^Check', 'AIL|1||ROOM1', 'AIP|1||ADA^SHARED^ADA'];

export function siu(trigger: string, said: Siu = {}): string {
  const sch = Array.from({ length: 26 }, () => '');
  sch[1] = said.placer ?? '';
  sch[2] = said.filler ?? 'F-1^HOSP';
  sch[3] = said.occurrence ?? '';
  sch[11] = said.time ?? NINE;
  sch[24] = said.parent ?? '';
  sch[25] = said.status ?? '';
  return [
    `MSH|^~\\&|SCHED|HOSP|HUB|HUB|${said.sent ?? '20261122120000'}||SIU^${trigger}|1|P|2.5.1`,
    `SCH${sch.join('|')}`,
    ...(said.patients ?? ['M1']).map((id) => `PID|1||${id}^^^HOSP^MR||DOE^${id}`),
    ...(said.resources ?? RESOURCES),
    '',
  ].join('\r');
}

export interface SiuWorld extends World {
  /** Stores and applies a message; its inbox id. */
  send(message: string): Promise<number>;
  visit(key?: string): Promise<StoredAppointment>;
  /** Busy time by resource, as `ADA 09:00-09:30`, in the order of names. */
  busy(): Promise<readonly string[]>;
  /** How the message ended: `applied`, `superseded`, `parked MESSAGE_UNDECIDED`. */
  ended(id: number): Promise<string>;
  readonly site: SiteSettings;
}

export const ROOMS = {
  hall: place('UTC', ['HALL']),
  room1: place('UTC', ['ROOM1'], true),
  room2: place('UTC', ['ROOM2'], true),
};

export async function openSiu(
  cleanup: Cleanup,
  more: Partial<SiteSettings> = {},
  settings: Parameters<typeof hl7Site>[1] = {},
): Promise<SiuWorld> {
  const practitioners = { ADA: { practitioner: 'npi:1043333339' }, BEN: { practitioner: 'local:ben' } };
  const site = hl7Site(
    {
      environment: 'sandbox',
      timeZone: 'UTC',
      locations: ROOMS,
      resources: { calendars: {}, practitioners, devices: { US1: { name: 'Ultrasound 1' } } },
      unknownIdentifiers: 'local-only',
      visitTypes: { CHECK: 'check-30' },
      ...more,
    },
    settings,
  );
  const world = await openWorld(cleanup, { sites: [...testSites(), site] });
  const names = new Map([
    [canonicalId.practitionerByNpi('1043333339'), 'ADA'],
    [canonicalId.practitionerAtSite(SITE, 'ben'), 'BEN'],
    [canonicalId.device(SITE, 'US1'), 'US1'],
    ...Object.keys(site.locations).map((key) => [canonicalId.location(SITE, key), key] as const),
  ]);
  return Object.assign(world, {
    site,
    send(message: string) {
      const mapped = map(message, site);
      const first = mapped.kind === 'changes' ? mapped.changes[0]?.at : undefined;
      return world.tell(SITE, { mapped }, { shape: 'event', at: first ?? at('2026-11-22T12:00:00Z') });
    },
    visit: (key = KEY) => world.appointment(SITE, key),
    async busy() {
      const rows = (await world.rows(
        `SELECT resource_id, lower(during) AS from_at, upper(during) AS to_at FROM busy ORDER BY 2, 3`,
      )) as readonly { readonly resource_id: string; readonly from_at: number; readonly to_at: number }[];
      const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
      return rows
        .map((row) => `${names.get(row.resource_id) ?? 'another'} ${clock(row.from_at)}-${clock(row.to_at)}`)
        .sort();
    },
    async ended(id: number) {
      const { status, code } = await world.message(id);
      return code === null ? status : `${status} ${code}`;
    },
  });
}
