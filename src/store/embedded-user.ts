/**
 * As whom the database server runs. PostgreSQL refuses to run as root, rightly: so a hub that is root (a fresh machine,
 * a container) gives its server a user of its own.
 *
 * That user is a number that no account and, by convention, no program uses (65520 to 65533 lie above what systemd
 * hands out and inside what the distributions reserve), rather than `nobody`: other daemons run as `nobody` and could
 * read the data. Only initdb insists on a user with a name; it runs as `nobody` in a fresh folder that is handed over
 * afterwards.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HubError } from '../core/errors.ts';

export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

const FIRST = 65_521;
const LAST = 65_533;

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** A user id that has no account, for a new cluster. */
export async function unusedUser(): Promise<RunAs> {
  const taken = new Set([...(await idsIn('/etc/passwd')), ...(await idsIn('/etc/group'))].map(({ id }) => id));
  for (let id = FIRST; id <= LAST; id += 1) if (!taken.has(id)) return { uid: id, gid: id };
  return namedUser();
}

/** An account that initdb can look up. @throws HubError DATABASE_CANNOT_START when there is none but root */
export async function namedUser(): Promise<RunAs> {
  const accounts = (await idsIn('/etc/passwd')).filter(({ id }) => id > 0);
  const chosen = accounts.find(({ name }) => name === 'nobody') ?? accounts[0];
  if (chosen !== undefined) return { uid: chosen.id, gid: chosen.id };
  throw new HubError('DATABASE_CANNOT_START', {
    detail: 'the database does not run as root and /etc/passwd names no other user; start as an ordinary user',
  });
}

async function idsIn(file: string): Promise<readonly { name: string; id: number }[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , id = '']) => ({ name, id: id === '' ? Number.NaN : Number(id) }))
    .filter(({ id }) => Number.isInteger(id));
}

/**
 * May the user pass through every folder above `path`, and into it? Permission bits only; an access list that allows
 * more is not seen, which costs nothing: the folder is then handed over as an open file descriptor, which always works.
 */
export async function canReach(path: string, { uid, gid }: RunAs): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found === null) return false;
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if ((found.mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/** A folder under a name that the user can open. `fd` is to be descriptor 3 of the process that is given the name. */
export interface HandedOver {
  readonly name: string;
  readonly fd: number | null;
  close(): Promise<void>;
}

/**
 * Makes a folder reachable for a process of another user. Where a folder above it is shut to that user (/root, any
 * 0700), the process gets the folder opened, and /proc/self/fd/3 as its name: opening that leads to the folder itself
 * and asks for no rights on the way. So the data stays in DATA_DIR. The alternatives were to keep it elsewhere, where
 * no backup and no `rm -r` of DATA_DIR looks for it, or to open up folders that are not ours.
 * @throws HubError DATA_DIR_UNUSABLE where there is no such way (not Linux)
 */
export async function handOver(folder: string, runAs: RunAs | null): Promise<HandedOver> {
  if (runAs === null || (await canReach(folder, runAs)))
    return { name: folder, fd: null, close: () => Promise.resolve() };
  if (process.platform !== 'linux') {
    throw new HubError('DATA_DIR_UNUSABLE', {
      detail: `${folder} lies below a folder that is shut, and the database cannot run as root; move DATA_DIR`,
    });
  }
  const opened = await open(folder, 'r');
  return { name: '/proc/self/fd/3', fd: opened.fd, close: () => opened.close() };
}
