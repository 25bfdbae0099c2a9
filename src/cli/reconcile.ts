import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { JSON_OPTION, Problem, printJson, UsageError, wholeOption, type Call, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';
import { counted } from './table.ts';

type Kind = 'missingHere' | 'otherHere' | 'notThere' | 'later' | 'cancelled';

/** As `/ops/api/sites/:site/reconcile` answers. */
interface Report {
  readonly site: string;
  readonly takenAt: string;
  readonly messages: number;
  readonly unreadable: readonly { readonly number: number; readonly code: string }[];
  readonly counts: Readonly<Record<Kind, number>>;
  readonly keys: Readonly<Record<Kind, readonly string[]>>;
  readonly waiting: number;
  readonly proven: boolean;
}

const WAIT_S = 60;

export const reconcileCommand: Command = {
  name: 'reconcile',
  arguments: 'SITE --file FILE --window A..B',
  takes: [1, 1],
  summary: 'Holds our copy against a file of all the visits that a site has, for sites that cannot be asked.',
  prose: [
    'The file holds HL7 v2 messages of the site, one per visit, as a batch (FHS, BHS) or one after the other. It is ' +
      'the whole truth of the visits that begin on the dates of the window (both included, in the site’s zone), as ' +
      'of the time in BHS-7 or FHS-7, or of --taken-at.',
    'Its messages are applied as any other, so an older file overwrites nothing that was told since. A visit that ' +
      'it does not name is cancelled as no longer in the snapshot, but for those that were told, placed or moved ' +
      'after it was taken. While one message of the file cannot be read, none is cancelled. Afterwards each day on ' +
      'which both are the same counts as proven (`slotwire sites`). It is written to the audit log.',
    'With --dry-run nothing is changed: it shows what differs, by the site’s own numbers of visits. The exit code is ' +
      '1 when something still differs or waits.',
  ],
  options: {
    file: { value: 'FILE', prose: 'Where the file is.' },
    window: { value: 'A..B', prose: 'Its dates, both included: 2026-11-23..2026-11-29.' },
    'taken-at': {
      value: 'TIME',
      prose: 'When it was taken, like 2026-11-22T18:00:00Z. Default: as BHS-7 or FHS-7 says.',
    },
    'dry-run': { prose: 'Only show what differs.' },
    wait: { value: 'SECONDS', prose: `How long to wait until the hub is done. Default ${WAIT_S}.` },
    json: JSON_OPTION,
  },
  async run(call) {
    const site = call.arguments[0] ?? '';
    if (!/^[a-z0-9-]{1,64}$/.test(site)) throw new UsageError(`${site} is no site id.`);
    const [file, window] = [call.values.get('file'), call.values.get('window')];
    if (file === undefined || window === undefined) throw new UsageError('reconcile wants --file and --window.');
    const wait_ms = (wholeOption(call, 'wait', 0, 3_600) ?? WAIT_S) * 1000;
    const bytes = await readFile(resolve(call.cwd, file)).catch((error: unknown) => {
      throw new Problem(`${file} cannot be read.`, { cause: error });
    });
    const taken = call.values.get('taken-at');
    const query = new URLSearchParams({
      window,
      dryRun: String(call.flags.has('dry-run')),
      ...(taken === undefined ? {} : { takenAt: taken }),
    });
    const api = await hubApi(call);
    const until = call.clock.monotonic() + wait_ms;
    const ask = (): Promise<Report> => api.send<Report>(`/sites/${site}/reconcile?${query.toString()}`, bytes);
    let report = await ask();
    // Cancelled by an earlier question is cancelled by this command.
    const cancelled = new Set(report.keys.cancelled);
    while (report.waiting > 0 && call.clock.monotonic() < until) {
      report = await ask();
      for (const key of report.keys.cancelled) cancelled.add(key);
    }
    if (call.flags.has('json')) printJson(call, { ...report, keys: { ...report.keys, cancelled: [...cancelled] } });
    else tell(call, report, [...cancelled]);
    return report.proven ? 0 : 1;
  },
};

const SAYS: Readonly<Record<Exclude<Kind, 'cancelled'>, string>> = {
  missingHere: 'in the file and not here',
  otherHere: 'other here than in the file',
  notThere: 'here and not in the file',
  later: 'told, placed or moved since the file was taken, and left alone',
};

function tell(call: Call, report: Report, cancelled: readonly string[]): void {
  const { site, takenAt, messages, unreadable, counts, keys, waiting, proven } = report;
  call.print(`${site}: ${counted(messages, 'message')} of ${takenAt}.`);
  for (const [kind, words] of Object.entries(SAYS) as [Exclude<Kind, 'cancelled'>, string][]) {
    if (counts[kind] > 0) call.print(`${counts[kind]} ${words}: ${keys[kind].join(' ')}`);
  }
  for (const { number, code } of unreadable) call.print(`message ${number} of the file names no visit: ${code}`);
  if (cancelled.length > 0) call.print(`${cancelled.length} cancelled: ${cancelled.join(' ')}`);
  if (waiting > 0) call.print(`${counted(waiting, 'message')} not applied yet; run it again.`);
  const same = call.flags.has('dry-run') ? 'Both are the same.' : 'Both are the same: proven.';
  call.print(proven ? same : 'They are not the same.');
}
