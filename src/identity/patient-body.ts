/** The Patient that an assertion leads to, beside what was known. */
import { SYSTEMS, type ContactPoint, type Patient } from '../fhir/types.ts';
import type { ClearedField, PatientAssertion } from '../mappings/contract.ts';

/** What is not stated stays as it was; a stated list replaces the list, since the record is this site's alone. */
export function patient(assertion: PatientAssertion, before: Patient | null): Patient {
  const { meta: _meta, id: _id, ...known } = before ?? { resourceType: 'Patient' as const };
  const kept = withoutCleared(known, assertion.cleared ?? []);
  const named = assertion.family !== undefined || assertion.given !== undefined;
  const given = [assertion.given, assertion.middle].filter((part) => part !== undefined);
  const telecom = contacts(assertion, kept.telecom ?? []);
  const { address } = assertion;
  return inOrder({
    ...kept,
    resourceType: 'Patient',
    active: before?.active ?? true,
    ...(assertion.identifiers.length === 0
      ? {}
      : {
          identifier: assertion.identifiers.map(({ system, value, type }) => ({
            ...(type === undefined ? {} : { type: { coding: [{ system: SYSTEMS.identifierType, code: type }] } }),
            system,
            value,
          })),
        }),
    ...(named
      ? {
          name: [
            {
              ...(assertion.family === undefined ? {} : { family: assertion.family }),
              ...(given.length === 0 ? {} : { given }),
            },
          ],
        }
      : {}),
    ...(telecom.length === 0 ? {} : { telecom }),
    ...(assertion.gender === undefined ? {} : { gender: assertion.gender }),
    ...(assertion.birthDate === undefined ? {} : { birthDate: assertion.birthDate }),
    ...(assertion.deceased === undefined ? {} : { deceasedBoolean: assertion.deceased }),
    ...(address === undefined
      ? {}
      : {
          address: [
            {
              ...(address.line.length === 0 ? {} : { line: address.line }),
              ...(address.city === undefined ? {} : { city: address.city }),
              ...(address.state === undefined ? {} : { state: address.state }),
              ...(address.postalCode === undefined ? {} : { postalCode: address.postalCode }),
              ...(address.country === undefined ? {} : { country: address.country }),
            },
          ],
        }),
  });
}

// prettier-ignore
const ORDER: readonly (keyof Patient)[] = [
  'resourceType', 'identifier', 'active', 'name', 'telecom', 'gender', 'birthDate', 'deceasedBoolean', 'address',
];

/** Always the same order of elements: what was kept and what was stated anew must not look like a change. */
function inOrder(record: Patient): Patient {
  const place = (name: string): number => (ORDER as readonly string[]).indexOf(name) + 1 || ORDER.length + 1;
  const entries = Object.entries(record).sort(([one], [other]) => place(one) - place(other));
  return Object.fromEntries(entries) as unknown as Patient;
}

/** What the site says that it no longer has (HL7 v2 `""`), as opposed to what it does not mention. */
function withoutCleared(
  known: Omit<Patient, 'id' | 'meta'>,
  cleared: readonly ClearedField[],
): Omit<Patient, 'id' | 'meta'> {
  const { telecom, birthDate, gender, address, deceasedBoolean, ...rest } = known;
  const gone = new Set<string>(cleared);
  const contactsLeft = telecom?.filter(({ system }) => system === undefined || !gone.has(system)) ?? [];
  return {
    ...rest,
    ...(contactsLeft.length === 0 ? {} : { telecom: contactsLeft }),
    ...(birthDate === undefined || gone.has('birthDate') ? {} : { birthDate }),
    ...(gender === undefined || gone.has('gender') ? {} : { gender }),
    ...(address === undefined || gone.has('address') ? {} : { address }),
    ...(deceasedBoolean === undefined || gone.has('deceased') ? {} : { deceasedBoolean }),
  };
}

function contacts(assertion: PatientAssertion, before: readonly ContactPoint[]): ContactPoint[] {
  const stated: ContactPoint[] = [
    ...(assertion.phone === undefined ? [] : [{ system: 'phone' as const, value: assertion.phone }]),
    ...(assertion.email === undefined ? [] : [{ system: 'email' as const, value: assertion.email }]),
  ];
  const systems = new Set(stated.map((contact) => contact.system));
  const all = [...stated, ...before.filter((contact) => !systems.has(contact.system))];
  const place = (contact: ContactPoint): number => ['phone', 'email'].indexOf(contact.system ?? '') >>> 0;
  return all.sort((one, other) => place(one) - place(other));
}
