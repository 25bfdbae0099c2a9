/**
 * A small clinic on the HL7 v2 simulator, and the two ends of its connections: a hospital that listens, and one that
 * asks.
 */
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { hl7v2Simulator } from '../../src/simulators/hl7v2/simulator.ts';
import { startSimulator } from '../../src/simulators/kit/start.ts';
import { call, clockFrom, list, MONDAY, temporaryFolder } from './practice.ts';
import type { Cleanup, Loose, Reply } from './practice.ts';

const HOURS = { mon: ['09:00-12:00'], tue: ['09:00-12:00'] };
const SEED = {
  clinic: {
    name: 'Riverside',
    timezone: 'America/Chicago',
    application: 'SCHED',
    facility: 'RIVERSIDE',
    pointOfCare: 'MAIN',
    authority: 'RIVERSIDE',
  },
  practitioners: [
    {
      id: 'RAO',
      npi: '1043333339',
      family: 'Rao',
      given: 'Asha',
      prefix: 'DR',
      degree: 'MD',
      room: 'R1',
      hours: HOURS,
    },
    { id: 'EVA', family: 'Lindqvist', given: 'Eva', room: 'R2', hours: HOURS },
  ],
  rooms: ['R1', 'R2'],
  visitTypes: [
    { code: 'OFFICE', text: 'Office visit', minutes: 30 },
    { code: 'LONG', text: 'Long visit', minutes: 60 },
  ],
  mrnPrefix: 'RS-',
  settings: { retryMilliseconds: 5 },
};

/** A kept connection would be reused after a restart on the same port, and fail. */
const ONCE = { connection: 'close' };

export interface Clinic {
  readonly url: string;
  readonly folder: string;
  readonly act: (action: string, more?: Record<string, unknown>) => Promise<Reply>;
  readonly faults: (switches: Record<string, unknown>) => Promise<Reply>;
  readonly state: (part: string) => Promise<readonly Loose[]>;
  readonly stop: () => Promise<void>;
}

export async function clinic(
  t: Cleanup,
  more: Record<string, unknown> = {},
  folder = temporaryFolder(t),
): Promise<Clinic> {
  const seed = { ...SEED, ...more, settings: { ...SEED.settings, ...(more['settings'] as object | undefined) } };
  const options = { site: 'riverside', stateDir: folder, seed, clock: clockFrom(MONDAY) };
  const started = await startSimulator(hl7v2Simulator, options);
  t.after(() => started.stop().catch(() => undefined));
  const { url } = started;
  return {
    url,
    folder,
    act: (action, fields = {}) => call('POST', `${url}/__sim/act`, { action, ...fields }, ONCE),
    faults: (switches) => call('POST', `${url}/__sim/faults`, switches, ONCE),
    state: async (part) => list((await call('GET', `${url}/__sim/state?only=${part}`, undefined, ONCE)).json[part]),
    stop: () => started.stop(),
  };
}

export interface Received {
  readonly bytes: Buffer;
  readonly text: string;
  readonly event: string;
  readonly controlId: string;
  /** Every segment of that name, MSH not shifted. */
  all(name: string): readonly (readonly string[])[];
  segment(name: string): readonly string[];
}

/** An MLLP receiver that answers what it is told to: a code, or null to hang up without an answer. */
export async function hospital(
  t: Cleanup,
  answer: (count: number) => string | null = () => 'CA',
): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let bytes = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (part: Buffer) => {
      bytes += part.toString('latin1');
      for (let end = bytes.indexOf('\x1c\r'); end >= 0; end = bytes.indexOf('\x1c\r')) {
        assert.equal(bytes.charAt(0), '\x0b');
        const raw = Buffer.from(bytes.slice(1, end), 'latin1');
        const message = read(raw);
        bytes = bytes.slice(end + 2);
        received.push(message);
        const code = answer(received.length);
        if (code === null) socket.destroy();
        // One answer per message, also where a frame holds several. MSH-10 is the tenth text of its line.
        else for (const [, , , , , , , , , id = ''] of message.all('MSH')) socket.write(acknowledgement(code, id));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, received };
}

function acknowledgement(code: string, controlId: string): string {
  return `\x0bMSH|^~\\&|H|H|S|R|20261130||ACK|1|P|2.5.1\rMSA|${code}|${controlId}|note\r\x1c\r`;
}

