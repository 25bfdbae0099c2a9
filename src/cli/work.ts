/** `slotwire work`: what people must do, and what of it is overdue. */
import { JSON_OPTION, printJson, wholeOption, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';
import { counted, printTable } from './table.ts';

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly site: string | null;
  readonly role: string;
  readonly dueAt: string;
  readonly escalated: number;
  readonly overdue: boolean;
}

export const workCommand: Command = {
  name: 'work',
  arguments: '',
  takes: [0, 0],
  summary: 'Lists what people must do, those due first: whose it is, and how often it went up because it was overdue.',
  prose: [
    'Each is a FHIR Task as well. What is overdue goes to the next role by `work.escalation` of hub.yaml. Pairs of ' +
      'patient records that wait for a person have a list of their own: `slotwire identity stats`.',
  ],
  options: {
    role: { value: 'ROLE', prose: 'Only what is for this role, like scheduling.' },
    limit: { value: 'NUMBER', prose: 'How many are listed. Default 50.' },
    json: JSON_OPTION,
  },
  async run(call) {
    const limit = wholeOption(call, 'limit', 1, 500) ?? 50;
    const role = call.values.get('role');
    const query = `limit=${String(limit)}${role === undefined ? '' : `&role=${encodeURIComponent(role)}`}`;
    const { items } = await (await hubApi(call)).get<{ readonly items: readonly Item[] }>(`/work?${query}`);
    if (call.flags.has('json')) {
      printJson(call, { items });
      return 0;
    }
    if (items.length === 0) {
      call.print('Nothing waits for a person.');
      return 0;
    }
    const rows = items.map((one) => [
      one.kind,
      one.role,
      one.overdue ? `${one.dueAt} overdue` : one.dueAt,
      one.escalated === 0 ? '' : counted(one.escalated, 'step'),
      one.site ?? '',
      one.subject,
    ]);
    printTable(call, ['kind', 'for', 'due', 'went up', 'site', 'about'], rows);
    return 0;
  },
};
