/** `slotwire identity nppes`: what the files of NPPES say of the NPIs of practitioners, sent to a running hub. */
import { basename, resolve } from 'node:path';
import { dateOfFile, readRegistry, RegistryFileError, type RegistryFileRead } from '../hub-registry.ts';
import { Problem, UsageError, type Call, type ExitCode, type Option } from './command.ts';
import { hubApi, type HubApi } from './hub-api.ts';
import { asJson } from './identity-call.ts';
import { counted } from './table.ts';

export const NPPES_OPTIONS: Readonly<Record<string, Option>> = {
  all: { prose: 'With nppes: keep every NPI of the file, not only those that practitioners of this hub have.' },
  date: {
    value: 'DATE',
    prose: 'With nppes: up to when the file is true, 2026-02-08. Default: the last date in its name.',
  },
};

export interface RegistryAnswer {
  readonly known: number;
  readonly found: number;
  readonly organisations: number;
  readonly deactivated: number;
  readonly files: readonly {
    readonly kind: 'providers' | 'deactivations';
    readonly fileDate: string;
    readonly name: string;
    readonly scope: 'known' | 'all';
  }[];
}
interface Outcome extends RegistryFileRead {
  readonly file: string;
  readonly fileDate: string;
  readonly opened: number;
  readonly closed: number;
}

export async function identityNppes(call: Call): Promise<ExitCode> {
  const given = call.values.get('date');
  if (call.arguments.length === 0) throw new UsageError('identity nppes wants files of NPPES, unpacked.');
  if (given !== undefined && (!/^\d{4}-\d\d-\d\d$/.test(given) || Number.isNaN(Date.parse(given))))
    throw new UsageError('--date is written as 2026-02-08.');
  const api = await hubApi(call);
  const outcomes: Outcome[] = [];
  for (const file of call.arguments) {
    const fileDate = given ?? dateOfFile(file);
    if (fileDate === null)
      throw new UsageError(`The name of ${basename(file)} holds no date: say with --date up to when it is true.`);
    outcomes.push(await load(call, api, file, fileDate));
  }
  if (await asJson(call, outcomes)) return 0;
  for (const { file, fileDate, kind, records, entries, opened, closed } of outcomes) {
    call.print(`${file} (${kind}, ${fileDate}): ${counted(records, 'line')} read, ${String(entries)} taken.`);
    call.print(`${counted(opened, 'Task')} opened, ${String(closed)} closed. slotwire work list shows what is asked.`);
  }
  return 0;
}

async function load(call: Call, api: HubApi, file: string, fileDate: string): Promise<Outcome> {
  const all = call.flags.has('all');
  const { files } = await api.get<RegistryAnswer>('/identity/registry');
  const wanted = all ? null : new Set((await api.get<{ npis: readonly string[] }>('/identity/registry/npis')).npis);
  try {
    const read = await readRegistry(resolve(call.cwd, file), wanted, async (kind, entries) => {
      const newer = files.find((one) => one.kind === kind && one.fileDate > fileDate);
      if (newer !== undefined)
        throw new Problem(`${file} is of ${fileDate}, and ${newer.name} of ${newer.fileDate} is loaded already.`);
      await api.post('/identity/registry/entries', { kind, fileDate, entries });
    });
    const { kind, entries } = read;
    const scope = all ? 'all' : 'known';
    const done = { kind, fileDate, name: basename(file), scope, npis: entries };
    return {
      file,
      fileDate,
      ...read,
      ...(await api.post<Pick<Outcome, 'opened' | 'closed'>>('/identity/registry/loaded', done)),
    };
  } catch (error) {
    if (error instanceof RegistryFileError) throw new Problem(`${file} ${error.message}`, { cause: error });
    throw error;
  }
}

/** For `identity stats`. */
export function printRegistry(call: Call, registry: RegistryAnswer): void {
  const { files, known, found, organisations, deactivated } = registry;
  if (files.length === 0) {
    call.print(`${counted(known, 'NPI')} of practitioners; no file of NPPES is loaded (identity nppes).`);
    return;
  }
  const which = files.map(({ kind, fileDate, scope }) => `${kind} of ${fileDate}${scope === 'all' ? ', all' : ''}`);
  call.print(
    `NPPES (${which.join('; ')}): ${String(found)} of ${counted(known, 'NPI')} of practitioners known, ` +
      `${String(organisations)} of organisations, ${String(deactivated)} deactivated.`,
  );
}
