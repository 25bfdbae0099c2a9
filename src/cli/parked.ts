import { ERRORS } from '../core/error-catalogue.ts';
import { JSON_OPTION, printJson, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';
import { listMessages, type ShownMessage } from './messages.ts';
import { counted, printTable } from './table.ts';

interface Cause {
  readonly site: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  /** The oldest of them. */
  readonly messages: readonly number[];
}

const READ_MAX = 100_000;
const EXAMPLES = 3;

export const parkedCommand: Command = {
  name: 'parked',
  arguments: '',
  takes: [0, 0],
  summary:
    'Shows what is parked and waits for a person, by cause: what keeps others waiting first, then the most frequent.',
  prose: ['When the cause is mended, `slotwire replay --all-of CODE` applies the messages again.'],
  options: { site: { value: 'SITE', prose: 'Only of one site.' }, json: JSON_OPTION },
  async run(call) {
    const site = call.values.get('site');
    const filter = { status: 'parked', ...(site === undefined ? {} : { site }) };
    const causes = byCause(await listMessages(await hubApi(call), filter, READ_MAX));
    if (call.flags.has('json')) {
      printJson(call, { causes });
      return 0;
    }
    if (causes.length === 0) {
      call.print('Nothing is parked.');
      return 0;
    }
    const rows = causes.map((cause) => [
      String(cause.count),
      cause.site,
      cause.stage,
      cause.code,
      cause.messages.join(', ') + (cause.count > cause.messages.length ? ', ...' : ''),
      cause.reason,
    ]);
    printTable(call, ['count', 'site', 'stage', 'code', 'messages', 'reason'], rows);
    call.print('');
    for (const code of new Set(causes.map((cause) => cause.code))) {
      call.print(`${code}: ${textOf(code)}`);
    }
    if (causes.some(keepsWaiting)) {
      call.print('Of MERGE_UNDECIDED each message keeps later ones about its people waiting. To go on without one: ');
      call.print('  npm run slotwire -- release ID');
    }
    const total = causes.reduce((sum, cause) => sum + cause.count, 0);
    call.print(`${counted(total, 'message')}. When a cause is mended: npm run slotwire -- replay --all-of CODE`);
    return 0;
  },
};

function byCause(messages: readonly ShownMessage[]): readonly Cause[] {
  const groups = new Map<string, ShownMessage[]>();
  for (const message of messages) {
    const key = JSON.stringify([message.site, message.stage, message.code, message.reason]);
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { site, stage, code, reason } = first;
      const examples = group.slice(0, EXAMPLES).map((message) => message.id);
      return [
        { site, stage: stage ?? '', code: code ?? '', reason: reason ?? '', count: group.length, messages: examples },
      ];
    })
    .sort(
      (left, right) =>
        Number(keepsWaiting(right)) - Number(keepsWaiting(left)) ||
        right.count - left.count ||
        left.site.localeCompare(right.site),
    );
}

/** Parked as a barrier: later messages about the same people wait for it. */
function keepsWaiting({ code }: Pick<Cause, 'code'>): boolean {
  return code === 'MERGE_UNDECIDED';
}

/** A hub of another release may know codes that this one does not. */
function textOf(code: string): string {
  const known = Object.entries(ERRORS).find(([name]) => name === code);
  return known?.[1].text ?? 'this release does not know the code; see docs/errors.md of the hub.';
}
