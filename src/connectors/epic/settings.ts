/** What a site file says under `settings:` for kind epic. Sections are those of the vendor sheet (README). */
import { objectOf, oneOfWords, text, webAddress, wholeNumber } from '../../settings/declare.ts';
import type { BrokenRule, SettingsSpec } from '../../settings/spec.ts';
import { HL7V2_PRESETS } from '../kit/hl7/presets.ts';
import { HL7V2_SETTINGS } from '../kit/hl7/settings.ts';
import { addressOf, type Hl7v2Settings } from '../kit/hl7/wire.ts';

export interface EpicSettings {
  readonly stu3BaseUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly audience?: string;
  readonly scope?: string;
  readonly visitTypeSystem: string;
  readonly serviceTypeName: 'serviceType' | 'service-type';
  readonly egress: string;
  readonly requestsPerMinute: number;
  readonly reservedForBookings: number;
  readonly concurrentRequests: number;
  readonly timeout_ms: number;
  readonly readRetries: number;
  readonly findPages: number;
  readonly shareFind_ms: number;
  readonly nearDays: number;
  readonly nearEvery_s: number;
  readonly farEvery_s: number;
  /** Absent: the site sends the hub no messages. */
  readonly hl7?: Hl7v2Settings;
}

/** Requests (SRM) are the placer's, whose booking is another way than `$book`. */
const { requests: _, ...feed } = HL7V2_SETTINGS.fields;

const MEMBERS = {
  stu3BaseUrl: {
    schema: webAddress,
    prose: 'Address of the STU3 API, where $find and $book are. Each site must enable them there.',
    example: 'https://epic.riverside.example/fhir/api/FHIR/STU3',
  },
  tokenUrl: {
    schema: webAddress,
    prose: 'Where access tokens are given: `token_endpoint` of the site’s smart-configuration.',
    example: 'https://epic.riverside.example/fhir/oauth2/token',
  },
  clientId: {
    schema: { ...text, pattern: '^\\S+$', say: 'write the id without blanks' },
    prose: 'Client id of this environment: non-production and production have one each.',
    example: '2f6d7a10-0000-4000-8000-000000000000',
  },
  audience: {
    schema: webAddress,
    prose: 'What the site wants as audience of the assertion, where a proxy gives it another name than tokenUrl.',
    optional: true,
  },
  scope: {
    schema: text,
    prose: 'Scopes that are asked for. Absent: none is sent, and the APIs ticked on the client record hold.',
    optional: true,
  },
  visitTypeSystem: {
    schema: { ...text, pattern: '^(urn:|https?:)\\S+$', say: 'write a system like urn:oid:1.2.3' },
    prose: 'System of the visit types of this customer: it ends in 7.2.808267, and its middle differs at every site.',
    example: 'urn:oid:1.2.840.114350.1.13.999.2.7.2.808267',
  },
  serviceTypeName: {
    schema: oneOfWords('serviceType', 'service-type'),
    prose:
      'What $find calls the visit type. A site that ignores the name answers 59109, and `slotwire check` says so: ' +
      'then write the other one.',
    default: 'serviceType',
  },
  egress: {
    schema: { ...text, maxLength: 60 },
    prose: 'Name of the limit that sites share: those of one customer write the same.',
    default: 'epic',
  },
  requestsPerMinute: {
    schema: wholeNumber(2, 100_000),
    prose:
      'Calls in any minute, of the whole egress. Epic publishes no number and asks each caller to throttle itself; ' +
      'the first site of an egress decides.',
    default: 120,
  },
  reservedForBookings: {
    schema: wholeNumber(0, 100_000),
    prose: 'Part of requestsPerMinute that only bookings may use.',
    default: 40,
  },
  concurrentRequests: {
    schema: wholeNumber(1, 1_000),
    prose: 'Calls under way at once, of the whole egress.',
    default: 8,
  },
  timeout_ms: {
    schema: wholeNumber(100, 120_000),
    prose: 'How long one call may take.',
    default: 20_000,
  },
  readRetries: {
    schema: wholeNumber(0, 10),
    prose: 'How often a failed read is repeated at once before the failure is reported.',
    default: 2,
  },
  findPages: {
    schema: wholeNumber(1, 1_000),
    prose: 'Pages of one $find that are followed before it counts as failed: a day of a large department has a few.',
    default: 50,
  },
  shareFind_ms: {
    schema: wholeNumber(0, 600_000),
    prose: 'How old an answer of $find may be to serve the other practitioners of its department, too.',
    default: 15_000,
  },
  nearDays: {
    schema: wholeNumber(0, 366),
    prose: 'Days from today that are asked for often (nearEvery_s); the others are asked for seldom (farEvery_s).',
    default: 3,
  },
  nearEvery_s: { schema: wholeNumber(10, 86_400), prose: 'How often a near day is asked for.', default: 300 },
  farEvery_s: { schema: wholeNumber(10, 604_800), prose: 'How often a far day is asked for.', default: 3_600 },
  hl7: {
    schema: objectOf(feed),
    prose: 'The SIU and ADT feed of the site, as at kind hl7v2; write `presets: [epic]` in it. Absent: it sends none.',
    optional: true,
  },
} as const satisfies SettingsSpec<EpicSettings>['fields'];

export const epicSettings: SettingsSpec<EpicSettings> = {
  publishesSlots: true,
  fields: MEMBERS,
  presets: HL7V2_PRESETS,
  hl7: ({ hl7 }) => (hl7 === undefined ? null : addressOf(hl7)),
  rules(settings, about) {
    const ofFeed = settings.hl7 === undefined ? [] : (HL7V2_SETTINGS.rules?.(settings.hl7, about) ?? []);
    const broken: BrokenRule[] = ofFeed.map((one) => ({ ...one, field: `hl7.${one.field}` }));
    const rule = (holds: boolean, field: string, problem: string, write: string): void => {
      if (!holds) broken.push({ field, problem, write });
    };
    rule(
      settings.stu3BaseUrl.startsWith('https://') || about.environment !== 'production',
      'stu3BaseUrl',
      'a production site must be called over https',
      'write an address that starts with https://',
    );
    rule(
      settings.tokenUrl.startsWith('https://') || about.environment !== 'production',
      'tokenUrl',
      'tokens of a production site must be asked for over https',
      'write an address that starts with https://',
    );
    rule(
      settings.reservedForBookings < settings.requestsPerMinute,
      'reservedForBookings',
      'nothing is left for looking at open time',
      'write a number below requestsPerMinute',
    );
    rule(
      settings.nearEvery_s <= settings.farEvery_s,
      'nearEvery_s',
      'near days would be asked for more seldom than far ones',
      'write a number that is not above farEvery_s',
    );
    return broken;
  },
};
