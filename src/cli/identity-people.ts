/** The verbs of `slotwire identity` that ask a running hub who is who, and tell it what a person decided. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { printJson, UsageError, wholeOption, type Call, type ExitCode, type Option } from './command.ts';
import { hubApi } from './hub-api.ts';
import { counted, printTable } from './table.ts';

export const PEOPLE_OPTIONS: Readonly<Record<string, Option>> = {
  reason: { value: 'TEXT', prose: 'With decide and unmerge: why. It is kept for ever; write no patient data into it.' },
  limit: {
    value: 'NUMBER',
    prose: 'With stats: how many of the pairs that wait are listed, likeliest first. Default 20.',
  },
  overrule: { prose: 'With unmerge: also records of which their own site says that they are one person.' },
};

interface Counts {
  readonly records: number;
  readonly people: number;
  readonly due: number;
  readonly truncated: number;
  readonly decisions: readonly { readonly actor: string; readonly kind: string; readonly count: number }[];
  readonly reviews: readonly { readonly state: string; readonly why: string; readonly count: number }[];
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
  if (await asJson(call, { ...stats, pairs: reviews })) return 0;
  const { records, people, due, truncated } = stats;
  call.print(`${counted(records, 'patient record')} of ${String(people)} people; ${String(due)} still to be compared.`);
  if (truncated > 0) {
    call.print(
      `${counted(truncated, 'record')} with a key that more share than are compared: none of them is linked by itself.`,
    );
  }
  for (const { actor, kind, count } of stats.decisions) call.print(`decided by ${actor}: ${kind} ${String(count)}`);
  for (const { state, why, count } of stats.reviews) call.print(`pairs ${state}, ${why}: ${String(count)}`);
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

interface Explained {
  readonly band: string;
  readonly score: number;
  readonly probability: number;
  readonly thresholds: { readonly auto: number; readonly review: number };
  readonly guards: readonly { readonly guard: string; readonly says: string }[];
  readonly steps: readonly { readonly field: string; readonly level: string; readonly bits: number }[];
  readonly modelId: string;
  readonly samePerson: boolean;
  readonly review: { readonly state: string; readonly why: string } | null;
  readonly decisions: readonly {
    readonly seq: number;
    readonly kind: string;
    readonly one: string;
    readonly other: string | null;
    readonly actor: { readonly kind: string; readonly id: string };
    readonly reason: string;
    readonly at: string;
  }[];
}

export async function identityExplain(call: Call): Promise<ExitCode> {
  const [one, other] = twoRecords(call, 'explain');
  const told = await (await hubApi(call)).get<Explained>(`/identity/pairs/${one}/${other}`);
  if (await asJson(call, told)) return 0;
  call.print(told.samePerson ? 'They are one person here.' : 'They are two people here.');
  const { auto, review } = told.thresholds;
  call.print(
    `Matching by ${told.modelId}: ${told.band}, ${told.score.toFixed(1)} bits (review from ${review.toFixed(1)}, ` +
      `without a person from ${auto.toFixed(1)}).`,
  );
  const rows = told.steps.map(({ field, level, bits }) => [field, level, bits.toFixed(1)]);
  printTable(call, ['field', 'level', 'bits'], rows);
  for (const { guard, says } of told.guards) call.print(`guard ${guard}: ${says}`);
  for (const { seq, kind, one: left, other: right, actor, reason, at } of told.decisions) {
    call.print(`${String(seq)} ${at} ${kind} ${left} ${right ?? ''} by ${actor.kind} ${actor.id}: ${reason}`);
  }
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

async function tell(call: Call, answer: Decided): Promise<ExitCode> {
  if (await asJson(call, answer)) return 0;
  const { decisions, people } = answer;
  call.print(decisions.length === 0 ? 'This stood already.' : `Written down as ${decisions.join(', ')}.`);
  for (const { goldenId, records } of people) call.print(`Patient ${goldenId}: ${records.join(', ')}`);
  return 0;
}

function twoRecords(call: Call, verb: string): readonly [string, string] {
  const [one, other, ...more] = call.arguments;
  if (one === undefined || other === undefined || more.length > 0) {
    throw new UsageError(`identity ${verb} wants two records, by the ids of their Patients.`);
  }
  return [recordOf(one, verb), recordOf(other, verb)];
}

function recordOf(id: string, verb: string): string {
  const plain = id.replace(/^Patient\//, '');
  if (/^[0-9a-f-]{36}$/i.test(plain)) return plain.toLowerCase();
  throw new UsageError(`identity ${verb}: ${id} is no id of a Patient.`);
}

function reasonOf(call: Call, verb: string): string {
  const reason = call.values.get('reason') ?? '';
  if (reason.trim() === '') throw new UsageError(`identity ${verb} wants --reason TEXT: it is kept with the decision.`);
  return reason;
}

/** `--json -` prints, `--json FILE` writes, as `identity evaluate` does. */
async function asJson(call: Call, value: unknown): Promise<boolean> {
  const file = call.values.get('json');
  if (file === undefined) return false;
  if (file === '-') printJson(call, value);
  else await writeFile(resolve(call.cwd, file), `${JSON.stringify(value, null, 2)}\n`);
  return true;
}
