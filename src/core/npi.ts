/**
 * US National Provider Identifiers: which number may stand for a person. The one place of the rule; site files,
 * mappings and the practitioner index ask here (45 CFR 162.406; 69 FR 3434).
 */

/** 1: a person, 2: an organisation (a practice, a group). The number itself does not tell; the registry does. */
export type NpiEntity = 1 | 2;

/**
 * form: not ten digits beginning with 1 or 2. check-digit: mistyped or made up. organisation: it is an organisation's,
 * so that all who work there would become one person.
 */
export type NpiFault = 'form' | 'check-digit' | 'organisation';

/** Follows "is no valid NPI: " or stands alone. */
export const NPI_FAULTS: Readonly<Record<NpiFault, string>> = {
  form: 'it does not have ten digits of which the first is 1 or 2',
  'check-digit': 'its check digit does not fit',
  organisation: 'it belongs to an organisation, and not to a person',
};

/** Null: it may be a person's. That it passes does not mean that it was ever given out. */
export function npiFault(text: string, entity?: NpiEntity): NpiFault | null {
  if (!/^[12]\d{9}$/.test(text)) return 'form';
  if (!checks(text)) return 'check-digit';
  return entity === 2 ? 'organisation' : null;
}

export function isNpi(text: string): boolean {
  return npiFault(text) === null;
}

/** Typed to get past a field that must not be empty: it says nothing, and many people have it. */
export function isFillerNpi(text: string): boolean {
  return /^(\d)\1*$/.test(text);
}

/** Luhn over 80840, the issuer's prefix for health in the United States, and the ten digits (ISO 7812). */
function checks(text: string): boolean {
  const digits = Array.from(`80840${text}`, Number).reverse();
  const sum = digits.reduce((total, digit, at) => {
    const counted = at % 2 === 0 ? digit : digit * 2;
    return total + (counted > 9 ? counted - 9 : counted);
  }, 0);
  return sum % 10 === 0;
}
