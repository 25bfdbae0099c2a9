import { readFile } from 'node:fs/promises';
import { messagesOfFile, openFeed, type Answer, type Feed, type FileMessage } from '../hub-feed.ts';
import { JSON_OPTION, Problem, printJson, wholeOption, type Call, type Command } from './command.ts';
import { feedFiles, type FeedFile } from './feed-files.ts';
import { lookUp, outcomes, type FoundMessage } from './feed-outcome.ts';
import { hubAddress, hubApi, type HubApi } from './hub-api.ts';
import { whyOf } from './messages.ts';
import { counted } from './table.ts';

interface Sent {
  readonly file: string;
  /** From 1; of how many messages in the file. */
  readonly number: number;
  readonly of: number;
  readonly message: FileMessage;
  readonly answer: Answer;
  /** The hub had it before it was sent. */
  readonly knownBefore: boolean;
}

interface Line {
  readonly file: string;
  readonly number: number;
  readonly of: number;
  readonly type: string;
  readonly controlId: string;
  /** AA, AE, AR, CA, CE, CR; `unwanted`: the sender wants none; null: none came. */
  readonly acknowledgement: string | null;
  /** What the acknowledgement says, or why there is none. */
  readonly says: string;
  /**
   * applied, ignored, parked, superseded; waiting: not done in time; refused: not stored; unanswered; stored, sent:
   * nobody to ask.
   */
  readonly outcome: string;
  readonly why: string;
  readonly repeated: boolean;
  readonly site: string | null;
  readonly message: number | null;
}

/** Sent and then looked up together: one question for many. */
const CHUNK = 50;
const WAIT_S = 10;

export const feedCommand: Command = {
  name: 'feed',
  arguments: 'DIR|FILE...',
  takes: [1, 1_000],
  summary: 'Sends HL7 v2 files to the hub through MLLP and tells what became of each message.',
  prose: [
    'Of a folder, and of the folders in it, every file that ends in .hl7, .txt or .dat is sent, sorted by name. ' +
      'A file goes as it ' +
      'is, byte for byte; a batch, or messages that follow one another, go one by one in their order.',
    'Each message gets one line: the acknowledgement, then applied; ignored and why; parked with stage, code and ' +
      'why; superseded; ' +
      'refused and why (not stored); or waiting, when the hub was not done in time. In the sandbox a message of ' +
      'a sender that no ' +
      'site names goes to the site any-hl7. The exit code is 1 when a message got no acknowledgement.',
  ],
  options: {
    host: { value: 'HOST', prose: 'Where the hub takes HL7 v2. Default: as DATA_DIR/sandbox.json says, else HOST.' },
    port: { value: 'PORT', prose: 'Default: as DATA_DIR/sandbox.json says, else MLLP_PORT.' },
    wait: { value: 'SECONDS', prose: `How long to wait until the hub is done. Default ${WAIT_S}.` },
    json: JSON_OPTION,
  },
  async run(call) {
    const wait_ms = (wholeOption(call, 'wait', 0, 3_600) ?? WAIT_S) * 1000;
    const port = wholeOption(call, 'port', 1, 65_535);
    const files = await feedFiles(call.arguments, call.cwd);
    const target = await mllpTarget(call, port);
    const api = (await hubAddress(call)).token === null ? null : await hubApi(call);
    const feed = openFeed({ ...target, clock: call.clock });
    const lines: Line[] = [];
    const width = Math.max(...files.map(({ name }) => name.length));
    try {
      const json = call.flags.has('json');
      if (!json) call.print(`To mllp://${target.host}:${target.port}: ${counted(files.length, 'file')}`);
      for await (const chunk of sending(files, feed, api, target)) {
        const done = await settled(call, api, chunk, wait_ms);
        lines.push(...done);
        if (!json) for (const line of done) call.print(shownLine(line, width));
      }
    } finally {
      await feed.close();
    }
    tellEnd(call, target, files.length, lines, api !== null);
    return lines.every((line) => line.acknowledgement !== null) ? 0 : 1;
  },
};

async function mllpTarget(call: Call, given: number | null): Promise<{ readonly host: string; readonly port: number }> {
  const known = (await hubAddress(call)).mllp;
  const host = call.values.get('host') ?? known?.host;
  const port = given ?? known?.port;
  if (host !== undefined && port !== undefined) return { host, port };
  throw new Problem('SLOTWIRE_URL tells where the hub answers, not where it takes HL7 v2. Give --host and --port.');
}

