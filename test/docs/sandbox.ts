/**
 * A sandbox hub started as a reader would start it, in a folder that looks like a clone, and a shell in that folder.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/wait.ts';
import { PROJECT } from './pages.ts';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Sandbox {
  readonly folder: string;
  bash(script: string): Promise<Ended>;
  stop(): Promise<void>;
}

/** Everything of a clone but what a hub makes in it. */
const OWN = new Set(['.git', 'data', 'data-simulators']);
const READY_WITHIN_MS = 180_000;

export async function startSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-docs-'));
  for (const name of await readdir(PROJECT)) {
    if (!OWN.has(name)) await symlink(join(PROJECT, name), join(folder, name));
  }
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, HTTP_PORT: '0', MLLP_PORT: '0' };
  const hub = spawn('npm', ['start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise((resolve) => hub.once('exit', resolve));
  let printed = '';
  for (const stream of [hub.stdout, hub.stderr]) stream.on('data', (text: Buffer) => (printed += text.toString()));
  const stop = async (): Promise<void> => {
    // As Ctrl-C in a terminal: to npm and to what it started.
    if (hub.pid !== undefined && hub.exitCode === null) process.kill(-hub.pid, 'SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await eventually(
      'the terminal says that it is ready',
      () => printed.includes('\nReady.') || hub.exitCode !== null,
      {
        within_ms: READY_WITHIN_MS,
      },
    );
    if (hub.exitCode !== null) throw new Error(`the hub ended:\n${printed}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, bash: (script) => bash(script, folder, env), stop };
}

function bash(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    // Its own standard input: with a socket there, bash takes itself for a remote shell and reads its start-up files.
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}
