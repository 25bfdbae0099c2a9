/** Who somebody is where people are known by what they typed when they booked: name, phone and e-mail, nothing more. */
import { derivedId } from './ids.ts';

export interface TypedPerson {
  readonly given: string;
  readonly family: string;
  readonly phone: string;
  readonly email: string;
}

/** Equal however it is spaced and cased, and however the phone is punctuated. */
export function typedPersonKey(namespace: string, { given, family, phone, email }: TypedPerson): string {
  return derivedId(namespace, plain(given), plain(family), digits(phone), email.toLowerCase());
}

function plain(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, ' ').toLowerCase();
}

/** `(555) 555-0188`, `5555550188` and `+1 555 555 0188` are one phone. */
function digits(phone: string): string {
  const all = phone.replace(/\D/g, '');
  return all.length === 11 && all.startsWith('1') ? all.slice(1) : all;
}
