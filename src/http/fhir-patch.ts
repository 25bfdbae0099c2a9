/** JSON Patch (RFC 6902) of an Appointment, for the elements that a caller may set. */
import { IssuesError, problem } from '../fhir/outcome.ts';
import type { Appointment } from '../fhir/types.ts';
import { canonicalJson } from './body.ts';

export interface PatchStep {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

type Loose = Readonly<Record<string, unknown>>;
type Setter = (next: Loose, value: unknown, index: number) => Loose;

const whole =
  (element: string): Setter =>
  (next, value) => ({ ...next, [element]: value });

/** By JSON Pointer; a number in it stands as `#`. */
const SETTERS: Readonly<Record<string, Setter>> = {
  '/status': whole('status'),
  '/cancelationReason': whole('cancelationReason'),
  '/cancelationReason/text': (next, text) => ({
    ...next,
    cancelationReason: { ...(next['cancelationReason'] as object | undefined), text },
  }),
  '/start': whole('start'),
  '/end': whole('end'),
  '/slot': whole('slot'),
  '/slot/#': (next, value) => ({ ...next, slot: [value] }),
  '/slot/#/reference': (next, reference) => ({ ...next, slot: [{ reference }] }),
  '/comment': whole('comment'),
  '/reasonCode': whole('reasonCode'),
  '/reasonCode/#': (next, value, index) => ({ ...next, reasonCode: replaced(next['reasonCode'], index, value) }),
  '/reasonCode/#/text': (next, text, index) => ({ ...next, reasonCode: replaced(next['reasonCode'], index, { text }) }),
  '/participant/#/status': (next, status, index) => {
    const old = (next['participant'] as readonly object[])[index];
    return old === undefined
      ? next
      : { ...next, participant: replaced(next['participant'], index, { ...old, status }) };
  },
};

const TEXT =
  'Only /status, with /cancelationReason, or /slot, /start and /end, or /comment, /reasonCode and the status of the ' +
  'patient among /participant can be added or replaced.';

/** @throws IssuesError RULE_BROKEN for another element, and where a `test` fails */
export function patched(steps: readonly PatchStep[], known: Appointment): Appointment {
  let next: Loose = { ...known };
  for (const [index, { op, path, value }] of steps.entries()) {
    const where = `patch[${index}]`;
    if (op === 'test') {
      if (canonicalJson(at(next, path) ?? null) !== canonicalJson(value ?? null)) {
        throw new IssuesError('RULE_BROKEN', [
          problem('RULE_BROKEN', 'The value tested for is not there. Read the Appointment again.', where),
        ]);
      }
      continue;
    }
    const place = /\/(\d+)(?=\/|$)/.exec(path)?.[1];
    const form = path.replace(/\/\d+(?=\/|$)/, '/#');
    const setter = Object.hasOwn(SETTERS, form) ? SETTERS[form] : undefined;
    const isSlotBeyond = form.startsWith('/slot/#') && place !== '0';
    if (setter === undefined || isSlotBeyond || (op !== 'replace' && op !== 'add')) {
      throw new IssuesError('RULE_BROKEN', [problem('RULE_BROKEN', TEXT, where)]);
    }
    next = setter(next, value, Number(place ?? 0));
  }
  return next as unknown as Appointment;
}

function replaced(list: unknown, index: number, value: unknown): readonly unknown[] {
  const all = Array.isArray(list) ? [...(list as unknown[])] : [];
  if (index > all.length) return all;
  all[index] = value;
  return all;
}

/** JSON Pointer (RFC 6901), own properties only. */
function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (inner, part) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
          ? (inner as Readonly<Record<string, unknown>>)[part]
          : undefined,
      value,
    );
}
