/**
 * The settings of an HL7 v2 feed, declared once: of kind hl7v2 they are the whole of `settings`, other kinds keep them
 * under `hl7`. What no two senders do alike is here, with the standard as default.
 */
import { keyed, listOf, objectOf, oneOfWords, siteCode, wholeNumber } from '../../../settings/declare.ts';
import { listenRules } from '../../../settings/mllp-rules.ts';
import { listenSchema } from '../../../settings/mllp-spec.ts';
import type { BrokenRule, SettingsSpec, ValueSchema } from '../../../settings/spec.ts';
import { encodingOf } from '../../../hl7v2/charset.ts';
import { REQUESTS, requestRules } from './requests-settings.ts';
import { HL7V2_PRESETS } from './presets.ts';
import { ACCEPTED_EVENTS, addressOf, type FieldOrders, type Hl7v2Settings } from './wire.ts';

/** HD namespace; may be empty. */
const party: ValueSchema = { type: 'string', maxLength: 227, pattern: '^[^|\\r\\n]*$' };

const path: ValueSchema = {
  type: 'string',
  pattern: '^[A-Z][A-Z0-9]{2}-[1-9][0-9]?(\\.[1-9][0-9]?)?$',
  say: 'write a field like SCH-11.4 or AIS-3',
};

const event: ValueSchema = {
  type: 'string',
  pattern: '^[A-Z]{3}(\\^[A-Z][A-Z0-9]{2})?$',
  say: 'write message and trigger like SIU^S12',
};

const trigger: ValueSchema = { type: 'string', pattern: '^S[0-9]{2}$', say: 'write a trigger like S15' };

/** Table 0278, and Arrived, which SIU has no word for and senders say all the same. */
// prettier-ignore
const STATUS_WORDS: readonly string[] = [
  'Pending', 'Waitlist', 'Booked', 'Started', 'Complete', 'Cancelled', 'Discontinued', 'Deleted', 'Blocked', 'Overbook',
  'Noshow', 'Arrived',
];

const orders: SettingsSpec<FieldOrders>['fields'] = {
  start: {
    schema: { ...listOf(path), minItems: 1 },
    prose: 'Where the start of a visit stands. End and duration are read beside it.',
    default: ['TQ1-7', 'SCH-11.4', 'AIS-4', 'AIG-8', 'AIL-6', 'AIP-6'],
  },
  duration: {
    schema: listOf(path),
    prose:
      'Where the length of a visit stands when its end is not told. The unit is read from the next field (TQ1-6: the ' +
      'next component).',
    default: ['SCH-9', 'SCH-11.3', 'TQ1-6', 'AIS-7', 'AIG-11', 'AIL-9', 'AIP-9'],
  },
  status: {
    schema: listOf(path),
    prose: 'Where the status stands (table 0278). Where it is empty, the trigger decides.',
    default: ['SCH-25', 'AIS-10'],
  },
  practitioner: {
    schema: listOf(path),
    prose: 'Who the visit is with. A general resource (AIG-3) counts only when its type says that it is a person.',
    default: ['AIP-3', 'AIG-3', 'PV1-7'],
  },
  location: {
    schema: listOf(path),
    prose: 'Where the visit is.',
    default: ['AIL-3', 'AIG-3', 'PV1-3'],
  },
  visitType: {
    schema: listOf(path),
    prose: 'What kind of visit it is.',
    default: ['AIS-3', 'SCH-8', 'SCH-7'],
  },
};

const adtOrders: SettingsSpec<Hl7v2Settings['adtFields']>['fields'] = {
  start: {
    schema: { ...listOf(path), minItems: 1 },
    prose: 'Where the planned start stands.',
    default: ['PV2-8'],
  },
  duration: { schema: listOf(path), prose: 'Where its length stands, if anywhere.', default: [] },
  practitioner: {
    schema: listOf(path),
    prose: 'Who the visit is with. The referring doctor (PV1-8) is not, at most senders.',
    default: ['PV1-7', 'PV1-9', 'PV1-17'],
  },
  location: { schema: listOf(path), prose: 'Where the visit is.', default: ['PV1-3'] },
  visitType: { schema: listOf(path), prose: 'What kind of visit it is.', default: ['PV1-18', 'PV1-10'] },
};

