import { JSON_OPTION, printJson, UsageError, type Call, type ExitCode, type Option } from './command.ts';
import { hubApi } from './hub-api.ts';
import { printTable } from './table.ts';

/** As `/ops/api/sites/:site/replay-window` answers. */
interface ShownReport {
  readonly site: string;
  readonly knownFrom: string;
  readonly beganAt: string;
  readonly until: string | null;
  readonly endedAt: string | null;
  readonly beganBy: string;
  readonly counts: Readonly<Record<'applied' | 'resent' | 'held' | 'forced', number>>;
  readonly held: readonly {
    readonly messageId: number;
    readonly appointmentId: string | null;
    readonly verdict: string;
    readonly detail: string | null;
  }[];
}

export const REPLAY_WINDOW_OPTIONS: Readonly<Record<string, Option>> = {
  from: { value: 'TIME', prose: 'With replay-window: messages received since then are known. Default 48 h ago.' },
  until: { value: 'TIME', prose: 'With replay-window: it ends then by itself. Default: when you end it.' },
  end: { prose: 'With replay-window: ends it and shows the comparison.' },
  report: { prose: 'With replay-window: shows the comparison of the newest one.' },
  json: JSON_OPTION,
};

export async function hl7ReplayWindow(call: Call): Promise<ExitCode> {
  const [site, more] = call.arguments;
  if (site === undefined || more !== undefined) throw new UsageError('hl7 replay-window wants one site.');
  const api = await hubApi(call);
  const path = `/sites/${encodeURIComponent(site)}/replay-window`;
  const report = call.flags.has('report')
    ? await api.get<ShownReport>(path)
    : call.flags.has('end')
      ? await api.post<ShownReport>(`${path}/end`)
      : await api.post<ShownReport>(`${path}?${timesOf(call)}`);
  if (call.flags.has('json')) printJson(call, report);
  else tellReport(call, report);
  return 0;
}

function timesOf(call: Call): string {
  const query = new URLSearchParams();
  for (const name of ['from', 'until']) {
    const value = call.values.get(name);
    if (value !== undefined) query.set(name, value);
  }
  return query.toString();
}

function tellReport(call: Call, report: ShownReport): void {
  const { counts, held } = report;
  const ends = report.until === null ? 'open until it is ended' : `open until ${report.until}`;
  call.print(
    `${report.site}: replay window since ${report.beganAt} by ${report.beganBy}, ` +
      `${report.endedAt === null ? ends : `ended ${report.endedAt}`}; messages since ${report.knownFrom} are known.`,
  );
  call.print(
    `${counts.resent} sent again (nothing changed), ${counts.applied} applied as news, ${counts.held} held back, ` +
      `${counts.forced} held back and applied by an operator.`,
  );
  if (held.length === 0) return;
  call.print('');
  const rows = held.map((one) => [
    String(one.messageId),
    one.verdict,
    one.appointmentId === null ? '' : `Appointment/${one.appointmentId}`,
    one.detail ?? '',
  ]);
  printTable(call, ['message', 'verdict', 'stands as', 'why'], rows);
  call.print('');
  call.print('Apply one after all: npm run slotwire -- hl7 replay ID --force');
}
