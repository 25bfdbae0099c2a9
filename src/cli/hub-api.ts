/** A running hub, asked through its operations API. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '../environment.ts';
import { Problem, type Terminal } from './command.ts';

export interface HubAddress {
  /** Without a slash at the end. */
  readonly url: string;
  /** Null: none is known. */
  readonly token: string | null;
  /** Where it takes HL7 v2; null: not known. */
  readonly mllp: { readonly host: string; readonly port: number } | null;
}

export interface HubApi {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  /** `body`: sent as JSON. */
  post<T>(path: string, body?: Readonly<Record<string, unknown>>): Promise<T>;
  /** A file as it is. */
  send<T>(path: string, file: Uint8Array<ArrayBuffer>): Promise<T>;
}

/** Nobody listens there: no hub runs, or it runs elsewhere. */
export class NoHub extends Problem {}

const LIMIT_MS = 30_000;
const START = 'Start one with `npm start`, or set SLOTWIRE_URL to where it runs.';

/** SLOTWIRE_URL and SLOTWIRE_TOKEN, else DATA_DIR/sandbox.json, else where a hub with this environment listens. */
export async function hubAddress(terminal: Terminal): Promise<HubAddress> {
  const environment = readEnvironment(terminal.variables, terminal.cwd);
  const sandbox = await readSandbox(join(environment.dataDir, 'sandbox.json'));
  const given = (terminal.variables['SLOTWIRE_URL'] ?? '').replace(/\/+$/, '');
  const token = terminal.variables['SLOTWIRE_TOKEN'] ?? '';
  if (given !== '' && !URL.canParse(given)) throw new Problem('SLOTWIRE_URL is no address; write https://host:port.');
  const here = `http://${environment.host}:${environment.httpPort}`;
  return {
    url: given !== '' ? given : (sandbox?.opsUrl?.replace(/\/ops$/, '') ?? here),
    // The sandbox's own token opens nothing at another hub, and must not be sent there.
    token: token !== '' ? token : given === '' ? (sandbox?.tokens?.['admin'] ?? null) : null,
    mllp: given === '' ? (sandbox?.mllp ?? { host: environment.host, port: environment.mllpPort }) : null,
  };
}

interface SandboxFile {
  readonly opsUrl?: string;
  readonly mllp?: { readonly host: string; readonly port: number };
  readonly tokens?: Readonly<Record<string, string>>;
}

/** Null: no sandbox ever ran on this DATA_DIR. The file outlives its hub. */
async function readSandbox(file: string): Promise<SandboxFile | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SandboxFile;
  } catch {
    return null;
  }
}

/** @throws Problem when no token is known */
export async function hubApi(terminal: Terminal): Promise<HubApi> {
  const { url, token } = await hubAddress(terminal);
  if (token === null) {
    throw new Problem(
      'No admin token is known: there is no sandbox.json in DATA_DIR. Set SLOTWIRE_TOKEN to the token of a ' +
        'client with ' +
        'role admin (and SLOTWIRE_URL to where the hub runs), or start the sandbox with `npm start`.',
    );
  }
  const ask = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const answer = await request(url, { method, path, body }, token);
    const text = await answer.text();
    if (answer.ok) return readJson(url, text) as T;
    if (answer.status === 401) throw new Problem(`The hub at ${url} does not know this token. Check SLOTWIRE_TOKEN.`);
    if (answer.status === 403) {
      const also = path.startsWith('/approvals') ? ', or that of a client with `coordinator: true`,' : '';
      throw new Problem(`The hub at ${url} wants a token with role admin${also} for this.`);
    }
    throw new Problem(reason(url, answer.status, text));
  };
  return {
    url,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    send: (path, file) => ask('POST', path, file),
  };
}

async function request(
  url: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: unknown },
  token: string,
): Promise<Response> {
  const isFile = body instanceof Uint8Array;
  try {
    return await fetch(`${url}/ops/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': isFile ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new Problem(`The hub at ${url} did not answer within ${LIMIT_MS / 1000} s. Look at its log.`, {
        cause: error,
      });
    }
    throw new NoHub(`No hub answers at ${url}. ${START}`, { cause: error });
  }
}

function readJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(`What answers at ${url} is no Slotwire hub. Check SLOTWIRE_URL.`, { cause: error });
  }
}

interface Outcome {
  readonly issue?: readonly { readonly diagnostics?: string; readonly details?: { readonly text?: string } }[];
}

/** An OperationOutcome, as every error of a hub is. */
function reason(url: string, status: number, text: string): string {
  try {
    const said = ((JSON.parse(text) as Outcome).issue ?? []).map(({ details, diagnostics }) =>
      [details?.text, diagnostics === undefined ? undefined : `(${diagnostics})`].filter(Boolean).join(' '),
    );
    if (said.length > 0) return said.join(' ');
  } catch {
    // Something else listens there, or a proxy stands between.
  }
  return `${url} answered ${status}, which is not how a Slotwire hub answers. Check SLOTWIRE_URL.`;
}
