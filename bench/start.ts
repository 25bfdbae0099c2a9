/** From the start of the process to /readyz: the shipped sandbox, on an empty DATA_DIR and again on the same one. */
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { startChild } from './child.ts';
import { fine, openClient } from './client.ts';
import { writeClinic } from './clinic.ts';
import { figures, type Bench, type Figure, type Limit } from './figure.ts';
import { startHub, type Hub } from './hub.ts';

const CONFIG = join(import.meta.dirname, '../config');
const FIRST_TARGET: Limit = { name: 'target: 60 s', value: 60 };
const LATER_TARGET: Limit = { name: 'target: 20 s', value: 20 };
/**
 * Calls per second that the vendor allows one address, which all sites of the sandbox share (Acuity simulator, README).
 */
const ALLOWED_PER_S = 10;

export const start: Bench = {
  name: 'start',
  async run(run) {
    const bare = await bareExpress();
    const dataDir = join(run.folder, 'data');
    // The sandbox is loaded at the rate that its vendors allow, which takes longer than a short run may.
    const configDir = run.scale.short ? join(run.folder, 'config') : CONFIG;
    if (run.scale.short) await writeClinic(configDir, { calendars: 1, horizon_days: 2 });
    const first = await startHub(run, { dataDir, configDir });
    const calls = await stopAfter(first, () => vendorCalls(first));
    const later = await startHub(run, { dataDir, configDir });
    await later.stop();
    return told(bare, first.ready_ms / 1000, later.ready_ms / 1000, calls);
  },
};

function told(bare: Limit, first: number, later: number, calls: number): Figure[] {
  const floor: Limit = {
    name: `vendor's rate limit: ${calls} calls, ${ALLOWED_PER_S}/s`,
    value: calls / ALLOWED_PER_S,
  };
  const conditions = 'real process, sandbox configuration, PostgreSQL included';
  return [
    ...figures(
      {
        name: 'start to ready, first',
        unit: 's',
        value: first,
        conditions: `${conditions}; empty DATA_DIR; ${calls} calls to vendors until ready`,
      },
      [FIRST_TARGET, floor, bare],
    ),
    ...figures(
      {
        name: 'start to ready, later',
        unit: 's',
        value: later,
        conditions: `${conditions}; DATA_DIR of the first start`,
      },
      [LATER_TARGET, bare],
    ),
  ];
}

async function stopAfter<T>(hub: Hub, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await hub.stop();
  }
}

/** What the Acuity simulators were asked so far; refused calls count at the vendor too. */
async function vendorCalls(hub: Hub): Promise<number> {
  const vendors = hub.sites.filter(({ kind }) => kind === 'acuity');
  const counts = await Promise.all(
    vendors.map(async ({ simulatorUrl }) => {
      const client = openClient(simulatorUrl, {});
      const { text } = fine(await client.send('GET', '/__sim/state?only=calls'));
      client.close();
      const { calls } = JSON.parse(text) as { readonly calls: Readonly<Record<string, number>> };
      return Object.values(calls).reduce((sum, count) => sum + count, 0);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function bareExpress(): Promise<Limit> {
  const child = startChild([join(import.meta.dirname, 'bare-server.ts'), 'express'], {});
  try {
    const client = openClient(`http://127.0.0.1:${await child.firstLine()}`, {});
    fine(await client.send('GET', '/'));
    const value = (systemClock.monotonic() - child.spawnedAt) / 1000;
    client.close();
    return { name: 'bare Node and Express', value };
  } finally {
    await child.stop();
  }
}
