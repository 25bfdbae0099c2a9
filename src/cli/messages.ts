import { JSON_OPTION, printJson, UsageError, wholeOption, type Call, type Command } from './command.ts';
import { hubApi, type HubApi } from './hub-api.ts';
import { printTable } from './table.ts';

/** As the operations API shows it: never the body. */
export interface ShownMessage {
  readonly id: number;
  readonly site: string;
  readonly via: string;
  readonly kind: string;
  readonly shape: string;
  readonly status: string;
  readonly stage: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly controlId: string | null;
  /** The sender gave it to another message before. */
  readonly controlIdUsedBefore?: boolean;
  readonly receivedAt: string;
}

const PAGE = 200;

export const messagesCommand: Command = {
  name: 'messages',
  arguments: '',
  takes: [0, 0],
  summary: 'Lists messages that the running hub received, oldest first.',
  prose: ['What a message holds is not shown: it may name patients.'],
  options: {
    status: { value: 'STATUS', prose: 'Only those that are received, applied, ignored, parked or superseded.' },
    site: { value: 'SITE', prose: 'Only those of one site.' },
    'control-id': { value: 'ID', prose: 'Only those with this control id of the sender (MSH-10).' },
    after: { value: 'ID', prose: 'Only those behind this message.' },
    limit: { value: 'N', prose: 'At most so many. Default 50.' },
    json: JSON_OPTION,
  },
  async run(call) {
    const limit = wholeOption(call, 'limit', 1, 100_000) ?? 50;
    const messages = await listMessages(await hubApi(call), filterOf(call), limit);
    if (call.flags.has('json')) {
      printJson(call, { messages });
      return 0;
    }
    const rows = messages.map((one) => [
      String(one.id),
      one.receivedAt,
      one.site,
      one.kind,
      `${one.controlId ?? ''}${one.controlIdUsedBefore === true ? ' (used before)' : ''}`,
      one.status,
      whyOf(one),
    ]);
    printTable(call, ['message', 'received', 'site', 'kind', 'control id', 'status', 'why'], rows);
    if (messages.length === limit) {
      call.warn(`There may be more: --after ${messages.at(-1)?.id ?? 0} goes on, --limit shows more at once.`);
    }
    return 0;
  },
};

export const messageCommand: Command = {
  name: 'message',
  arguments: 'ID',
  takes: [1, 1],
  summary: 'Shows one message and what became of it.',
  prose: [],
  options: { json: JSON_OPTION },
  async run(call) {
    const id = messageId(call.arguments[0] ?? '');
    const message = await (await hubApi(call)).get<ShownMessage>(`/messages/${id}`);
    if (call.flags.has('json')) printJson(call, message);
    else {
      const entries = Object.entries(message).filter(([, value]) => value !== null && value !== '' && value !== false);
      for (const [name, value] of entries) call.print(`${name.padEnd(12)}${String(value)}`);
    }
    return 0;
  },
};

/** @throws UsageError */
export function messageId(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new UsageError(`${text} is no message; a message has a number.`);
}

/** Reads page after page up to `limit`. */
export async function listMessages(
  api: HubApi,
  filter: Readonly<Record<string, string>>,
  limit: number,
): Promise<readonly ShownMessage[]> {
  const all: ShownMessage[] = [];
  let after = filter['after'];
  for (;;) {
    const size = Math.min(PAGE, limit - all.length);
    const query = new URLSearchParams({ ...filter, limit: String(size), ...(after === undefined ? {} : { after }) });
    const { messages } = await api.get<{ readonly messages: readonly ShownMessage[] }>(`/messages?${query.toString()}`);
    all.push(...messages);
    const last = messages.at(-1);
    if (messages.length < size || all.length >= limit || last === undefined) return all;
    after = String(last.id);
  }
}

/** Why a message is not applied; empty when it is. */
export function whyOf({ stage, code, reason }: Pick<ShownMessage, 'stage' | 'code' | 'reason'>): string {
  const where = [stage, code].filter((part) => part !== null).join(' ');
  return [where, reason].filter((part) => part !== null && part !== '').join(': ');
}

function filterOf(call: Call): Readonly<Record<string, string>> {
  const names = { status: 'status', site: 'site', 'control-id': 'controlId', after: 'after' };
  return Object.fromEntries(
    Object.entries(names).flatMap(([option, parameter]) => {
      const value = call.values.get(option);
      return value === undefined ? [] : [[parameter, value]];
    }),
  );
}
