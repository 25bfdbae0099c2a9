/** From a Patient, as its site tells of it, to the person that is compared. */
import { NO_NAMESPACES, type IdentifierMeaning, type Namespaces } from '../../settings/identifier-types.ts';
import { isOfGuarantor } from '../../fhir/contact-of.ts';
import { SYSTEMS, type HumanName, type Identifier, type Patient } from '../../fhir/types.ts';
import { normalised } from '../match/normalise.ts';
import type { IdentifierKind, Person, RecordIdentifier } from '../match/person.ts';

/** @param namespaces what the file of its site says of the numbers of people */
export function personOf(patient: Patient, namespaces: Namespaces = NO_NAMESPACES): Person {
  const telecom = (systems: readonly string[]): readonly string[] =>
    (patient.telecom ?? []).flatMap((one) =>
      one.value !== undefined && systems.includes(one.system ?? '') && !isOfGuarantor(one) ? [one.value] : [],
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
    identifiers: (patient.identifier ?? []).flatMap((one) => identifierOf(one, namespaces) ?? []),
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
 * What an identifier proves that the site file does not speak of, by its type (HL7 v2 table 0203). Of a number without
 * a type nobody knows whether a family shares it, so it proves nothing; numbers of an account or a visit are nobody's.
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

const REACH: Readonly<Record<IdentifierMeaning['scope'], number>> = { site: 0, group: 1, enterprise: 2 };
/** Numbers of a person and a country. */
const SOCIAL: ReadonlySet<string> = new Set(['national', 'social-security']);
/** Numbers that people are given anew: another one says little. */
const RENEWED: ReadonlySet<string> = new Set(['licence', 'passport']);

function identifierOf({ system, value, type }: Identifier, namespaces: Namespaces): RecordIdentifier | null {
  if (system === undefined || value === undefined) return null;
  const said = namespaces.get(system);
  if (said !== undefined) return meant(said, system, value);
  if (system === SYSTEMS.ssn) return { kind: 'social', system, value };
  const code = type?.coding?.find((coding) => coding.system === SYSTEMS.identifierType)?.code ?? '';
  const kind = Object.hasOwn(PROVES, code) ? (PROVES[code] ?? null) : 'family';
  return kind === null ? null : { kind, system, value };
}

function meant({ type, trust, scope }: IdentifierMeaning, system: string, value: string): RecordIdentifier | null {
  if (trust === 'ignore') return null;
  if (trust === 'shared') return { kind: 'family', system, value };
  if (SOCIAL.has(type)) return { kind: 'social', system, value };
  const reach = RENEWED.has(type) ? 0 : REACH[scope];
  return reach === 0 ? { kind: 'person', system, value } : { kind: 'person', system, value, reach };
}
