import { JSON_OPTION, printJson, UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { counted, printTable } from './table.ts';

interface Shown {
  readonly id: string;
  readonly action: string;
  readonly site: string;
  readonly state: string;
  readonly since: string;
  readonly start: string | null;
  readonly detail: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const bookingsCommand: Command = {
  name: 'bookings',
  arguments: '',
  takes: [0, 0],
  summary: 'Shows the bookings of the running hub that are not settled: those that need a person first.',
  prose: [
    'A parked booking keeps its time until a person settles it (`slotwire booking settle`) or its site tells of it.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const { bookings } = await (await hubApi(call)).get<{ readonly bookings: readonly Shown[] }>('/bookings');
    if (call.flags.has('json')) {
      printJson(call, { bookings });
      return 0;
    }
    if (bookings.length === 0) {
      call.print('Every booking is settled.');
      return 0;
    }
    const rows = bookings.map(({ id, site, action, state, since, start, detail }) => [
      id,
      site,
      action,
      state,
      since,
      start ?? '',
      detail ?? '',
    ]);
    printTable(call, ['booking', 'site', 'action', 'state', 'since', 'start', 'detail'], rows);
    const parked = bookings.filter(({ state }) => state === 'parked').length;
    if (parked > 0) {
      call.print(
        `${counted(parked, 'booking')} parked. Ask the clinic, then: npm run slotwire -- booking settle ID ...`,
      );
    }
    return 0;
  },
};

export const bookingCommand: Command = {
  name: 'booking',
  arguments: 'settle ID',
  takes: [2, 2],
  summary: 'Settles a parked booking: what the clinic said is written down, and the caller is told.',
  prose: [
    'Only a parked booking can be settled by hand, and only once. `booked`: the site did what was asked (of a ' +
      'cancel: the visit is cancelled). `refused`: it did not, and the time is free again. Who settled it, when and ' +
      'why goes into ledger and audit log.',
  ],
  options: {
    as: { value: 'booked|refused', prose: 'What the clinic said. Needed.' },
    reason: { value: 'TEXT', prose: 'Who said so, and how; without a name or birth date of the patient. Needed.' },
    key: { value: 'ID', prose: "The site's own id of the visit, where the clinic told it." },
    json: JSON_OPTION,
  },
  run: settle,
};

async function settle(call: Call): Promise<ExitCode> {
  const [action, id = ''] = call.arguments;
  if (action !== 'settle' || !UUID.test(id))
    throw new UsageError('write `booking settle ID` with the id of a booking.');
  const as = call.values.get('as');
  const reason = call.values.get('reason');
  if (as !== 'booked' && as !== 'refused') throw new UsageError('--as is booked or refused.');
  if (reason === undefined || reason.trim() === '') throw new UsageError('--reason says who said so, and how.');
  const key = call.values.get('key');
  const api = await hubApi(call);
  const settled = await api.post<Shown>(`/bookings/${id}/settle`, {
    as,
    reason,
    ...(key === undefined ? {} : { key }),
  });
  if (call.flags.has('json')) printJson(call, settled);
  else call.print(`Booking ${id} is ${settled.state}.`);
  return 0;
}
