/**
 * The CapabilityStatement, generated from the tables that serve requests, so that it cannot promise what is not there.
 */
import { formatInstant, type Instant } from '../core/instant.ts';
import { includesOf, modifiersOf, revIncludesOf, searchParams, type SearchParam } from './search-params.ts';
import { STORED_TYPES, type Resource, type StoredType } from './types.ts';

export interface CapabilityFacts {
  /** Where this hub answers, e.g. `http://127.0.0.1:8080/fhir/R4`. */
  readonly base: string;
  readonly version: string;
  /** When this hub was started with these capabilities. */
  readonly at: Instant;
  /** Zone of search dates that name none. */
  readonly zone: string;
}

export interface Operation {
  readonly name: string;
  readonly definition: string;
  readonly documentation: string;
}

/** Operations by type; the router serves exactly these. */
export const OPERATIONS: Readonly<Partial<Record<StoredType, readonly Operation[]>>> = {
  Patient: [
    {
      name: 'match',
      definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
      documentation:
        'POST; IHE ITI-119. Answers with golden records, one a person, best first, each with search.score and its ' +
        'match-grade. certain is who would be linked without asking anybody; onlyCertainMatches gives at most one, ' +
        'and none where two would do. An outcome entry tells where not all records were compared.',
    },
    {
      name: 'ihe-pix',
      definition: 'https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix',
      documentation:
        'IHE ITI-83, GET and POST. sourceIdentifier is system|value; targetSystem may repeat. Records that were ' +
        'merged away or removed are neither found nor named.',
    },
  ],
  Appointment: [
    {
      name: 'book',
      definition: 'https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-book',
      documentation:
        'IHE ITI-117. Answers 200 or 201 with the booked Appointment, 202 with Content-Location while the site ' +
        'decides, 409 with alternatives when the time is taken, 422 when refused. The request key is the header ' +
        'Idempotency-Key, else the first ' +
        'Appointment.identifier. A part scope = this-and-following cancels or moves a visit of a series and all ' +
        'that follow it. An Appointment that the caller holds is booked without its time being given up.',
    },
    {
      name: 'hold',
      definition: 'https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-hold',
      documentation:
        'IHE ITI-116. Takes what $book takes, and hold-seconds; answers 200 or 201 with the Appointment as pending ' +
        'and the header Expires, 409 with alternatives when the time is taken. The site is not told of a hold. It is ' +
        'booked by $book, let go by setting its status to cancelled, and cancelled when it has run out.',
    },
    {
      name: 'book-set',
      definition: 'urn:slotwire:operation:book-set',
      documentation:
        'Several visits as one booking, at one site or several: parts visit (each as $book takes one), mode all or ' +
        'best-effort, and rules (before, after, within, same-day); one visit may recur. Answers 200 or 201 with a ' +
        'Bundle of the Appointments in order, 202 with Content-Location, 409 or 422 that tell what came of each.',
    },
  ],
};

const CHANGES =
  'One thing at a time: status (cancelled with a cancelationReason, arrived, checked-in, fulfilled, noshow, or ' +
  'booked to take an arrival back); slot, start and end; or comment, reasonCode and the patient’s status. ' +
  'What a site cannot do is refused with 422.';

/** Types of which a caller may write something. */
export const WRITES: Readonly<
  Partial<Record<StoredType, readonly { readonly code: string; readonly documentation: string }[]>>
> = {
  Appointment: [
    { code: 'update', documentation: CHANGES },
    { code: 'patch', documentation: `JSON Patch. ${CHANGES}` },
  ],
};

export function capabilityStatement(facts: CapabilityFacts): Resource & Readonly<Record<string, unknown>> {
  return {
    resourceType: 'CapabilityStatement',
    id: 'slotwire',
    status: 'active',
    date: formatInstant(facts.at),
    kind: 'instance',
    software: { name: 'Slotwire', version: facts.version },
    implementation: { description: 'One live FHIR schedule for every clinic site', url: facts.base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        documentation:
          `A search date without a zone is read in ${facts.zone}. Unknown search parameters are ignored and named in ` +
          'an outcome entry; with Prefer: handling=strict they are refused. What a client may not see shows in no ' +
          'search; a Slot under a label it is not cleared for is busy and nothing else.',
        security: {
          description:
            'Every request but this one carries a bearer token, which is good for certain sites and locations.',
        },
        resource: STORED_TYPES.map(resourceOf),
      },
    ],
  };
}

function resourceOf(type: StoredType): Readonly<Record<string, unknown>> {
  const include = includesOf(type);
  const revInclude = revIncludesOf(type);
  const operation = OPERATIONS[type];
  const read = ['read', 'vread', 'search-type'].map((code) => ({ code }));
  return {
    type,
    interaction: [...read, ...(WRITES[type] ?? [])],
    versioning: 'versioned',
    readHistory: true,
    updateCreate: false,
    conditionalCreate: false,
    conditionalRead: 'full-support',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    // An empty array is not legal JSON of FHIR.
    ...(include.length === 0 ? {} : { searchInclude: include }),
    ...(revInclude.length === 0 ? {} : { searchRevInclude: revInclude }),
    searchParam: searchParams(type).map(paramOf),
    ...(operation === undefined ? {} : { operation }),
  };
}

function paramOf(param: SearchParam): Readonly<Record<string, unknown>> {
  const modifiers = modifiersOf(param);
  const chains = param.targets.length === 0 ? '' : ` Chains to any parameter of ${param.targets.join(', ')}.`;
  const documentation = [
    param.documentation,
    modifiers.length === 0 ? undefined : `Modifiers: ${modifiers.map((modifier) => `:${modifier}`).join(' ')}.`,
  ].filter((part) => part !== undefined);
  const text = `${documentation.join(' ')}${chains}`.trim();
  return {
    name: param.name,
    definition: param.definition,
    type: param.type,
    ...(text === '' ? {} : { documentation: text }),
  };
}
