import { kindSettings, withSimulators } from '../boot.ts';
import { ERRORS } from '../core/error-catalogue.ts';
import { formatInstant } from '../core/instant.ts';
import { readEnvironment } from '../environment.ts';
import { mapHl7File, type FileMessage } from '../hub-messages.ts';
import { standInSimulators } from '../hub-rehearsal.ts';
import { buildPlan } from '../settings/plan.ts';
import { Problem, printJson, UsageError, type Call, type ExitCode } from './command.ts';
import { oneArgument, readMessageFile } from './hl7-show.ts';
import { hubApi } from './hub-api.ts';
import { messageId, whyOf, type ShownMessage } from './messages.ts';
import { columns, counted } from './table.ts';

/** As `/ops/api/messages/:id/explain` answers. */
interface ShownExplained extends ShownMessage {
  readonly acknowledgement: string | null;
  readonly orderedAt: string | null;
  readonly orderedBy: string | null;
  readonly waitsFor: readonly number[];
  readonly sameControlId: readonly number[];
  readonly nextStep: string | null;
  readonly made: readonly {
    readonly type: string;
    readonly id: string;
    readonly version: number;
    readonly current: boolean;
  }[];
  readonly now: ShownNow;
}

interface ShownNow {
  readonly kind: string;
  readonly because?: string;
  readonly code?: string;
  readonly issues?: readonly { readonly code: string; readonly where: string; readonly problem: string }[];
  readonly warnings?: readonly string[];
  readonly changes?: readonly { readonly change: ShownChange; readonly stands: Standing | null }[];
}

interface Standing {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly source: string | null;
  readonly differs: readonly string[];
}

interface ShownChange {
  readonly kind: string;
  readonly [name: string]: unknown;
}

export async function hl7Explain(call: Call): Promise<ExitCode> {
  const file = call.values.get('file');
  if (file !== undefined) return explainFile(call, file);
  const id = messageId(oneArgument(call, 'explain'));
  const explained = await (await hubApi(call)).get<ShownExplained>(`/messages/${id}/explain`);
  if (call.flags.has('json')) printJson(call, explained);
  else tellExplained(call, explained);
  return 0;
}

function tellExplained(call: Call, one: ShownExplained): void {
  const rows: (readonly [string, string])[] = [
    ['message', `${one.id} of ${one.site}: ${one.kind}`],
    [
      'received',
      `${one.receivedAt} by ${one.via}${one.acknowledgement === null ? '' : `, answered ${one.acknowledgement}`}`,
    ],
    [
      'ordered by',
      one.orderedAt === null
        ? 'arrival: it tells no time'
        : `${one.orderedAt} (${one.orderedBy ?? 'as read on receipt'})`,
    ],
    ['status', [one.status, whyOf(one)].filter((text) => text !== '').join(': ')],
    ...(one.nextStep === null ? [] : [['to do', one.nextStep] as const]),
    ...(one.waitsFor.length === 0
      ? []
      : [['waits for', `${one.waitsFor.join(', ')} (hl7 explain tells why)`] as const]),
    ...(one.sameControlId.length === 0
      ? []
      : [
          [
            'control id',
            `used for other messages too: ${one.sameControlId.join(', ')}; each counts for itself`,
          ] as const,
        ]),
    ...one.made.map(({ type, id, version, current }) => {
      const since = current ? 'which stands' : 'changed since';
      return ['made', `${type}/${id} version ${version}, ${since}`] as const;
    }),
  ];
  for (const line of columns(rows)) call.print(line);
  call.print('');
  tellNow(call, one.now);
}

function tellNow(call: Call, now: ShownNow): void {
  if (now.kind === 'ignored') call.print(`Read now it would be ignored: ${now.because ?? ''}`);
  else if (now.kind === 'failed') call.print(`Read now it would fail: ${now.code ?? ''}. Tell the makers of the hub.`);
  else if (now.kind === 'unreadable') {
    call.print('Read now it would park:');
    const issues = now.issues ?? [];
    for (const line of columns(issues.map(({ code, where, problem }) => [`  ${code}`, where, problem])))
      call.print(line);
    for (const code of new Set(issues.map((issue) => issue.code))) {
      if (Object.hasOwn(ERRORS, code)) call.print(`  ${ERRORS[code as keyof typeof ERRORS].text}`);
    }
  } else {
    const changes = now.changes ?? [];
    call.print(`Read now it makes ${counted(changes.length, 'change')}:`);
    for (const { change, stands } of changes) {
      call.print('');
      tellChange(call, change);
      if (stands !== null) tellStanding(call, stands);
    }
    for (const warning of now.warnings ?? []) call.print(`  ! ${warning}`);
  }
}

function tellChange(call: Call, { kind, ...rest }: ShownChange): void {
  call.print(`  ${kind}`);
  const rows = Object.entries(rest)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => [`    ${name}`, plain(name, value)]);
  for (const line of columns(rows)) call.print(line);
}

const MOMENTS: ReadonlySet<string> = new Set(['at', 'start', 'end', 'created']);

/** Instants are numbers of milliseconds in a change; nobody reads those. */
function plain(name: string, value: unknown): string {
  if (typeof value === 'number' && MOMENTS.has(name)) {
    return formatInstant(value as Parameters<typeof formatInstant>[0]);
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (inner, each: unknown) =>
    typeof each === 'number' && MOMENTS.has(inner) ? formatInstant(each as Parameters<typeof formatInstant>[0]) : each,
  );
}

function tellStanding(call: Call, stands: Standing): void {
  const span = stands.start === null ? 'no time' : `${stands.start} to ${stands.end ?? '?'}`;
  call.print(`    stands as Appointment/${stands.id} version ${stands.version}: ${stands.status}, ${span}`);
  if (stands.differs.length > 0) call.print(`    the message says otherwise: ${stands.differs.join(', ')}`);
}

async function explainFile(call: Call, file: string): Promise<ExitCode> {
  const siteId = call.values.get('site');
  if (siteId === undefined) throw new UsageError('--file wants --site: a message means what its site says it means.');
  if (call.arguments.length > 0) throw new UsageError('hl7 explain wants a message or --file, not both.');
  const environment = readEnvironment(call.variables, call.cwd);
  const variables = withSimulators(environment.variables, await standInSimulators(environment));
  const { plan } = await buildPlan({ configDir: environment.configDir, variables, kinds: kindSettings });
  if (plan === null) throw new Problem('The configuration has issues; `slotwire check` tells them.');
  const messages = mapHl7File(plan, siteId, await readMessageFile(call, file), call.clock);
  if (call.flags.has('json')) printJson(call, { site: siteId, messages });
  else for (const [at, one] of messages.entries()) tellFileMessage(call, one, at + 1, messages.length);
  return messages.some(({ mapped }) => mapped === null || mapped.kind === 'unreadable') ? 1 : 0;
}

function tellFileMessage(call: Call, { described, occurredAt, mapped }: FileMessage, at: number, of: number): void {
  const ordered = occurredAt === null ? 'arrival: it tells no time' : formatInstant(occurredAt);
  call.print(`message ${at} of ${of}: ${described.kind || 'no message type'}, ordered by ${ordered}`);
  if (mapped === null) call.print('Messages of this kind are not taken from this site.');
  else if (mapped.kind === 'changes') {
    const changes = mapped.changes.map((change) => ({ change: { ...change }, stands: null }));
    tellNow(call, { kind: 'changes', warnings: mapped.warnings, changes });
  } else tellNow(call, mapped);
}
