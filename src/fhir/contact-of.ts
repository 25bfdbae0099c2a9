/**
 * Contacts of a minor's record that whoever pays has as well (HL7 v2 GT1): the record keeps them as its site says them,
 * marked, and nobody takes them for the minor's own.
 */
import { EXTENSIONS, type ContactPoint, type Patient } from './types.ts';

const MARK = { url: EXTENSIONS.contactOf, valueCode: 'guarantor' } as const;

export function isOfGuarantor({ extension = [] }: ContactPoint): boolean {
  return extension.some(({ url, valueCode }) => url === MARK.url && valueCode === MARK.valueCode);
}

/** Those that `isOfGuarantor`, and no others, are marked. */
export function marked(patient: Patient, isShared: (contact: ContactPoint) => boolean): Patient {
  if (patient.telecom === undefined) return patient;
  const telecom = patient.telecom.map((one): ContactPoint => {
    const shared = isShared(one);
    if (shared === isOfGuarantor(one)) return one;
    const { extension = [], ...contact } = one;
    const others = extension.filter(({ url }) => url !== MARK.url);
    const all = shared ? [...others, MARK] : others;
    return all.length === 0 ? contact : { ...contact, extension: all };
  });
  return { ...patient, telecom };
}

/** Without them. */
export function withOwnContacts(patient: Patient): Patient {
  const { telecom, ...rest } = patient;
  const own = telecom?.filter((one) => !isOfGuarantor(one)) ?? [];
  return own.length === telecom?.length ? patient : { ...rest, ...(own.length === 0 ? {} : { telecom: own }) };
}
