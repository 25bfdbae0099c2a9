/** How somebody is reached: XTN and XAD, of the patient and of those around them. */
import type { PatientAssertion, PostalAddress } from '../contract.ts';
import { NAME_RANK } from './codes.ts';
import { part, type Composite } from './reading.ts';

type Reached = Partial<Pick<PatientAssertion, 'phone' | 'email' | 'address'>>;

/** The first number and the first e-mail address, wherever it is written; the address where they live. */
export function reachedBy(xtns: readonly Composite[], xads: readonly Composite[]): Reached {
  const contacts = xtns.map(contactPoint);
  const phone = contacts.find((contact) => contact.phone !== '')?.phone ?? '';
  const email = contacts.find((contact) => contact.email !== '')?.email ?? '';
  const homes = xads.filter((address) => !['BA', 'BI'].includes(part(address, 7).toUpperCase()));
  const home = homes.find((address) => part(address, 7).toUpperCase() === 'H') ?? homes[0];
  const address = home === undefined ? null : addressOf(home);
  return { ...filled({ phone, email }), ...(address === null ? {} : { address }) };
}

/** XPN: the legal name. */
export function nameOf(xpns: readonly Composite[]): Partial<Pick<PatientAssertion, 'family' | 'given' | 'middle'>> {
  const names = xpns
    .map((name) => ({ name, rank: NAME_RANK[part(name, 7).toUpperCase()] ?? 9 }))
    .filter(({ name }) => part(name, 1) !== '' || part(name, 2) !== '')
    .sort((one, other) => one.rank - other.rank);
  const best = names[0]?.name;
  if (best === undefined) return {};
  return filled({ family: part(best, 1), given: part(best, 2), middle: part(best, 3) });
}

/**
 * XTN: .12 as it is, else the parts, else .1; an e-mail address in .4, or in .1 of a sender that knows one place only.
 */
function contactPoint(xtn: Composite): { readonly phone: string; readonly email: string } {
  const first = part(xtn, 1);
  const kind = part(xtn, 3).toUpperCase();
  const email = [part(xtn, 4), first].find((text) => /^[^\s@]+@[^\s@]+$/.test(text)) ?? '';
  if (['INTERNET', 'X.400', 'FX', 'BP'].includes(kind)) return { phone: '', email };
  const [country, area, local, extension] = [5, 6, 7, 8].map((n) => part(xtn, n)) as [string, string, string, string];
  const parts = [country === '' ? '' : `+${country.replace(/^\+/, '')}`, area, local];
  const built = local === '' ? '' : parts.filter((text) => text !== '').join(' ');
  const phone = part(xtn, 12) || (built === '' ? first : built) + (extension === '' ? '' : ` X${extension}`);
  return { phone: /\d/.test(phone) && !phone.includes('@') ? phone : '', email };
}

function addressOf(xad: Composite): PostalAddress | null {
  const line = [part(xad, 1), part(xad, 1, 2), part(xad, 2)].filter((text) => text !== '');
  const rest = filled({
    city: part(xad, 3),
    state: part(xad, 4),
    postalCode: part(xad, 5),
    country: part(xad, 6),
  });
  return line.length === 0 && Object.keys(rest).length === 0 ? null : { line, ...rest };
}

export function filled<Key extends string>(texts: Readonly<Record<Key, string>>): Partial<Record<Key, string>> {
  const entries = Object.entries<string>(texts).filter(([, text]) => text !== '');
  return Object.fromEntries(entries) as Partial<Record<Key, string>>;
}
