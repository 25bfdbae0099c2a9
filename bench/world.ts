/** A hub on its own database and, where wanted, with an Acuity account; what the benches of traffic run against. */
import { join } from 'node:path';
import { ACUITY, writeClinic, type ClinicSize } from './clinic.ts';
import { basic, fine, openClient, type Client } from './client.ts';
import { openDatabase, type Database } from './database.ts';
import type { Run } from './figure.ts';
import { startHub, type Hub } from './hub.ts';

/** What something cost the hub and its database, in a sentence; the hub's other work of that time is included. */
export type Cost = (count: number, what: string) => Promise<string>;

export interface World {
  readonly hub: Hub;
  readonly database: Database;
  /** The FHIR API as the scheduler. */
  api(connections: number): Client;
  /** The Acuity simulator: its vendor's API below /api/v1, its control below /__sim. */
  simulator(connections: number): Client;
  /** Counts from now until it is asked. */
  costing(): Promise<Cost>;
  stop(): Promise<void>;
}

export async function openWorld(run: Run, acuity: ClinicSize | null): Promise<World> {
  const configDir = join(run.folder, 'config');
  await writeClinic(configDir, acuity);
  const database = await openDatabase(join(run.folder, 'database'));
  let hub: Hub;
  try {
    hub = await startHub(run, { dataDir: join(run.folder, 'data'), configDir, databaseUrl: database.url });
  } catch (error) {
    await database.stop();
    throw error;
  }
  const simulatorUrl = hub.sites[0]?.simulatorUrl ?? '';
  return {
    hub,
    database,
    api: (connections) =>
      openClient(hub.fhirBaseUrl, { authorization: `Bearer ${hub.tokens['scheduler'] ?? ''}` }, connections),
    simulator: (connections) =>
      openClient(simulatorUrl, { authorization: basic(String(ACUITY.userId), ACUITY.apiKey) }, connections),
    costing: () => costing(hub, database),
    async stop() {
      await hub.stop();
      await database.stop();
    },
  };
}

async function costing(hub: Hub, database: Database): Promise<Cost> {
  const before = { ...(await database.counted()), cpu_ms: await hub.cpu_ms() };
  return async (count, what) => {
    const after = { ...(await database.counted()), cpu_ms: await hub.cpu_ms() };
    const each = (of: 'statements' | 'writes' | 'server_ms'): string => ((after[of] - before[of]) / count).toFixed(1);
    const cpu = after.cpu_ms === null || before.cpu_ms === null ? null : (after.cpu_ms - before.cpu_ms) / count;
    const processor = cpu === null ? '' : `, ${cpu.toFixed(1)} ms of processor in the hub`;
    return (
      `for each ${what}, other work of the hub included: ${each('statements')} statements, ${each('writes')} writing ` +
      `transactions, ${each('server_ms')} ms in the database${processor}`
    );
  };
}

export interface FreeSlot {
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly calendar: string;
}

interface Page {
  readonly entry?: readonly {
    readonly resource: {
      readonly id: string;
      readonly start: string;
      readonly end: string;
      readonly identifier?: readonly { readonly value?: string }[];
    };
  }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

/** Every free slot from `from` on, as the FHIR API pages through them. A slot's key begins with its calendar. */
export async function freeSlots(api: Client, from: string): Promise<readonly FreeSlot[]> {
  const query = `/Slot?status=free&start=ge${encodeURIComponent(from)}&_sort=start&_count=500`;
  return (await readAll(api, query)).map(({ id, start, end, identifier }) => {
    const calendar = identifier?.[0]?.value?.split(':')[0] ?? '';
    return { id, start, end, calendar };
  });
}

type Found = NonNullable<Page['entry']>[number]['resource'];

async function readAll(api: Client, query: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (let path: string | null = query; path !== null;) {
    const page: Page = JSON.parse(fine(await api.send('GET', path)).text) as Page;
    for (const { resource } of page.entry ?? []) found.push(resource);
    const next: string | undefined = page.link?.find(({ relation }) => relation === 'next')?.url;
    path = next === undefined ? null : next.replace(/^.*\/fhir\/R4/, '');
  }
  return found;
}

/** One whom every site can book: with a name and an e-mail address. */
export async function somePatients(api: Client): Promise<readonly string[]> {
  const { text } = fine(await api.send('GET', '/Patient?_count=200'));
  const { entry = [] } = JSON.parse(text) as {
    readonly entry?: readonly {
      readonly resource: { readonly id: string; readonly telecom?: readonly { readonly system?: string }[] };
    }[];
  };
  return entry
    .filter(({ resource }) => resource.telecom?.some(({ system }) => system === 'email') === true)
    .map(({ resource }) => resource.id);
}
