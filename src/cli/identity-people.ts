/** The verbs of `slotwire identity` that ask a running hub who is who, and tell it what a person decided. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Problem, UsageError, wholeOption, type Call, type ExitCode, type Option } from './command.ts';
import { hubApi } from './hub-api.ts';
import { asJson, reasonOf, recordOf, twoRecords } from './identity-call.ts';
import { printRegistry, type RegistryAnswer } from './identity-nppes.ts';
import { counted, printTable } from './table.ts';

export const PEOPLE_OPTIONS: Readonly<Record<string, Option>> = {
  reason: {
    value: 'TEXT',
    prose: 'With decide, unmerge, erase, override and undo: why. It is kept for ever; write no patient data into it.',
  },
  limit: {
    value: 'NUMBER',
    prose:
      'With stats: how many of the pairs that wait are listed, those due first. Default 20. ' +
      'With practitioners: how many pairs. Default 100.',
  },
  value: {
    value: 'FILE',
    prose:
      'With override: a file with the value as JSON, whole, as FHIR has it: ' +
      '{"family":"Lee","given":["Ann"]}, "1980-02-29", true.',
  },
  withdraw: { prose: 'With override: what the records say holds again.' },
  overrule: { prose: 'With unmerge: also records of which their own site says that they are one person.' },
};

interface Counts {
  readonly records: number;
  readonly people: number;
  readonly due: number;
  readonly truncated: number;
  readonly decisions: readonly { readonly actor: string; readonly kind: string; readonly count: number }[];
  readonly reviews: readonly { readonly state: string; readonly why: string; readonly count: number }[];
  readonly overdue: readonly { readonly role: string; readonly escalated: number; readonly count: number }[];
}
interface Pair {
  readonly lo: string;
  readonly hi: string;
  readonly why: string;
  readonly score: number;
  readonly probability: number;
  readonly state: string;
  readonly claimedBy: string | null;
  readonly dueAt: string;
}

export async function identityStats(call: Call): Promise<ExitCode> {
  const limit = wholeOption(call, 'limit', 1, 500) ?? 20;
  const api = await hubApi(call);
  const stats = await api.get<Counts>('/identity');
  const { reviews } = await api.get<{ readonly reviews: readonly Pair[] }>(`/identity/reviews?limit=${String(limit)}`);
  const registry = await api.get<RegistryAnswer>('/identity/registry');
  if (await asJson(call, { ...stats, registry, pairs: reviews })) return 0;
  const { records, people, due, truncated } = stats;
  call.print(`${counted(records, 'patient record')} of ${String(people)} people; ${String(due)} still to be compared.`);
  if (truncated > 0) {
    call.print(
      `${counted(truncated, 'record')} with a key that more share than are compared: none of them is linked by itself.`,
    );
  }
  printRegistry(call, registry);
  for (const { actor, kind, count } of stats.decisions) call.print(`decided by ${actor}: ${kind} ${String(count)}`);
  for (const { state, why, count } of stats.reviews) call.print(`pairs ${state}, ${why}: ${String(count)}`);
  for (const { role, escalated, count } of stats.overdue) {
    const steps = escalated === 0 ? '' : `, ${counted(escalated, 'step')} up`;
    call.print(`overdue: ${counted(count, 'pair')} (${role}${steps})`);
  }
  if (reviews.length === 0) {
    call.print('No pair waits for a person.');
    return 0;
  }
  const rows = reviews.map((one) => [
    one.lo,
    one.hi,
    one.why,
    one.score.toFixed(1),
    one.probability.toFixed(3),
    one.claimedBy ?? '',
    one.dueAt,
  ]);
  printTable(call, ['record', 'record', 'why', 'bits', 'chance', 'taken by', 'due'], rows);
  call.print('Then: npm run slotwire -- identity explain RECORD RECORD');
  return 0;
}

interface Decided {
  readonly decisions: readonly number[];
  readonly people: readonly { readonly goldenId: string; readonly records: readonly string[] }[];
}

export async function identityDecide(call: Call): Promise<ExitCode> {
  const [verdict = ''] = call.arguments;
  if (verdict !== 'same' && verdict !== 'different') {
    throw new UsageError('identity decide wants same or different, and two records: identity decide same ID ID');
  }
  const [one, other] = twoRecords({ ...call, arguments: call.arguments.slice(1) }, 'decide');
  const body = { verdict, reason: reasonOf(call, 'decide') };
  return tell(call, await (await hubApi(call)).post<Decided>(`/identity/pairs/${one}/${other}`, body));
}

export async function identityUnmerge(call: Call): Promise<ExitCode> {
  const records = call.arguments.map((id) => recordOf(id, 'unmerge'));
  if (records.length === 0) throw new UsageError('identity unmerge wants the records that are somebody else.');
  const body = { records, reason: reasonOf(call, 'unmerge'), overrule: call.flags.has('overrule') };
  return tell(call, await (await hubApi(call)).post<Decided>('/identity/unmerge', body));
}

export async function identityOverride(call: Call): Promise<ExitCode> {
  const [id = '', attribute = '', ...more] = call.arguments;
  const file = call.values.get('value');
  if (attribute === '' || more.length > 0 || (file === undefined) !== call.flags.has('withdraw')) {
    throw new UsageError(
      'identity override wants a Patient id, an attribute (name, gender, birthDate, deceased, address), and either ' +
        '--value FILE or --withdraw.',
    );
  }
  const value = file === undefined ? null : await valueIn(resolve(call.cwd, file));
  const body = { attribute, value, reason: reasonOf(call, 'override') };
  const path = `/identity/people/${recordOf(id, 'override')}/override`;
  return tell(call, await (await hubApi(call)).post<Decided>(path, body));
}

/** Whoever runs it looks into the file: nothing of it is said here. */
async function valueIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Problem(`${file} cannot be read.`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(`${file} holds no JSON; write the value as FHIR has it, a date as "1980-02-29".`);
  }
}

