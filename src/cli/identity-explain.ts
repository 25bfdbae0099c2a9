/** `slotwire identity explain`: why two records are, or are not, one person; who somebody is, and who said so. */
import type { Call, ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { asJson, recordOf, twoRecords } from './identity-call.ts';
import { columns, counted, printTable } from './table.ts';

interface Decision {
  readonly seq: number;
  readonly act: number;
  readonly kind: string;
  readonly one: string;
  readonly other: string | null;
  readonly attribute: string | null;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly at: string;
  readonly supersedes: number | null;
  readonly holds: boolean;
}

interface Waterfall {
  readonly start: number;
  readonly steps: readonly {
    readonly field: string;
    readonly level: string;
    readonly bits: number;
    readonly sum: number;
  }[];
  readonly total: number;
  readonly thresholds: { readonly review: number; readonly auto: number };
}

interface ExplainedPair {
  readonly band: string;
  readonly probability: number;
  readonly guards: readonly { readonly guard: string; readonly says: string }[];
  readonly waterfall: Waterfall;
  readonly modelId: string;
  readonly rule: { readonly name: string; readonly agree: readonly string[]; readonly collision: number } | null;
  readonly samePerson: boolean;
  readonly review: {
    readonly state: string;
    readonly why: string;
    readonly claimedBy: string | null;
    readonly dueAt: string;
    readonly role: string;
  } | null;
  readonly decisions: readonly Decision[];
}

interface ExplainedPerson {
  readonly goldenId: string;
  readonly records: readonly { readonly id: string; readonly site: string; readonly survivorId: string | null }[];
  readonly overrides: readonly { readonly attribute: string; readonly decision: number; readonly record: string }[];
  readonly decisions: readonly Decision[];
}

export async function identityExplain(call: Call): Promise<ExitCode> {
  return call.arguments.length === 1 ? explainPerson(call) : explainPair(call);
}

async function explainPair(call: Call): Promise<ExitCode> {
  const [one, other] = twoRecords(call, 'explain');
  const told = await (await hubApi(call)).get<ExplainedPair>(`/identity/pairs/${one}/${other}`);
  if (await asJson(call, told)) return 0;
  const { band, probability, guards, review, rule } = told;
  call.print(told.samePerson ? 'They are one person here.' : 'They are two people here.');
  call.print(`Matching by ${told.modelId}: ${band}, chance ${probability.toFixed(4)}.`);
  for (const line of drawn(told.waterfall)) call.print(line);
  if (rule !== null) {
    const chance = `two people by chance: ${rule.collision.toPrecision(1)}`;
    call.print(`rule ${rule.name} of the settings: ${rule.agree.join(', ')} agree (${chance}).`);
  }
  for (const { guard, says } of guards) call.print(`guard ${guard}: ${says}`);
  if (review !== null) {
    const who = review.claimedBy === null ? '' : `, taken by ${review.claimedBy}`;
    call.print(`In the queue: ${review.state}, ${review.why}${who}; due ${review.dueAt}, ${review.role}.`);
  }
  tell(call, told.decisions);
  return 0;
}

async function explainPerson(call: Call): Promise<ExitCode> {
  const id = recordOf(call.arguments[0] ?? '', 'explain');
  const told = await (await hubApi(call)).get<ExplainedPerson>(`/identity/people/${id}`);
  if (await asJson(call, told)) return 0;
  const { goldenId, records, overrides, decisions } = told;
  call.print(`Patient ${goldenId}: ${counted(records.length, 'record')}.`);
  const rows = records.map((one) => [one.id, one.site, one.survivorId === null ? '' : `merged into ${one.survivorId}`]);
  printTable(call, ['record', 'site', ''], rows);
  for (const { attribute, decision, record } of overrides) {
    call.print(`${attribute}: said by a person (${String(decision)}), with record ${record}`);
  }
  tell(call, decisions);
  return 0;
}

function tell(call: Call, decisions: readonly Decision[]): void {
  for (const { seq, act, kind, one, other, attribute, actor, reason, at, supersedes, holds } of decisions) {
    const what = [kind, supersedes === null ? '' : String(supersedes), attribute ?? '', one, other ?? ''];
    const words = what.filter((word) => word !== '').join(' ');
    const together = act === seq ? '' : ` (with ${String(act)})`;
    call.print(
      `${String(seq)}${together} ${at} ${words} by ${actor.kind} ${actor.id}: ${reason}${holds ? '' : ' [taken back]'}`,
    );
  }
}

const WIDTH = 40;

/** One line a step: what it adds (+) or takes (-), from where the sum stood to where it stands; thresholds as marks. */
function drawn({ start, steps, total, thresholds: { review, auto } }: Waterfall): readonly string[] {
  const stops = [start, total, review, auto, ...steps.map(({ sum }) => sum)];
  const [least, most] = [Math.min(...stops), Math.max(...stops)];
  const place = (bits: number): number => Math.round(((bits - least) / Math.max(most - least, 1)) * (WIDTH - 1));
  const bar = (from: number, to: number, sign: string): string => {
    const [low, high] = [Math.min(place(from), place(to)), Math.max(place(from), place(to))];
    const cell = (at: number): string => {
      if (at >= low && at <= high && sign !== '') return sign;
      return at === place(auto) ? 'A' : at === place(review) ? 'R' : ' ';
    };
    return Array.from({ length: WIDTH }, (_, at) => cell(at)).join('');
  };
  const signed = (bits: number): string => `${bits < 0 ? '' : '+'}${bits.toFixed(1)}`;
  let before = start;
  const rows = steps.map(({ field, level, bits, sum }) => {
    const row = [field, level, signed(bits), sum.toFixed(1), bar(before, sum, bits < 0 ? '-' : '+')];
    before = sum;
    return row;
  });
  return [
    ...columns([
      ['field', 'level', 'bits', 'sum', ''],
      ['start', 'two records at random', '', start.toFixed(1), bar(start, start, '|')],
      ...rows,
      ['total', '', '', total.toFixed(1), bar(total, total, '|')],
    ]),
    `A person is asked from ${review.toFixed(1)} (R) on, nobody from ${auto.toFixed(1)} (A) on where no guard strikes.`,
  ];
}