/** @throws Problem when nobody takes messages there */
async function* sending(
  files: readonly FeedFile[],
  feed: Feed,
  api: HubApi | null,
  target: { readonly host: string; readonly port: number },
): AsyncGenerator<readonly Sent[]> {
  let chunk: Sent[] = [];
  for (const { path, name } of files) {
    const messages = messagesOfFile(await readFile(path).catch((error: unknown) => unreadable(path, error)));
    const before = api === null ? new Map() : await lookUp(api, [...new Set(messages.map((one) => one.eventId))]);
    const seen = new Set(before.keys());
    for (const [at, message] of messages.entries()) {
      const answer = await feed.send(message);
      if (answer.kind === 'unreachable') throw nobodyThere(target, answer.because, name);
      const knownBefore = seen.has(message.eventId);
      seen.add(message.eventId);
      chunk.push({ file: name, number: at + 1, of: messages.length, message, answer, knownBefore });
    }
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function unreadable(path: string, error: unknown): never {
  throw new Problem(`${path} cannot be read: ${error instanceof Error ? error.message : 'unknown'}.`, { cause: error });
}

function nobodyThere(
  { host, port }: { readonly host: string; readonly port: number },
  because: string,
  file: string,
): Problem {
  return new Problem(
    `No hub takes HL7 v2 at ${host}:${port} (${because}); stopped at ${file}. ` +
      'Start one with `npm start`, or give --host and --port.',
  );
}

async function settled(
  call: Call,
  api: HubApi | null,
  chunk: readonly Sent[],
  wait_ms: number,
): Promise<readonly Line[]> {
  const stored = chunk.filter(({ answer }) => mayBeStored(answer));
  const ids = [...new Set(stored.map(({ message }) => message.eventId))];
  const found = api === null ? null : await outcomes(api, ids, call.clock, wait_ms);
  return chunk.map((sent) => lineOf(sent, found));
}

function lineOf(sent: Sent, found: ReadonlyMap<string, FoundMessage> | null): Line {
  const { answer, message } = sent;
  const about = { file: sent.file, number: sent.number, of: sent.of, type: message.type, controlId: message.controlId };
  const known = found?.get(message.eventId);
  const acknowledgement = acknowledgementOf(answer, known, found === null);
  const says = saidIn(answer);
  if (known === undefined || !mayBeStored(answer)) {
    const outcome = withoutRecord(answer, found === null);
    return { ...about, acknowledgement, says, outcome, why: says, repeated: false, site: null, message: null };
  }
  return {
    ...about,
    acknowledgement,
    says,
    outcome: known.status === 'received' ? 'waiting' : known.status,
    why: whyOf(known),
    repeated: sent.knownBefore,
    site: known.site,
    message: known.id,
  };
}

function acknowledgementOf(answer: Answer, known: FoundMessage | undefined, unasked: boolean): string | null {
  if (answer.kind === 'answered') return answer.code;
  // Silence is as wanted only when the message is there: a refusal was not wanted either.
  return answer.kind === 'silent' && (known !== undefined || unasked) ? 'unwanted' : null;
}

/** The same sentence often stands in MSA and in ERR. */
function saidIn(answer: Answer): string {
  if (answer.kind === 'silent') return 'the sender wants no acknowledgement (MSH-15, MSH-16)';
  if (answer.kind !== 'answered') return answer.because;
  const lines = answer.text.split(/[\r\n]+/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))].join(' ');
}

function withoutRecord(answer: Answer, unasked: boolean): string {
  if (answer.kind === 'silent' && unasked) return 'sent';
  if (answer.kind !== 'answered') return 'unanswered';
  if (!isAccepted(answer.code)) return 'refused';
  return unasked ? 'stored' : 'waiting';
}

/** What was answered with an error is not; what was not answered may be. */
function mayBeStored(answer: Answer): boolean {
  return answer.kind === 'answered' ? isAccepted(answer.code) : answer.kind !== 'unsent';
}

function isAccepted(code: string): boolean {
  return code === 'AA' || code === 'CA';
}

function shownLine(line: Line, width: number): string {
  const name = line.of > 1 ? `${line.file} #${line.number}` : line.file;
  const place =
    line.message === null
      ? ''
      : ` (${line.site ?? ''}, message ${line.message}${line.repeated ? ', known before' : ''})`;
  const why = line.why === '' ? '' : `: ${line.why}`;
  const acknowledgement = (line.acknowledgement ?? 'none').padEnd(8);
  return `${acknowledgement}  ${name.padEnd(width)}  ${line.type.padEnd(8)}  ${line.outcome}${why}${place}`;
}

function tellEnd(
  call: Call,
  target: { readonly host: string; readonly port: number },
  files: number,
  lines: readonly Line[],
  asked: boolean,
): void {
  const outcome = tally(lines.map((line) => line.outcome));
  const acknowledgement = tally(lines.map((line) => line.acknowledgement ?? 'none'));
  const empty = files - new Set(lines.map((line) => line.file)).size;
  const repeated = lines.filter((line) => line.repeated).length;
  const counts = { files, empty, messages: lines.length, acknowledgement, outcome, repeated };
  if (call.flags.has('json')) {
    printJson(call, { target, counts, messages: lines });
    return;
  }
  const words = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  call.print('');
  call.print(
    `${counted(files, 'file')}, ${counted(lines.length, 'message')}: ${words(acknowledgement)}; ${words(outcome)}.`,
  );
  if (empty > 0) call.print(`${counted(empty, 'file')} without a message.`);
  if (repeated > 0) call.print(`${counted(repeated, 'message')} known before: the same bytes are taken once.`);
  if (!asked) call.warn('What became of them was not asked: no admin token is known. Set SLOTWIRE_TOKEN.');
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
