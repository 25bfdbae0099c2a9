/** What a search asks of a Patient's sealed elements, asked of one that is open (FHIR R4 search, IHE PDQm ITI-78). */
import { instant } from '../../core/instant.ts';
import { isOfGuarantor } from '../../fhir/contact-of.ts';
import { parseDateValue } from '../../fhir/search-date.ts';
import type { Criterion, DateValue, TokenValue } from '../../fhir/search.ts';
import type { Address, ContactPoint, Patient } from '../../fhir/types.ts';
import { email, phone } from '../match/normalise-contact.ts';
import { folded } from '../match/normalise-text.ts';

export type SealedCriterion = Extract<Criterion, { kind: 'string' | 'token' | 'date' }>;

/** Whether one of the values asked for is there. */
export function fits(patient: Patient, criterion: SealedCriterion): boolean {
  switch (criterion.kind) {
    case 'string': {
      const texts = (TEXTS[criterion.param]?.(patient) ?? []).filter((text) => text !== undefined);
      const isThere =
        criterion.match === 'exact'
          ? (asked: string) => texts.includes(asked)
          : (asked: string) => texts.some((text) => folded(text).startsWith(folded(asked)));
      return criterion.anyOf.some(isThere);
    }
    case 'date':
      return criterion.anyOf.some((asked) => isBorn(patient, asked));
    case 'token':
      return criterion.anyOf.some((asked) => {
        if (criterion.param === 'gender') return isGender(patient, asked);
        if (criterion.param === 'identifier') return hasIdentifier(patient, asked);
        return hasContact(patient, criterion.param, asked);
      });
  }
}

/** Phones and e-mail addresses that are asked for, as the index knows them; null: the criterion asks for none. */
export function contactsAsked(criterion: SealedCriterion): readonly string[] | null {
  if (criterion.kind !== 'token' || ['gender', 'identifier'].includes(criterion.param)) return null;
  return criterion.anyOf.flatMap((asked) => readings(criterion.param, asked)).filter((read) => read !== '');
}

/** The whole day that is asked for; null: the criterion asks for none, or for several, or for a longer time. */
export function dayAsked(criterion: SealedCriterion): string | null {
  if (criterion.kind !== 'date') return null;
  const [only, ...more] = criterion.anyOf;
  if (only === undefined || more.length > 0 || only.prefix !== 'eq' || only.until - only.from !== DAY_MS) return null;
  return new Date(only.from).toISOString().slice(0, 10);
}

const DAY_MS = 86_400_000;

type Texts = (patient: Patient) => readonly (string | undefined)[];

const inAddress =
  (read: (address: Address) => readonly (string | undefined)[]): Texts =>
  ({ address = [] }) =>
    address.flatMap(read);

const TEXTS: Readonly<Record<string, Texts>> = {
  family: ({ name = [] }) => name.map(({ family }) => family),
  given: ({ name = [] }) => name.flatMap(({ given = [] }) => given),
  name: ({ name = [] }) =>
    name.flatMap(({ family, given = [], prefix = [], suffix = [], text }) => [
      family,
      ...given,
      ...prefix,
      ...suffix,
      text,
    ]),
  address: inAddress(({ text, line = [], city, state, postalCode, country }) => [
    ...[text, ...line, city, state, postalCode, country],
  ]),
  'address-city': inAddress(({ city }) => [city]),
  'address-state': inAddress(({ state }) => [state]),
  'address-postalcode': inAddress(({ postalCode }) => [postalCode]),
  'address-country': inAddress(({ country }) => [country]),
};

function isGender({ gender }: Patient, { system, code }: TokenValue): boolean {
  if (gender === undefined || (system !== undefined && system !== GENDER)) return false;
  return code === undefined || code === gender;
}

const GENDER = 'http://hl7.org/fhir/administrative-gender';

function hasIdentifier({ identifier = [] }: Patient, { system, code }: TokenValue): boolean {
  return identifier.some(
    (one) =>
      (system === undefined || one.system === (system ?? undefined)) && (code === undefined || one.value === code),
  );
}

function hasContact({ telecom = [] }: Patient, param: string, asked: TokenValue): boolean {
  const wanted = readings(param, asked).filter((read) => read !== '');
  return telecom.some((contact) => !isOfGuarantor(contact) && wanted.includes(read(contact)));
}

/** As `phone|937-555-2222` or as a bare value, which is an e-mail address where it has an @. */
function readings(param: string, { system, code = '' }: TokenValue): readonly string[] {
  const kind = param === 'telecom' ? (system ?? (code.includes('@') ? 'email' : 'phone')) : param;
  return [read({ system: kind === 'email' ? 'email' : 'phone', value: code })];
}

/** Two ways of writing one number are one; what is typed where there is none is nobody's. */
function read({ system, value = '' }: ContactPoint): string {
  if (system === 'email') return email(value);
  return system === 'phone' || system === 'sms' ? phone(value) : '';
}

/** FHIR R4 search.html#date: a date stands for all of its day, month or year. */
function isBorn({ birthDate = '' }: Patient, asked: DateValue): boolean {
  const born = parseDateValue(birthDate, 'UTC', instant(0));
  if (born === null) return false;
  const isWithin = born.from >= asked.from && born.until <= asked.until;
  switch (asked.prefix) {
    case 'eq':
      return isWithin;
    case 'ne':
      return !isWithin;
    case 'gt':
      return born.until > asked.until;
    case 'lt':
      return born.from < asked.from;
    case 'ge':
      return isWithin || born.until > asked.until;
    case 'le':
      return isWithin || born.from < asked.from;
    case 'sa':
      return born.from >= asked.until;
    case 'eb':
      return born.until <= asked.from;
    case 'ap':
      return born.from < asked.until && born.until > asked.from;
  }
}
