/** The hub's store as a process beside the hub sees it (`slotwire check`): it reads, and makes nothing. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './boot.ts';
import type { Clock } from './core/clock.ts';
import { openCluster, clusterFolder, HUB_DATABASE, HUB_ROLE } from './store/embedded-cluster.ts';
import { serverUrl } from './store/embedded-connect.ts';
import { readPidFile } from './store/embedded-process.ts';
import type { Store } from './store/contract.ts';
import { openPool } from './store/postgres.ts';
import { openKeys } from './store/seal.ts';
import { openStore } from './store/store.ts';

const STATEMENT_TIMEOUT_MS = 10_000;

/** Null: there is none that could be read from here (no hub was ever started, its own database does not run). */
export async function storeBeside(
  environment: Pick<Environment, 'dataDir' | 'databaseUrl'>,
  clock: Clock,
): Promise<Store | null> {
  const { dataDir, databaseUrl } = environment;
  const file = join(dataDir, 'keys.json');
  try {
    // Opened where it is not, it would be made, and the hub's own start would find a stranger's.
    await access(file);
    const url = databaseUrl ?? (await ownServer(dataDir));
    if (url === null) return null;
    const applicationName = 'slotwire check';
    const onError = (): void => undefined;
    const pool = await openPool({ url, max: 2, applicationName, statementTimeout_ms: STATEMENT_TIMEOUT_MS, onError });
    return openStore({ pool, keys: await openKeys({ file }), clock });
  } catch {
    return null;
  }
}

async function ownServer(dataDir: string): Promise<string | null> {
  const server = await readPidFile(clusterFolder(dataDir));
  if (server === null) return null;
  const { passwords } = await openCluster(dataDir);
  return serverUrl(server.port, HUB_ROLE, passwords.hub, HUB_DATABASE);
}
