/**
 * The database that comes with the hub: a PostgreSQL of its own in DATA_DIR/postgres, started with the hub and stopped
 * after it. Call `holdDataDir` first; two starts on one folder at once are for that to prevent.
 *
 *                        +-- none, or a dead one's traces --> wait for its children, start anew --+
 *   look for a server ---+-- ours, and it answers ----------> adopt ------------------------------+--> guard --> up
 *   in the folder        +-- ours, other release or mute ---> end it, start anew -----------------+            |
 *          ^                                                                                    died unasked   |
 *          +------------------------------------------------------------------------------------<--------------+
 */
import type { Clock } from '../core/clock.ts';
import type { HubError } from '../core/errors.ts';
import { findBinaries } from './embedded-binaries.ts';
import { clusterFolder, ensureCluster, openCluster, serverUser } from './embedded-cluster.ts';
import { ensureDataDir } from './embedded-folder.ts';
import { EmbeddedServer } from './embedded-life.ts';
import { openServerLog } from './embedded-log.ts';
import type { ServerSettings } from './embedded-server.ts';

export interface Embedded {
  /** For openPool: the hub's own role, which is no superuser. Does not change while this runs. */
  readonly url: string;
  /** The superuser, for tests and repairs; the hub does not use it. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  /** True when the server was found running, left behind by a hub that was killed. */
  readonly adopted: boolean;
  /**
   * Call it last, when nothing uses the database any more. Resolves when the server is gone; a second call waits too.
   */
  stop(): Promise<void>;
}

export interface EmbeddedLog {
  info(text: string): void;
  warn(text: string): void;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: EmbeddedLog;
  readonly clock: Clock;
  /** Gives up a start under way, and leaves no server behind. */
  readonly signal?: AbortSignal;
  /** Told when the server died and could not be started again. */
  readonly onLost?: (error: HubError) => void;
  /** Over the built-in settings, e.g. `fsync: 'off'` for tests. */
  readonly settings?: ServerSettings;
  /** How long a server that does not answer is waited for; one that replays its log may take longer. Default 60 s. */
  readonly startLimit_ms?: number;
}

/**
 * @throws HubError DATABASE_NOT_BUNDLED, DATA_DIR_NOT_OURS, DATA_DIR_UNUSABLE, DATA_DIR_IN_USE, DISK_FULL,
 *   DATABASE_CANNOT_START (with the last lines of its log), STOPPING (the signal)
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = await ensureDataDir(options.dataDir);
  const runAs = await serverUser(dataDir);
  const binaries = await findBinaries(runAs);
  const { made } = await ensureCluster({ ...options, dataDir, binaries, runAs });
  if (made) options.log.info(`made a new database in ${clusterFolder(dataDir)}`);
  const cluster = await openCluster(dataDir);
  const log = await openServerLog(dataDir);
  const server = new EmbeddedServer(options, { cluster, runAs, binaries, log });
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
