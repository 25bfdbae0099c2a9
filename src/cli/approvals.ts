import { JSON_OPTION, printJson, UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { counted, printTable } from './table.ts';

interface Waiting {
  readonly booking: string;
  readonly site: string;
  readonly action: string;
  readonly appointment: string;
  readonly during: { readonly start: string; readonly end: string } | null;
  readonly client: string;
  readonly askedAt: string;
  readonly until: string;
}

export const approvalsCommand: Command = {
  name: 'approvals',
  arguments: '',
  takes: [0, 0],
  summary:
    'Lists bookings that wait for a coordinator (sites with `write: approval`), first what must be decided first.',
  prose: [
    'Works with the token of a coordinator too (`coordinator` of the client): each sees what lies within its sites. ' +
      'Who the visit is for stands in the Appointment, which the FHIR API shows.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const { approvals } = await (await hubApi(call)).get<{ readonly approvals: readonly Waiting[] }>('/approvals');
    if (call.flags.has('json')) {
      printJson(call, { approvals });
      return 0;
    }
    if (approvals.length === 0) {
      call.print('Nothing waits for approval.');
      return 0;
    }
    const rows = approvals.map((one) => [
      one.booking,
      one.site,
      one.action,
      one.during?.start ?? '',
      one.appointment,
      one.client,
      one.until,
    ]);
    const head = ['booking', 'site', 'action', 'visit', 'appointment', 'asked by', 'decide until'];
    printTable(call, head, rows);
    call.print(
      `${counted(approvals.length, 'booking')}. Then: npm run slotwire -- approve ID, or decline ID --reason TEXT`,
    );
    return 0;
  },
};

export const approveCommand: Command = {
  name: 'approve',
  arguments: 'ID',
  takes: [1, 1],
  summary: 'Approves a booking that waits for a coordinator: its site is asked now.',
  prose: ['ID is the booking, as `slotwire approvals` shows it. A time that was taken meanwhile is refused instead.'],
  options: { json: JSON_OPTION },
  run: (call) => decide(call, { decision: 'approve' }),
};

export const declineCommand: Command = {
  name: 'decline',
  arguments: 'ID',
  takes: [1, 1],
  summary: 'Declines a booking that waits for a coordinator: its time is free again, and its caller is told why.',
  prose: ['ID is the booking, as `slotwire approvals` shows it. Write no patient data into the reason.'],
  options: {
    reason: { value: 'TEXT', prose: 'Why, for the caller of the booking. Must be given.' },
    json: JSON_OPTION,
  },
  run(call) {
    const reason = call.values.get('reason') ?? '';
    if (reason.trim() === '')
      throw new UsageError('decline wants --reason TEXT: the caller of the booking is told why.');
    return decide(call, { decision: 'decline', reason });
  },
};

async function decide(call: Call, decision: Readonly<Record<string, string>>): Promise<ExitCode> {
  const id = call.arguments[0] ?? '';
  if (!/^[0-9a-f-]{36}$/i.test(id))
    throw new UsageError(`${id} is no booking; \`slotwire approvals\` shows their ids.`);
  const api = await hubApi(call);
  const answer = await api.post<{ readonly booking: string; readonly state: string }>(`/approvals/${id}`, decision);
  if (call.flags.has('json')) printJson(call, answer);
  else if (answer.state === 'refused') call.print(`Booking ${id} is declined. Its time is free again.`);
  else if (answer.state === 'queued')
    call.print(`Booking ${id} is approved. Its site is down; it is sent when it is back.`);
  else call.print(`Booking ${id} is approved, and its site is asked now.`);
  return 0;
}
