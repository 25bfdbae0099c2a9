/** Bodies of operations: FHIR Parameters, read without trust. */
import type { Call } from '../kit/route.ts';
import { refusal } from './answers.ts';
import type { Hospital } from './hospital.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly fields: Fields;
}

/** @throws Refusal 400 when the body is no Parameters resource */
export function parametersOf(hospital: Hospital, call: Call): readonly Parameter[] {
  const body = fieldsOf(parsed(call.body));
  if (body['resourceType'] !== 'Parameters') {
    throw refusal(hospital, 400, { code: '59101', diagnostics: 'the body is no Parameters resource' });
  }
  return listOf(body['parameter']).map((one) => {
    const fields = fieldsOf(one);
    return { name: textOf(fields['name']), fields };
  });
}

export function parameter(all: readonly Parameter[], name: string): Fields | undefined {
  return all.find((one) => one.name === name)?.fields;
}

/** An object, or one without fields. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The codes of a CodeableConcept. */
export function codesOf(concept: unknown): readonly string[] {
  return listOf(fieldsOf(concept)['coding']).map((one) => textOf(fieldsOf(one)['code']));
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