export const HL7V2_SETTINGS: SettingsSpec<Hl7v2Settings> = {
  fields: {
    sendingApplication: {
      schema: party,
      prose: 'MSH-3 (first component) of this site. Empty takes any.',
      default: '',
      example: 'EPICSIM',
    },
    sendingFacility: {
      schema: party,
      prose: 'MSH-4 (first component) of this site. Empty takes any.',
      default: '',
      example: 'HOSP_A',
    },
    receivingApplication: {
      schema: party,
      prose: 'MSH-5 (first component): what this site calls the hub. Empty takes any.',
      default: '',
      example: 'SLOTWIRE_A',
    },
    receivingFacility: {
      schema: party,
      prose: 'MSH-6 (first component). Empty takes any. Of two sites that fit, the one that names more fields counts.',
      default: '',
      example: 'HUB',
    },
    listen: {
      schema: listenSchema,
      prose: 'The port that this site connects to, and who may send its messages.',
      default: {},
    },
    accepts: {
      schema: { ...listOf(event), minItems: 1 },
      prose: 'Messages that are taken; anything else is answered AR 201 (event not supported) and not stored.',
      default: ACCEPTED_EVENTS,
    },
    orderingTime: {
      schema: { ...listOf(path), minItems: 1 },
      prose:
        'Where the moment of a change stands; the first that is filled counts. It decides which of two messages is ' +
        'the newer, so an engine that rewrites MSH-7 needs another field here.',
      default: ['EVN-6', 'EVN-2', 'MSH-7'],
    },
    engineRewrites: {
      schema: listOf(path),
      prose:
        'Fields that an interface engine on the way writes anew. In a replay window two messages that differ in ' +
        'these alone say the same.',
      default: ['MSH-3', 'MSH-4', 'MSH-5', 'MSH-6', 'MSH-7', 'MSH-8', 'MSH-10', 'MSH-13'],
    },
    burst_per_5min: {
      schema: wholeNumber(0, 1_000_000),
      prose:
        'So many messages within five minutes begin a replay window by themselves: far more than the busiest hour ' +
        'brings. 0: only an operator begins one.',
      default: 0,
    },
    durationUnitWhenAbsent: {
      schema: oneOfWords('s', 'min'),
      prose: 'What a duration without a unit counts. The standard says seconds (s); many senders mean minutes (min).',
      default: 's',
    },
    charsetWhenAbsent: {
      schema: { type: 'string', minLength: 1, maxLength: 40 },
      prose:
        'Character set where MSH-18 is empty: auto (UTF-8 where the bytes are, else Windows-1252), or as in MSH-18.',
      default: 'auto',
      example: '8859/1',
    },
    fields: {
      schema: objectOf(orders),
      prose: 'Which fields hold start, practitioner, location and visit type, the first that is filled counting.',
      default: {},
    },
    statusCodes: {
      schema: keyed(siteCode, oneOfWords(...STATUS_WORDS)),
      prose: 'What a local status (SCH-25, AIS-10, AIP-12) means, in words of table 0278, or Arrived.',
      default: {},
      example: { CONF: 'Booked', ARR: 'Arrived' },
    },
    triggerWins: {
      schema: listOf(trigger),
      prose: 'Triggers that decide the status even where SCH-25 still shows an older one.',
      default: ['S15', 'S16', 'S17', 'S26'],
    },
    appointmentKey: {
      schema: oneOfWords('filler', 'placer'),
      prose:
        "Which id names an appointment: the filler's (SCH-2) or the placer's (SCH-1); the other one where it is empty.",
      default: 'filler',
    },
    requests: REQUESTS,
    resourceTypes: {
      schema: keyed(siteCode, oneOfWords('practitioner', 'location', 'device', 'ignore')),
      prose: 'What a general resource is, by AIG-4 as the site writes it. ignore: it occupies nothing.',
      default: {},
      example: { RM: 'location' },
    },
    visitKey: {
      schema: { ...listOf(path), minItems: 1 },
      prose:
        'Where ADT has the number of a visit, so that an arrival or an end is told of the right one. PV1-19 is ' +
        "compared with the visit number that SIU states; any other field with all ids of the site's appointments.",
      default: ['PV1-19'],
      example: ['PV1-19', 'PV1-50'],
    },
    registered: {
      schema: oneOfWords('arrived', 'checked-in'),
      prose: 'What ADT A04 (registered) makes of a visit that is known.',
      default: 'arrived',
    },
    adtAppointments: {
      schema: oneOfWords('off', 'a05-a38'),
      prose:
        'a05-a38: the site books by ADT A05 and cancels by A38, each visit being named by its number (PV1-19). off: ' +
        'A05 tells of a person alone.',
      default: 'off',
    },
    adtFields: {
      schema: objectOf(adtOrders),
      prose: 'Where an A05 has start, practitioner, location and visit type, the first that is filled counting.',
      default: {},
    },
    adtDuration_min: {
      schema: { type: 'integer', minimum: 1, maximum: 1440 },
      prose: 'Length of a visit booked by A05, where neither the message nor the visit type tells it.',
      default: 30,
    },
    notes: {
      schema: listOf(oneOfWords('SCH', 'AIS')),
      prose:
        'Notes behind which segments become the comment of the appointment; empty leaves them in the stored message.',
      default: ['SCH'],
    },
    presets: {
      schema: listOf(oneOfWords(...Object.keys(HL7V2_PRESETS))),
      prose:
        'Habits of the sender by name; the README of the kind says what each sets. What this file says itself goes ' +
        'before them.',
      default: [],
      example: ['minutes'],
    },
    endBy: {
      schema: oneOfWords('end', 'duration'),
      prose: 'What decides the end of a visit where its end and its length are both told and differ.',
      default: 'end',
    },
    changesOnly: {
      schema: listOf(trigger),
      prose:
        'Triggers whose messages list only the resources that change, by action code (AIP-2, RGS-2); all other ' +
        'messages list all resources of the visit.',
      default: ['S18', 'S19', 'S20', 'S21', 'S22'],
    },
    repeats: {
      schema: oneOfWords('park', 'first'),
      prose:
        'A visit that repeats by a pattern (TQ1-3, SCH-11.2) without its times: park it for a person, or take the ' +
        'first time because the sender sends every occurrence as a message of its own.',
      default: 'park',
    },
    diagnoses: {
      schema: { type: 'boolean' },
      prose:
        'Whether diagnoses (DG1) become reasons of the visit. Health data: false leaves them in the stored message.',
      default: false,
    },
  },
  presets: HL7V2_PRESETS,
  rules: (settings) => [
    ...charsetRule(settings),
    ...acceptsRule(settings),
    ...requestRules(settings.requests),
    ...listenRule(settings),
  ],
  hl7: addressOf,
  registers: {
    field: 'requests.registers',
    write: 'write a28 or a04, as the site wants to be asked',
    isSet: ({ requests }) => (requests?.registers ?? 'none') !== 'none',
  },
};

function listenRule({ listen }: Hl7v2Settings): readonly BrokenRule[] {
  return listenRules(listen).map((broken) => ({ ...broken, field: `listen.${broken.field}` }));
}

function charsetRule({ charsetWhenAbsent }: Hl7v2Settings): readonly BrokenRule[] {
  if (charsetWhenAbsent === 'auto' || (encodingOf(charsetWhenAbsent) ?? '') !== '') return [];
  const write = 'write auto, or a name of table 0211 like 8859/1 or UNICODE UTF-8';
  return [{ field: 'charsetWhenAbsent', problem: 'names a character set that is not known', write }];
}

function acceptsRule({ accepts }: Hl7v2Settings): readonly BrokenRule[] {
  const known = new Set(ACCEPTED_EVENTS);
  if (accepts.every((name) => known.has(name))) return [];
  const write = 'write only messages that the README of the kind lists';
  return [{ field: 'accepts', problem: 'names a message that this kind does not read', write }];
}
