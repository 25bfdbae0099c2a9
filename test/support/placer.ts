/**
 * Another system that asks a whole hub for appointments by HL7 v2: writes requests (SRM), sends them over MLLP, and
 * listens for answers (SRR) and news (SIU) at a port of its own.
 */
import { systemClock } from '../../src/core/clock.ts';
import { formatInstant, type Instant } from '../../src/core/instant.ts';
import { acknowledge } from '../../src/hl7v2/acknowledge.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage, type Message } from '../../src/hl7v2/message.ts';
import { startListener, type Listener } from '../../src/mllp/listener.ts';
import type { Cleanup } from './database.ts';
import { sendFrame } from './frames.ts';
import type { TestHub } from './hub.ts';
import { eventually } from './wait.ts';

export interface Srm {
  readonly trigger?: string;
  readonly controlId: string;
  /** ARQ-1 */
  readonly placer: string;
  /** ARQ-2, the hub's own id */
  readonly filler?: string;
  readonly start?: Instant;
  readonly minutes?: number;
  /** MSH-6 */
  readonly facility?: string;
  readonly sender?: string;
  /** MSH-15 and MSH-16, like `AL|AL`; default: original mode. */
  readonly acks?: string;
  readonly version?: string;
  readonly service?: string;
  readonly person?: string;
  readonly place?: string;
  /** AIG-3 */
  readonly calendar?: string;
  /** PID-3 */
  readonly patient?: string;
  /** PID-7 */
  readonly born?: string;
  readonly reason?: string;
  readonly eventReason?: string;
  readonly note?: string;
}

export function timeOf(at: Instant): string {
  return `${formatInstant(at)
    .replace(/[-:]|Z/g, '')
    .replace('T', '')}+0000`;
}

/** Lines end with \n here and with \r on the wire. */
export function srm(ask: Srm): string {
  const { trigger = 'S01', sender = 'HIS|SOUTH', facility = '', version = '2.5.1', minutes } = ask;
  const time = ask.start === undefined ? '' : timeOf(ask.start);
  const length = minutes === undefined ? '|' : `${minutes}|min`;
  const resource = (name: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`${name}|1|A|${value}`];
  return [
    [
      `MSH|^~\\&|${sender}|SLOTWIRE|${facility}|20260301120000||SRM^${trigger}^SRM_S01`,
      `${ask.controlId}|P|${version}|||${ask.acks ?? ''}`,
    ].join('|'),
    `ARQ|${ask.placer}^HIS|${ask.filler === undefined ? '' : `${ask.filler}^SLOTWIRE`}||||${ask.eventReason ?? ''}|` +
      `${ask.reason ?? ''}||${length}|${time}||||9001^CLERK^ANN||||9001^CLERK^ANN`,
    ...(ask.note === undefined ? [] : [`NTE|1||${ask.note}`]),
    ...(ask.patient === undefined ? [] : [`PID|1||${ask.patient}||DOE^JANE||${ask.born ?? ''}`]),
    'RGS|1|A',
    ...resource('AIS', ask.service),
    ...resource('AIP', ask.person),
    ...resource('AIL', ask.place),
    ...resource('AIG', ask.calendar),
    '',
  ].join('\n');
}

export interface Answered {
  readonly bytes: Uint8Array;
  readonly message: Message;
  /** MSA-1 */
  readonly code: string;
  /** MSA-3 */
  readonly text: string;
  /** SCH-25 */
  readonly status: string;
  /** SCH-2 */
  readonly filler: string;
  readonly notes: readonly string[];
}

export function answerIn(text: string | Uint8Array): Answered {
  const bytes =
    typeof text === 'string' ? Buffer.from(text, 'latin1').filter((byte) => byte !== 11 && byte !== 28) : text;
  const { message } = parseMessage(bytes);
  const said = (segment: string, field: number): string => message.first(segment)?.component(field, 1) ?? '';
  return {
    bytes,
    message,
    code: said('MSA', 1),
    text: message.first('MSA')?.field(3) ?? '',
    status: said('SCH', 25),
    filler: said('SCH', 2),
    notes: message.all('NTE').map((note) => note.field(3) ?? ''),
  };
}

export async function ask(hub: Pick<TestHub, 'sandbox'>, request: Srm): Promise<Answered> {
  return answerIn(await sendFrame(hub, srm(request)));
}

export interface Placer {
  readonly port: number;
  /** What came, in order, repeats too. */
  readonly heard: readonly Uint8Array[];
  /** The answer to a request: the SRR whose MSA-2 is this control id. */
  answerTo(controlId: string): Promise<Answered>;
  /** SIU about its own appointment id. */
  newsOf(placer: string): Promise<Answered>;
  /** From now on it takes messages and says nothing, or answers again. */
  silent(isSilent: boolean): void;
  /** From now on it refuses for good what it gets (AE, CR), or takes it again. */
  refusing(isRefusing: boolean): void;
}

export async function placer(cleanup: Cleanup, port = 0): Promise<Placer> {
  const heard: Uint8Array[] = [];
  let isSilent = false;
  let isRefusing = false;
  const receive = (bytes: Uint8Array): Promise<Uint8Array | null> => {
    heard.push(bytes);
    if (isSilent) return Promise.resolve(null);
    const head = header(bytes);
    const isOriginal = head.component(15) === '';
    const code = isRefusing ? (isOriginal ? 'AE' : 'CR') : isOriginal ? 'AA' : 'CA';
    return Promise.resolve(acknowledge(head, { code, controlId: `P${heard.length}`, at: systemClock.now() }));
  };
  const listener: Listener = await startListener({
    host: '127.0.0.1',
    port,
    clock: systemClock,
    limits: { maxFrame_bytes: 1_048_576, idle_ms: 600_000, maxConnections: 8, maxPending_frames: 8 },
    receive,
    onEvent: () => undefined,
  });
  cleanup.after(() => listener.close(100));
  const find = async (what: string, fits: (message: Message) => boolean): Promise<Answered> =>
    eventually(what, () => {
      const found = heard.find((bytes) => fits(parseMessage(bytes).message));
      return found === undefined ? null : answerIn(found);
    });
  return {
    port: listener.port,
    heard,
    answerTo: (controlId) =>
      find(
        `the answer to ${controlId}`,
        (one) => one.first('MSA')?.field(2) === controlId && one.messageCode === 'SRR',
      ),
    newsOf: (id) =>
      find(`news of ${id}`, (one) => one.messageCode === 'SIU' && one.first('SCH')?.component(1, 1) === id),
    silent(next) {
      isSilent = next;
    },
    refusing(next) {
      isRefusing = next;
    },
  };
}