export async function identityUndo(call: Call): Promise<ExitCode> {
  const [seq = '', ...more] = call.arguments;
  if (!/^\d{1,15}$/.test(seq) || more.length > 0) {
    throw new UsageError('identity undo wants the number of one decision: identity explain shows them.');
  }
  const body = { reason: reasonOf(call, 'undo') };
  return tell(call, await (await hubApi(call)).post<Decided>(`/identity/decisions/${seq}/undo`, body));
}

interface Erased {
  readonly erased: readonly string[];
  readonly gone: readonly string[];
  readonly visits: number;
  readonly bookings: number;
}

export async function identityErase(call: Call): Promise<ExitCode> {
  const records = call.arguments.map((id) => recordOf(id, 'erase'));
  if (records.length === 0) throw new UsageError('identity erase wants all records of the person who is to go.');
  const answer = await (
    await hubApi(call)
  ).post<Erased>('/identity/erase', {
    records,
    reason: reasonOf(call, 'erase'),
  });
  if (await asJson(call, answer)) return 0;
  const { erased, gone, visits, bookings } = answer;
  if (gone.length > 0) call.print(`Erased before: ${gone.join(', ')}.`);
  if (erased.length === 0) return 0;
  call.print(`Erased: ${erased.join(', ')}; nobody can bring this back.`);
  call.print(
    `${counted(visits, 'visit')} and ${counted(bookings, 'booking')} stand without the person. Stored messages are ` +
      'emptied within minutes; backups made before keep everything until you drop them.',
  );
  return 0;
}

async function tell(call: Call, answer: Decided): Promise<ExitCode> {
  if (await asJson(call, answer)) return 0;
  const { decisions, people } = answer;
  call.print(decisions.length === 0 ? 'This stood already.' : `Written down as ${decisions.join(', ')}.`);
  for (const { goldenId, records } of people) call.print(`Patient ${goldenId}: ${records.join(', ')}`);
  return 0;
}