function read(bytes: Buffer): Received {
  const text = bytes.toString('utf8');
  const segments = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
  // MSH-1 is the separator itself, so the numbers of MSH are shifted to match the standard's.
  const find = (name: string): readonly string[] => {
    const found = segments.find(([first]) => first === name) ?? [];
    return name === 'MSH' ? ['MSH', '|', ...found.slice(1)] : found;
  };
  const all = (name: string): readonly (readonly string[])[] => segments.filter(([first]) => first === name);
  return { bytes, text, all, segment: find, event: find('MSH')[9] ?? '', controlId: find('MSH')[10] ?? '' };
}

export async function connected(
  t: Cleanup,
  more: Record<string, unknown> = {},
): Promise<Clinic & { received: Received[] }> {
  const { port, received } = await hospital(t);
  const site = await clinic(t, more);
  await site.act('set-target', { host: '127.0.0.1', port });
  return { ...site, received };
}

export interface Placer {
  /** The answer on the same connection; null: the connection was cut or refused. */
  readonly ask: (message: string | Buffer) => Promise<Received | null>;
}

/** A hub's end of the request port: one connection, opened anew after it was cut. */
export async function placer(t: Cleanup, site: Pick<Clinic, 'url'>): Promise<Placer> {
  const state = (await call('GET', `${site.url}/__sim/state?only=requests`, undefined, ONCE)).json;
  const { host, port } = state['requests'] as unknown as { host: string; port: number };
  let socket: Socket | null = null;
  t.after(() => {
    socket?.destroy();
  });
  return {
    ask: (message) =>
      new Promise((resolve) => {
        const open = socket === null || socket.destroyed ? connect({ host, port }) : socket;
        socket = open;
        let bytes = Buffer.alloc(0);
        const finish = (result: Received | null): void => {
          open.removeAllListeners('data').removeAllListeners('close');
          resolve(result);
        };
        open.removeAllListeners('error').on('error', () => open.destroy());
        open.on('close', () => finish(null));
        open.on('data', (part) => {
          bytes = Buffer.concat([bytes, part]);
          const end = bytes.indexOf('\x1c\r');
          if (end >= 0) finish(read(bytes.subarray(1, end)));
        });
        open.write(Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), Buffer.from([0x1c, 0x0d])]));
      }),
  };
}

export interface Wanted {
  readonly controlId?: string;
  readonly version?: string;
  readonly acknowledge?: string;
  readonly placer?: string;
  readonly filler?: string;
  /** ARQ-6. */
  readonly reason?: string;
  /** ARQ-7. */
  readonly why?: string;
  readonly window?: string;
  readonly note?: string;
  readonly mrn?: string;
  readonly type?: string;
  readonly who?: string;
  readonly start?: string;
  readonly room?: string;
}

let control = 0;

/** An SRM as a hub sends one; what is empty is left out. */
export function srm(trigger: string, wanted: Wanted): string {
  const { version = '2.5.1', controlId = `Q${(control += 1)}`, start = '', note = '', acknowledge = '|' } = wanted;
  const { placer = '', filler = '', reason = '', why = '', window = '' } = wanted;
  const parties = 'SLOTWIRE|HUB|SCHED|RIVERSIDE';
  const lines = [
    `MSH|^~\\&|${parties}|20261130060000-0600||SRM^${trigger}^SRM_S01|${controlId}|P|${version}|||${acknowledge}`,
    `ARQ|${placer}|${filler}||||${reason}|${why}||||${window}||||9^HUB|||9^HUB`,
    note === '' ? '' : `NTE|1||${note}`,
    wanted.mrn === undefined ? '' : `PID|1||${wanted.mrn}^^^RIVERSIDE^MR||Nobody^In^Particular`,
    'RGS|1|A',
    wanted.type === undefined ? '' : `AIS|1|A|${wanted.type}|${start}|||||No`,
    wanted.room === undefined ? '' : `AIL|1|A|MAIN^${wanted.room}^^RIVERSIDE|||${start}`,
    wanted.who === undefined ? '' : `AIP|1|A|${wanted.who}|||${start}`,
  ];
  return `${lines.filter((line) => line !== '').join('\r')}\r`;
}
