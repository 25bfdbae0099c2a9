import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseInstant } from '../core/instant.ts';
import { JSON_OPTION, printJson, Problem, UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { printTable } from './table.ts';

interface Answer {
  readonly environment: string;
  readonly url: string | null;
  readonly keys: readonly Key[];
}
interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly publishedUntil: string | null;
  readonly jwk: JsonWebKey;
}

export const keysCommand: Command = {
  name: 'keys',
  arguments: 'list|rotate|withdraw KID|export [FILE]',
  takes: [1, 2],
  summary: 'The keys by which sites know the running hub (SMART Backend Services): shows, rotates, exports them.',
  prose: [
    '`keys list` shows them and the address where sites read them (JWKS URL). waiting: published, and signs from the ' +
      'time named; signing: assertions are signed by it; kept: another one signs, and it is published until the time ' +
      'named; withdrawn: its private part is destroyed.',
    '`keys rotate` makes the next key of each algorithm. It is published at once and signs when everybody who keeps ' +
      'the key set has had to read it again (`signing.jwksCache_s`); with `--now` at once; with `--from` from a time ' +
      'on, for sites that were handed the keys and must enter the new one first.',
    '`keys withdraw KID` takes a key out of the set and destroys its private part. Not the only one that signs, and ' +
      'not one that signed within the last five minutes, but for `--now`. Of two keys the older signs again when the ' +
      'newer is withdrawn.',
    '`keys export` prints the set (JWKS) for a site that cannot reach the hub, or each key as PEM, into FILE or on ' +
      'the terminal. There is nothing secret in it. Private parts never leave the hub.',
  ],
  options: {
    now: { prose: 'With rotate: the new key signs at once. With withdraw: also one that signed a moment ago.' },
    from: { value: 'TIME', prose: 'With rotate: when the new key begins to sign, 2026-12-01T06:00:00Z.' },
    pem: { prose: 'With export: PEM instead of a JWKS.' },
    json: JSON_OPTION,
  },
  async run(call) {
    const [action, subject] = call.arguments;
    if (action === 'list' && subject === undefined) return list(call);
    if (action === 'rotate' && subject === undefined) return rotate(call);
    if (action === 'withdraw' && subject !== undefined) return withdraw(call, subject);
    if (action === 'export') return exportKeys(call, subject);
    throw new UsageError('write `keys list`, `keys rotate`, `keys withdraw KID` or `keys export [FILE]`.');
  },
};

async function list(call: Call): Promise<ExitCode> {
  shown(call, await (await hubApi(call)).get<Answer>('/keys'));
  return 0;
}

async function rotate(call: Call): Promise<ExitCode> {
  const from = call.values.get('from');
  const now = call.flags.has('now');
  if (from !== undefined && (now || parseInstant(from) === null))
    throw new UsageError('--from is a time with its zone, 2026-12-01T06:00:00Z, and does not go with --now.');
  const api = await hubApi(call);
  shown(call, await api.post<Answer>('/keys/rotate', { from: now ? 'now' : (from ?? null) }));
  return 0;
}

async function withdraw(call: Call, kid: string): Promise<ExitCode> {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(kid)) throw new UsageError('KID is what `keys list` shows.');
  const api = await hubApi(call);
  shown(call, await api.post<Answer>(`/keys/${kid}/withdraw`, { atOnce: call.flags.has('now') }));
  return 0;
}

async function exportKeys(call: Call, file: string | undefined): Promise<ExitCode> {
  const { keys } = await (await hubApi(call)).get<Answer>('/keys');
  const published = keys.filter(({ state }) => state !== 'withdrawn');
  const text = call.flags.has('pem')
    ? published.map(pemOf).join('')
    : `${JSON.stringify({ keys: published.map(({ jwk }) => jwk) }, null, 2)}\n`;
  if (file === undefined) {
    call.print(text.trimEnd());
    return 0;
  }
  try {
    await writeFile(resolve(call.cwd, file), text);
  } catch (error) {
    throw new Problem(`${file} cannot be written. Check the folder and its permissions.`, { cause: error });
  }
  call.print(`${file} holds ${published.map(({ kid }) => kid).join(' and ')}.`);
  return 0;
}

/** With its kid before it: what stands outside the lines of PEM is passed over (RFC 7468 section 2). */
function pemOf({ kid, alg, jwk }: Key): string {
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return `kid ${kid}, ${alg}\n${String(pem)}`;
}

function shown(call: Call, answer: Answer): void {
  if (call.flags.has('json')) {
    printJson(call, answer);
    return;
  }
  const { environment, url, keys } = answer;
  const reached = url ?? 'nowhere: hub.yaml has no publicUrl; use slotwire keys export';
  call.print(`Environment ${environment}. Sites read the keys at ${reached}.`);
  const rows = keys.map((key) => [key.state, key.alg, key.signsFrom, key.publishedUntil ?? '', key.kid]);
  printTable(call, ['state', 'algorithm', 'signs from', 'published until', 'kid'], rows);
}
