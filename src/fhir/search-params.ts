/**
 * The one table of search parameters. The parser, the SQL of store/search.ts, the tokens that writers store
 * (search-index.ts) and the CapabilityStatement all come from it, so that none of them can promise what another does
 * not do. Source of names, types and targets: FHIR R4 4.0.1 SearchParameters. A parameter that is not here is not
 * supported.
 */
import { STORED_TYPES, SYSTEMS, type StoredType } from './types.ts';

export type ParamType = 'token' | 'date' | 'reference' | 'string';

/** Where the store keeps what the parameter looks at. Columns are those of the first migration. */
export type Place =
  | { readonly kind: 'id' }
  | { readonly kind: 'instant'; readonly column: 'start_at' | 'last_updated' }
  /** start_at to end_at of `resource`; a missing bound is open. */
  | { readonly kind: 'period' }
  /** A bare code whose system the binding fixes. */
  | { readonly kind: 'code'; readonly column: 'status' | 'specialty'; readonly system: string }
  | { readonly kind: 'flag'; readonly column: 'active' }
  /** Of a Slot: the canonical visit type, and the site's own code in `urn:slotwire:site:<site>:visit-type`. */
  | { readonly kind: 'visit-type' }
  /** The site's own key of a Slot, in `urn:slotwire:site:<site>:slot`. */
  | { readonly kind: 'site-key' }
  /** `<param>:<system>|<code>` and `<param>:*|<code>` in the array `tokens`; of patients as keyed hashes. */
  | { readonly kind: 'tokens' }
  /** `<param>:<Type>/<id>` in the array `refs`. */
  | { readonly kind: 'refs' }
  | { readonly kind: 'schedule' }
  /** Rows of schedule_actor. `of` says whose: the Schedule's own, or those of the Slot's schedule. */
  | { readonly kind: 'schedule-actor'; readonly of: 'Schedule' | 'Slot' }
  /** Of an Appointment: patients in `patients`, everything else in `actors`. */
  | { readonly kind: 'participants' }
  | { readonly kind: 'slots' }
  | { readonly kind: 'name' }
  /** Only in the sealed body of a Patient: who fits is found before the statement is made (identity/contract-serve). */
  | { readonly kind: 'sealed' };

export interface SearchParam {
  readonly name: string;
  readonly type: ParamType;
  /** Canonical URL of the SearchParameter. */
  readonly definition: string;
  readonly documentation?: string;
  readonly place: Place;
  /** Types that a reference may name and that have rows here; in the order in which a bare id is tried. */
  readonly targets: readonly StoredType[];
  /** Codes of a required binding; another one matches nothing, and the caller is told. */
  readonly codes?: readonly string[];
}

/** Systems of codes that stand alone in a column. */
export const CODE_SYSTEMS = {
  slotStatus: 'http://hl7.org/fhir/slotstatus',
  appointmentStatus: 'http://hl7.org/fhir/appointmentstatus',
  specialty: 'http://nucc.org/provider-taxonomy',
} as const;

const SLOT_STATUS = ['busy', 'free', 'busy-unavailable', 'busy-tentative', 'entered-in-error'];
const APPOINTMENT_STATUS = [
  'proposed', 'pending', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow', 'entered-in-error', 'checked-in',
  'waitlist',
]; // prettier-ignore

type Draft = Omit<SearchParam, 'definition' | 'targets'> &
  Partial<Pick<SearchParam, 'definition' | 'targets'>> & { readonly own?: boolean };

const token = (name: string, place: Place, more: Partial<Draft> = {}): Draft => ({
  name,
  type: 'token',
  place,
  ...more,
});
const refs = (name: string, targets: readonly StoredType[], place: Place, more: Partial<Draft> = {}): Draft => ({
  name,
  type: 'reference',
  place,
  targets,
  ...more,
});
/** R4 defines these for all kinds of people at once. */
const individual = (element: string): string => `http://hl7.org/fhir/SearchParameter/individual-${element}`;
const SEALED: Place = { kind: 'sealed' };
const TOKENS: Place = { kind: 'tokens' };
const REFS: Place = { kind: 'refs' };
const identifier = token('identifier', TOKENS);
const active = token('active', { kind: 'flag', column: 'active' }, { codes: ['true', 'false'] });
const serviceType = token('service-type', TOKENS);
const specialty = token('specialty', TOKENS);
const name: Draft = { name: 'name', type: 'string', place: { kind: 'name' } };

