/** One start of the database server, with the settings that a schedule of patients needs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { sha256 } from '../core/ids.ts';
import { serverEnvironment, type Binaries } from './embedded-binaries.ts';
import type { Cluster } from './embedded-cluster.ts';
import type { ServerLog } from './embedded-log.ts';
import { handOver, type RunAs } from './embedded-user.ts';

export type ServerSettings = Readonly<Record<string, string>>;

/** Given on the command line and not in postgresql.conf: a new release changes them without editing anyone's file. */
const SETTINGS: ServerSettings = {
  listen_addresses: '127.0.0.1',
  // One way in is enough; and some file systems that a DATA_DIR may lie on know no sockets.
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '128MB',
  // An acknowledgement goes out after the commit: so the commit must be on the disk.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  // Short statements only; parallel ones would need shared memory that containers cap at 64 MB.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  idle_in_transaction_session_timeout: '5min',
  ...(process.platform === 'linux' ? { client_connection_check_interval: '2s' } : {}),
  // Statements, parameters and the texts of errors hold patient data ("duplicate key ... (name)=(...)"). `log` lets
  // through what the server says of itself and is above `error` in PostgreSQL's order for the log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_lock_waits: 'off',
  log_autovacuum_min_duration: '-1',
};

/**
 * Tells the cluster (see isServerOf) and the release: a server left behind that has another name runs with other
 * settings or binaries than this release would give it. PostgreSQL allows 63 characters.
 */
export function clusterName(binaries: Binaries, extra: ServerSettings, mark: string): string {
  const all = { ...SETTINGS, ...extra };
  return `slotwire-${binaries.version}-${sha256(JSON.stringify(all)).slice(0, 12)}-${mark}`;
}

export async function spawnServer(options: {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly runAs: RunAs | null;
  readonly log: ServerLog;
  readonly port: number;
  readonly settings: ServerSettings;
}): Promise<ChildProcess> {
  const { binaries, runAs, log } = options;
  const all = {
    ...SETTINGS,
    ...options.settings,
    cluster_name: clusterName(binaries, options.settings, options.cluster.mark),
  };
  const handed = await handOver(options.cluster.folder, runAs);
  try {
    const flags = Object.entries({ ...all, port: String(options.port) }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const child = spawn(binaries.postgres, ['-D', handed.name, ...flags], {
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd, handed.fd ?? 'ignore'],
      // A process group of its own: Ctrl-C at the terminal reaches the hub, which stops the database last.
      detached: true,
      windowsHide: true,
      ...(runAs ?? {}),
    });
    // An error here is a spawn that failed; `exitCode` and the log tell the rest.
    child.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    await handed.close();
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
