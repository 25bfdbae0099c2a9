/** What the server says of itself: CapabilityStatement and the SMART configuration (sheet sections 0 and 1). */
import type { Answer } from '../kit/route.ts';
import { fhir } from './answers.ts';
import type { Hospital, Version } from './hospital.ts';
import { tokenPath } from './token.ts';

const RESOURCES: Readonly<Record<Version, Readonly<Record<string, readonly string[]>>>> = {
  R4: {
    Patient: ['read', 'search-type'],
    Appointment: ['read', 'search-type'],
    Practitioner: ['read', 'search-type'],
    Location: ['read', 'search-type'],
  },
  STU3: { Appointment: ['read', 'search-type'], Slot: ['read'], Schedule: ['read'] },
};
const OPERATIONS: Readonly<Record<Version, Readonly<Record<string, readonly string[]>>>> = {
  R4: { Patient: ['match'] },
  STU3: { Appointment: ['find', 'book'] },
};

export function capabilities(hospital: Hospital, version: Version): Answer {
  const resource = Object.entries(RESOURCES[version]).map(([type, verbs]) => ({
    type,
    interaction: verbs.map((code) => ({ code })),
    ...(version === 'R4' ? operationsOf(version, type) : {}),
  }));
  return fhir({
    resourceType: 'CapabilityStatement',
    status: 'active',
    kind: 'instance',
    software: { name: 'Epic', version: 'May 2026' },
    implementation: { description: hospital.seed.site.name, url: `${hospital.base()}/api/FHIR/${version}` },
    fhirVersion: version === 'R4' ? '4.0.1' : '3.0.2',
    format: ['xml', 'json'],
    rest: [{ mode: 'server', resource }],
  });
}

function operationsOf(version: Version, type: string): object {
  const names = OPERATIONS[version][type] ?? [];
  const operation = names.map((name) => ({
    name,
    definition: `http://hl7.org/fhir/OperationDefinition/${type}-${name}`,
  }));
  return names.length === 0 ? {} : { operation };
}

/** Introspection, revocation and registration are not offered. */
export function smartConfiguration(hospital: Hospital): Answer {
  const origin = new URL(hospital.base()).origin;
  return {
    status: 200,
    body: {
      token_endpoint: `${origin}${tokenPath(hospital)}`,
      authorization_endpoint: `${hospital.base()}/oauth2/authorize`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'RS512', 'ES384'],
      capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
    },
  };
}
