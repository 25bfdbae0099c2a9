/** What a person may say that a value is: whole values only, since the parts of two names are nobody's name. */
import { birthDate } from '../match/normalise-date.ts';
import type { SingleAttribute } from './decision.ts';

const SINGLE_LINE = 200;
const PARTS = 10;

/** Whether a value fits its attribute; null always does. The date is one of the calendar, and no placeholder. */
export function isValue(attribute: SingleAttribute, value: unknown): boolean {
  if (value === null) return true;
  if (attribute === 'deceased') return typeof value === 'boolean';
  if (attribute === 'gender') return ['male', 'female', 'other', 'unknown'].some((code) => code === value);
  if (attribute === 'birthDate') {
    if (typeof value !== 'string' || !/^\d{4}(-\d{2}(-\d{2})?)?$/.test(value)) return false;
    return birthDate(value)?.valid === true;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const parts = Object.entries(value as Readonly<Record<string, unknown>>);
  const form = attribute === 'name' ? NAME : ADDRESS;
  const isFit = parts.every(([part, said]) => {
    const wanted = Object.hasOwn(form, part) ? form[part] : undefined;
    if (wanted === undefined) return false;
    if (wanted === 'list') return Array.isArray(said) && said.length > 0 && said.length <= PARTS && said.every(isText);
    return wanted === 'text' ? isText(said) : wanted.some((code) => code === said);
  });
  return isFit && parts.some(([part]) => part !== 'use' && part !== 'type');
}

type Form = Readonly<Record<string, 'text' | 'list' | readonly string[]>>;

/** FHIR R4 HumanName and Address, without what no record has. */
const NAME: Form = {
  use: ['usual', 'official', 'temp', 'nickname', 'anonymous', 'old', 'maiden'],
  text: 'text',
  family: 'text',
  given: 'list',
  prefix: 'list',
  suffix: 'list',
};
const ADDRESS: Form = {
  use: ['home', 'work', 'temp', 'old', 'billing'],
  type: ['postal', 'physical', 'both'],
  text: 'text',
  line: 'list',
  city: 'text',
  district: 'text',
  state: 'text',
  postalCode: 'text',
  country: 'text',
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= SINGLE_LINE;
}