const COMMON: readonly Draft[] = [
  token('_id', { kind: 'id' }, { definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' }),
  {
    name: '_lastUpdated',
    type: 'date',
    place: { kind: 'instant', column: 'last_updated' },
    definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated',
    documentation:
      'Read in commit order: what is still being written appears once everything that began before it is committed.',
  },
];

const ACTORS: readonly StoredType[] = ['Patient', 'Practitioner', 'PractitionerRole', 'Location', 'RelatedPerson'];

const DRAFTS: Readonly<Record<StoredType, readonly Draft[]>> = {
  Organization: [identifier, active, name],
  Location: [identifier, name, refs('organization', ['Organization'], REFS), refs('partof', ['Location'], REFS)],
  HealthcareService: [identifier, active, name, serviceType, specialty],
  Practitioner: [identifier, active, name],
  PractitionerRole: [
    identifier,
    active,
    specialty,
    refs('practitioner', ['Practitioner'], REFS),
    refs('location', ['Location'], REFS),
    refs('organization', ['Organization'], REFS),
  ],
  Patient: [
    identifier,
    active,
    ...['family', 'given', 'address', 'address-city', 'address-state', 'address-postalcode', 'address-country'].map(
      (element): Draft => ({ name: element, type: 'string', place: SEALED, definition: individual(element) }),
    ),
    { name: 'name', type: 'string', place: SEALED },
    { name: 'birthdate', type: 'date', place: SEALED, definition: individual('birthdate') },
    token('gender', SEALED, { codes: ['male', 'female', 'other', 'unknown'], definition: individual('gender') }),
    ...['telecom', 'phone', 'email'].map((element) =>
      token(element, SEALED, {
        definition: individual(element),
        documentation: 'Numbers are compared as they are dialled, addresses without case.',
      }),
    ),
  ],
  RelatedPerson: [
    identifier,
    active,
    refs('patient', ['Patient'], REFS, {
      documentation: 'Finds those of every record that is linked with this patient.',
    }),
  ],
  Schedule: [
    identifier,
    active,
    serviceType,
    specialty,
    { name: 'date', type: 'date', place: { kind: 'period' } },
    refs('actor', ['Practitioner', 'PractitionerRole', 'Location'], { kind: 'schedule-actor', of: 'Schedule' }),
  ],
  Slot: [
    token('identifier', { kind: 'site-key' }, { documentation: "The owning site's own key of the slot." }),
    token(
      'status',
      { kind: 'code', column: 'status', system: CODE_SYSTEMS.slotStatus },
      {
        codes: SLOT_STATUS,
        documentation: 'The effective status: what the site says, lowered by all that is known of the resources.',
      },
    ),
    { name: 'start', type: 'date', place: { kind: 'instant', column: 'start_at' } },
    refs('schedule', ['Schedule'], { kind: 'schedule' }),
    token('service-type', { kind: 'visit-type' }),
    token('specialty', { kind: 'code', column: 'specialty', system: CODE_SYSTEMS.specialty }),
    refs('location', ['Location'], { kind: 'schedule-actor', of: 'Slot' }, {
      own: true,
      documentation: "A Location among the actors of the slot's Schedule: short for schedule.actor=Location/...",
    }), // prettier-ignore
  ],
  Appointment: [
    identifier,
    token(
      'status',
      { kind: 'code', column: 'status', system: CODE_SYSTEMS.appointmentStatus },
      { codes: APPOINTMENT_STATUS },
    ),
    { name: 'date', type: 'date', place: { kind: 'instant', column: 'start_at' } },
    refs('patient', ['Patient'], { kind: 'participants' }, {
      documentation: 'Finds the appointments of every record that is linked with this patient.',
    }), // prettier-ignore
    refs('practitioner', ['Practitioner'], { kind: 'participants' }),
    refs('location', ['Location'], { kind: 'participants' }),
    refs('actor', ACTORS, { kind: 'participants' }, { documentation: 'A RelatedPerson acts for the patient.' }),
    refs('slot', ['Slot'], { kind: 'slots' }),
    serviceType,
    token('specialty', { kind: 'code', column: 'specialty', system: CODE_SYSTEMS.specialty }),
  ],
  Task: [identifier, token('status', TOKENS), token('code', TOKENS), token('performer', TOKENS)],
};

const TABLE: ReadonlyMap<string, ReadonlyMap<string, SearchParam>> = new Map(
  STORED_TYPES.map((type) => [
    type,
    new Map([...COMMON, ...DRAFTS[type]].map((draft) => [draft.name, complete(type, draft)])),
  ]),
);

function complete(type: StoredType, draft: Draft): SearchParam {
  const { own, ...rest } = draft;
  const standard = `http://hl7.org/fhir/SearchParameter/${type}-${draft.name}`;
  return {
    ...rest,
    definition: draft.definition ?? (own === true ? `urn:slotwire:search-parameter:${type}-${draft.name}` : standard),
    targets: draft.targets ?? [],
  };
}

export function searchParams(type: StoredType): readonly SearchParam[] {
  return [...(TABLE.get(type)?.values() ?? [])];
}

export function searchParam(type: StoredType, param: string): SearchParam | undefined {
  return TABLE.get(type)?.get(param);
}

export function isStoredType(text: string): text is StoredType {
  return (STORED_TYPES as readonly string[]).includes(text);
}

/** Bodies of these are sealed, so their tokens are keyed hashes: only whole identifiers can be found. */
export function isSealedType(type: StoredType): boolean {
  return type === 'Patient' || type === 'RelatedPerson';
}

/** `_include` values that a search of this type answers. */
export function includesOf(type: StoredType): readonly string[] {
  return searchParams(type)
    .filter((param) => canInclude(param))
    .map((param) => `${type}:${param.name}`);
}

/** `_revinclude` values that a search of this type answers. */
export function revIncludesOf(type: StoredType): readonly string[] {
  return STORED_TYPES.flatMap((source) =>
    searchParams(source)
      .filter((param) => canInclude(param) && param.targets.includes(type))
      .map((param) => `${source}:${param.name}`),
  );
}

/** A Slot holds no reference to a Location, so its own parameter `location` leads nowhere. */
export function canInclude(param: SearchParam): boolean {
  return param.type === 'reference' && !(param.place.kind === 'schedule-actor' && param.place.of === 'Slot');
}

/**
 * Sorting by what a masked Slot hides would tell it by its place in the order, so Slots sort by what every reader sees.
 * Tokens are sets and have no order.
 */
export function canSort(type: StoredType, param: SearchParam): boolean {
  const { kind } = param.place;
  if (kind === 'id' || kind === 'instant' || kind === 'period' || kind === 'name') return true;
  return kind === 'code' && type !== 'Slot';
}

/** Modifiers by parameter type; `:missing` fits all but _id and _lastUpdated, which no resource lacks. */
export function modifiersOf(param: SearchParam): readonly string[] {
  if (param.name.startsWith('_')) return param.type === 'token' ? ['not'] : [];
  if (param.place.kind === 'sealed') return param.type === 'string' ? ['exact'] : [];
  if (param.type === 'token') return ['not', 'missing'];
  if (param.type === 'string') return ['exact', 'contains', 'missing'];
  if (param.type === 'reference') return [...param.targets, 'missing'];
  return ['missing'];
}

/** The system that a canonical visit type is written with. */
export const VISIT_TYPE_SYSTEM = SYSTEMS.visitType;
