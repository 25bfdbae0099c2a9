/** What a person may say that a value is: whole values only, since the parts of two names are nobody's name. */
import { birthDate } from '../match/normalise-date.ts';
import type { SingleAttribute } from './decision.ts';

const SINGLE_LINE = 200;

/** Whether a value fits its attribute; null always does. The date is one of the calendar, and no placeholder. */
export function isValue(attribute: SingleAttribute, value: unknown): boolean {
  if (value === null) return true;
  if (attribute === 'deceased') return typeof value === 'boolean';
  if (attribute === 'gender') return ['male', 'female', 'other', 'unknown'].some((code) => code === value);
  if (attribute === 'birthDate') {
    if (typeof value !== 'string' || !/^\d{4}(-\d{2}(-\d{2})?)?$/.test(value)) return false;
    return birthDate(value)?.valid === true;
  }
  if (typeof value !== 'object') return false;
  const texts = Object.values(value).flat();
  return texts.length > 0 && texts.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= SINGLE_LINE;
}
