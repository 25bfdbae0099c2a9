/** Small words for the JSON schemas of seed files. Unknown names are refused everywhere. */
import type { ErrorObject } from 'ajv';

export const text = { type: 'string' };
export const whole = { type: 'integer' };
export const flag = { type: 'boolean' };
export const share = { type: 'number', minimum: 0, maximum: 1 };
export const weekdayName = { enum: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] };
export const timeRanges = {
  type: 'array',
  items: { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-4]):[0-5]\\d$' },
};
export const weekHours = {
  type: 'object',
  additionalProperties: false,
  patternProperties: { '^(mon|tue|wed|thu|fri|sat|sun)$': timeRanges },
};
export const weekdaysById = { type: 'object', additionalProperties: { type: 'array', items: weekdayName } };

export function record(required: Record<string, unknown>, optional: Record<string, unknown> = {}): object {
  const properties = { ...required, ...optional };
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties };
}

export function list(items: object, minItems = 0): object {
  return { type: 'array', items, minItems };
}

/** Every issue with its place, for the person who wrote the file. */
export function issuesOf(errors: readonly ErrorObject[] | null | undefined): string {
  const issues = (errors ?? []).map((one) => {
    const { additionalProperty } = one.params as { readonly additionalProperty?: string };
    const name = additionalProperty === undefined ? '' : ` (${additionalProperty})`;
    return `${one.instancePath || '/'} ${one.message ?? ''}${name}`;
  });
  return issues.join('; ');
}
