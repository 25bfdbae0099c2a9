import { JSON_OPTION, printJson, UsageError, type Call, type Command } from './command.ts';
import { hubApi, type HubApi } from './hub-api.ts';
import { listMessages, messageId, whyOf, type ShownMessage } from './messages.ts';
import { columns, counted } from './table.ts';

const READ_MAX = 100_000;

export const replayCommand: Command = {
  name: 'replay',
  arguments: '[ID...]',
  takes: [0, 1_000],
  summary: 'Applies stored messages again, by number, or all that are parked with one code.',
  prose: [
    'A message is stored as it came, so it can be applied again when the cause is mended. Applying one twice ' +
      'changes nothing, and ' +
      'older news never overwrites newer. Messages that share an appointment, patient or schedule keep their order.',
  ],
  options: {
    'all-of': { value: 'CODE', prose: 'All that are parked with this code, as `slotwire parked` shows it.' },
    site: { value: 'SITE', prose: 'With --all-of: only those of one site.' },
    force: { prose: 'Apply it also where a replay window held it back.' },
    'dry-run': { prose: 'Only show which messages it would be.' },
    json: JSON_OPTION,
  },
  async run(call) {
    const code = call.values.get('all-of');
    if ((code === undefined) === (call.arguments.length === 0)) {
      throw new UsageError('replay wants the numbers of messages, or --all-of CODE.');
    }
    if (code === undefined && call.values.has('site')) throw new UsageError('--site goes with --all-of.');
    const ids = call.arguments.map(messageId);
    const api = await hubApi(call);
    const messages = code === undefined ? await byId(api, ids) : await byCode(api, code, call.values.get('site'));
    if (call.flags.has('dry-run')) return tellDryRun(call, messages);
    return replayAll(call, api, messages);
  },
};

async function byId(api: HubApi, ids: readonly number[]): Promise<readonly ShownMessage[]> {
  const found: ShownMessage[] = [];
  for (const id of ids) found.push(await api.get<ShownMessage>(`/messages/${id}`));
  return found;
}

async function byCode(api: HubApi, code: string, site: string | undefined): Promise<readonly ShownMessage[]> {
  const filter = { status: 'parked', ...(site === undefined ? {} : { site }) };
  return (await listMessages(api, filter, READ_MAX)).filter((message) => message.code === code);
}

function tellDryRun(call: Call, messages: readonly ShownMessage[]): 0 {
  if (call.flags.has('json')) {
    printJson(call, { dryRun: true, messages });
    return 0;
  }
  const rows = messages.map((one) => [String(one.id), one.site, one.kind, one.status, whyOf(one)]);
  for (const line of columns(rows)) call.print(line);
  call.print(`${counted(messages.length, 'message')} would be applied again. Nothing was changed.`);
  return 0;
}

/** In the order of receipt, because a later one may rest on an earlier one. */
async function replayAll(call: Call, api: HubApi, messages: readonly ShownMessage[]): Promise<0 | 1> {
  const force = call.flags.has('force') ? '?force=true' : '';
  const replayed: number[] = [];
  const waiting: number[] = [];
  for (const { id } of [...messages].sort((left, right) => left.id - right.id)) {
    const answer = await api.post<{ readonly replayed: boolean }>(`/messages/${id}/replay${force}`);
    (answer.replayed ? replayed : waiting).push(id);
  }
  if (call.flags.has('json')) printJson(call, { replayed, waiting });
  else {
    if (replayed.length > 0)
      call.print(`${counted(replayed.length, 'message')} will be applied again: ${list(replayed)}.`);
    if (waiting.length > 0)
      call.print(`${counted(waiting.length, 'message')} waited to be applied already: ${list(waiting)}.`);
    if (messages.length === 0) call.print('No parked message has this code; there is nothing to replay.');
    else call.print('What becomes of one: npm run slotwire -- message ID');
  }
  return 0;
}

function list(ids: readonly number[]): string {
  return ids.length <= 20 ? ids.join(', ') : `${ids.slice(0, 20).join(', ')} and ${ids.length - 20} more`;
}
