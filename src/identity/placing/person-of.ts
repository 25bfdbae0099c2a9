/** From a Patient, as its site tells of it, to the person that is compared. */
import { SYSTEMS, type HumanName, type Identifier, type Patient } from '../../fhir/types.ts';
import { normalised } from '../match/normalise.ts';
import type { IdentifierKind, Person, RecordIdentifier } from '../match/person.ts';

export function personOf(patient: Patient): Person {
  const telecom = (systems: readonly string[]): readonly string[] =>
    (patient.telecom ?? []).flatMap(({ system = '', value }) =>
      value !== undefined && systems.includes(system) ? [value] : [],
    );
  return normalised({
    names: [...(patient.name ?? [])].sort((one, other) => isEarlier(one) - isEarlier(other)).map(nameOf),
    birthDate: patient.birthDate,
    gender: patient.gender,
    addresses: (patient.address ?? []).map(({ line = [], city, state, postalCode }) => ({
      lines: line,
      city,
      state,
      postalCode,
    })),
    phones: telecom(['phone', 'sms']),
    emails: telecom(['email']),
    identifiers: (patient.identifier ?? []).flatMap((one) => identifierOf(one) ?? []),
  });
}

/** The name in use goes first. */
function isEarlier({ use }: HumanName): number {
  return use === 'maiden' || use === 'old' ? 1 : 0;
}

function nameOf({ family, given = [], suffix }: HumanName): {
  family?: string;
  given: readonly string[];
  suffix?: string;
} {
  const generation = suffix?.join(' ');
  return {
    ...(family === undefined ? {} : { family }),
    given,
    ...(generation === undefined ? {} : { suffix: generation }),
  };
}

/**
 * What an identifier proves, by its type (HL7 v2 table 0203). Of a number without a type nobody knows whether a family
 * shares it, so it proves nothing; numbers of an account or a visit are nobody's.
 */
const PROVES: Readonly<Record<string, IdentifierKind | null>> = {
  SS: 'social',
  NI: 'social',
  NH: 'social',
  MR: 'person',
  PI: 'person',
  PT: 'person',
  DL: 'person',
  PPN: 'person',
  AN: null,
  ANON: null,
  VN: null,
  PN: null,
};

function identifierOf({ system, value, type }: Identifier): RecordIdentifier | null {
  if (system === undefined || value === undefined) return null;
  if (system === SYSTEMS.ssn) return { kind: 'social', system, value };
  const code = type?.coding?.find((coding) => coding.system === SYSTEMS.identifierType)?.code ?? '';
  const kind = Object.hasOwn(PROVES, code) ? (PROVES[code] ?? null) : 'family';
  return kind === null ? null : { kind, system, value };
}
