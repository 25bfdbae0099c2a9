/** What the verbs of `slotwire identity` have in common: records and reasons as written, answers as files. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { printJson, UsageError, type Call } from './command.ts';

export function twoRecords(call: Call, verb: string): readonly [string, string] {
  const [one, other, ...more] = call.arguments;
  if (one === undefined || other === undefined || more.length > 0) {
    throw new UsageError(`identity ${verb} wants two records, by the ids of their Patients.`);
  }
  return [recordOf(one, verb), recordOf(other, verb)];
}

export function recordOf(id: string, verb: string): string {
  const plain = id.replace(/^Patient\//, '');
  if (/^[0-9a-f-]{36}$/i.test(plain)) return plain.toLowerCase();
  throw new UsageError(`identity ${verb}: ${id} is no id of a Patient.`);
}

export function reasonOf(call: Call, verb: string): string {
  const reason = call.values.get('reason') ?? '';
  if (reason.trim() === '') throw new UsageError(`identity ${verb} wants --reason TEXT: it is kept with the decision.`);
  return reason;
}

/** `--json -` prints, `--json FILE` writes, as `identity evaluate` does. */
export async function asJson(call: Call, value: unknown): Promise<boolean> {
  const file = call.values.get('json');
  if (file === undefined) return false;
  if (file === '-') printJson(call, value);
  else await writeFile(resolve(call.cwd, file), `${JSON.stringify(value, null, 2)}\n`);
  return true;
}
