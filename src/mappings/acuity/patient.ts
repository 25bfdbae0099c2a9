/**
 * Who a person is at Acuity: name, phone and e-mail as typed when booking, nothing more. There is no patient id, so
 * each distinct combination is a record of its own; that two of them are one person is for identity to find out, and
 * never from these alone.
 */
import { typedPersonKey } from '../../core/typed-person.ts';
import { birthDateIn } from './dates.ts';
import type { PatientAssertion, SiteFacts, SiteIdentifier } from '../contract.ts';
import { isFields, rowsIn, textOf, type Fields } from './reading.ts';

/** Null: nobody is named. */
export function patientOf(fields: Fields, facts: SiteFacts): PatientAssertion | null {
  const [given, family] = [textOf(fields['firstName']), textOf(fields['lastName'])];
  const [phone, email] = [textOf(fields['phone']), textOf(fields['email'])];
  if (given === '' && family === '' && phone === '' && email === '') return null;
  const { settings } = facts.site;
  const mrn = answerTo(fields, settings['mrnField']);
  const birthDate = birthDateIn(answerTo(fields, settings['birthDateField']), settings['birthDateOrder'] === 'dmy');
  return {
    key: typedPersonKey('acuity-client', { given, family, phone, email }),
    identifiers: mrn === '' ? [] : [mrnIdentifier(mrn, facts)],
    ...(family !== '' && { family }),
    ...(given !== '' && { given }),
    ...(birthDate !== null && { birthDate }),
    ...(phone !== '' && { phone }),
    ...(email !== '' && { email }),
    ofVisits: true,
  };
}

/** What was answered to one intake question; empty when nothing was, or the site has no such question. */
export function answerTo(fields: Fields, fieldId: unknown): string {
  if (typeof fieldId !== 'number') return '';
  for (const form of rowsIn(fields['forms'])) {
    const value = rowsIn(form['values']).find((one) => isFields(one) && one['fieldID'] === fieldId);
    if (value !== undefined) return textOf(value['value']);
  }
  return '';
}

function mrnIdentifier(value: string, { site }: SiteFacts): SiteIdentifier {
  return { system: site.identifiers['mrn']?.system ?? `urn:slotwire:site:${site.id}:mrn`, value, type: 'MR' };
}
