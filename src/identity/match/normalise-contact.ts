/** Phones, e-mail addresses, identifiers and administrative gender. */
import type { Conventions, Person, RecordIdentifier } from './person.ts';

/**
 * E.164 where the number has, or by convention gets, a calling code; empty where it is too short, or one that clinics
 * type when there is none. Only what decides equality is done: a number's region plan adds nothing to that.
 */
export function phone(text: string, conventions: Conventions = {}): string {
  const code = conventions.callingCode ?? '1';
  const main = text.replace(/(?:ext|x|#)\.?\s*\d{1,6}\s*$/i, '');
  const international = /^\s*(?:\+|00|011(?=\d{8}))/.test(main);
  // `+44 (0)20`: the zero is dialled within the country only.
  let digits = (international ? main.replace('(0)', '') : main).replaceAll(/\D/g, '');
  if (international) digits = digits.replace(/^(?:011|00)/, '');
  else digits = national(digits, code);
  if (digits.length < 7 || digits.length > 15 || isFiller(digits, code)) return '';
  return `+${digits}`;
}

/** North American numbers have ten digits, also behind a 1; elsewhere a leading 0 stands for the country. */
function national(digits: string, code: string): string {
  if (code === '1') return digits.length === 10 ? `1${digits}` : digits;
  if (digits.startsWith('0')) return `${code}${digits.replace(/^0+/, '')}`;
  return digits.startsWith(code) && digits.length > 9 ? digits : `${code}${digits}`;
}

function isFiller(digits: string, code: string): boolean {
  const own = digits.startsWith(code) ? digits.slice(code.length) : digits;
  const end = own.slice(-7);
  return /^(\d)\1+$/.test(end) || ['1234567890', '0123456789', '9876543210'].includes(own) || /^1234567$/.test(own);
}

const NOBODY = new Set([
  ...['none', 'noemail', 'nomail', 'no', 'na', 'unknown', 'test', 'noreply', 'donotreply', 'refused', 'declined'],
  ...['patient', 'email', 'x', 'xx', 'xxx', 'null', 'nil', 'notgiven', 'noemailgiven', 'noaddress', 'nobody', 'a'],
]);

/** Lower case, without a `+tag`; empty where it is no address, or one that is typed when there is none. */
export function email(text: string): string {
  const address = text.trim().toLowerCase();
  const parts = /^([^\s@]{1,64})@([^\s@]+\.[^\s@]{2,})$/.exec(address);
  if (parts === null) return '';
  const [, local = '', domain = ''] = parts;
  const plain = local.replace(/\+.*$/, '');
  if (plain === '' || NOBODY.has(plain.replaceAll(/[._-]/g, ''))) return '';
  return `${plain}@${domain}`;
}

export function sex(text: string | undefined): Person['sex'] {
  const word = text?.trim().toLowerCase() ?? '';
  if (['f', 'female', 'w', 'woman'].includes(word)) return 'f';
  if (['m', 'male', 'man'].includes(word)) return 'm';
  return ['o', 'other', 'x', 'nonbinary', 'non-binary', 'a'].includes(word) ? 'x' : '';
}

/** Numbers printed on cards and in manuals, typed by hundreds of people who had none. */
const KNOWN_FILLERS = new Set(['123456789', '987654321', '078051120', '219099999', '457555462', '111223333']);

/** Null where the value is empty or a placeholder. Letters and digits only, upper case. */
export function identifier(one: RecordIdentifier): RecordIdentifier | null {
  const value = one.value.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  if (/^0*$/.test(value) || /^(NONE|UNKNOWN|NA|NULL|TEST)$/.test(value)) return null;
  if (one.kind.startsWith('social') && isFillerNumber(value)) return null;
  if (one.kind === 'social' && /^\d{4}$/.test(value)) return { kind: 'social-end', system: one.system, value };
  return { ...one, value };
}

/**
 * Areas 000, 666 and 900 to 999, group 00 and serial 0000 are never given out. Other countries' lengths are left alone.
 */
function isFillerNumber(value: string): boolean {
  if (KNOWN_FILLERS.has(value) || /^(.)\1*$/u.test(value)) return true;
  return /^\d{9}$/.test(value) && /^(?:000|666|9\d\d)|^\d{3}00|0000$/.test(value);
}
