/** Settings of who is who (`identity`) and of what people must do (`work`), declared once. */
import { keyed, listOf, name, objectOf, oneOfWords, text, wholeNumber } from './declare.ts';
import type {
  EscalationStep,
  IdentitySettings,
  LinkRule,
  MatchingBudgets,
  MatchingSettings,
  SitePairBudgets,
  SurvivorshipSettings,
  WorkSettings,
} from './people-shape.ts';
import type { Setting, SettingsSpec, ValueSchema } from './spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

/** As the shipped model has them. */
export const BUDGETS: MatchingBudgets = { falseLinksPerMillion: 1, reviewsPerLink: 20 };

const falseLinks: Setting = {
  schema: { type: 'number', minimum: 0.001, maximum: 1000 },
  prose: 'Wrong links that matching may make without a person, for each million of records.',
};
const reviews: Setting = {
  schema: { type: 'number', minimum: 2, maximum: 1000 },
  prose: 'Pairs that people are ready to look at for one link found, where the queue begins.',
};

const sitePair: FieldsOf<SitePairBudgets> = {
  sites: { schema: listOf(text), prose: 'Two site ids.', example: ['north-hl7', 'midtown-acuity'] },
  falseLinksPerMillion: { ...falseLinks, optional: true },
  reviewsPerLink: { ...reviews, optional: true },
};

const linkRule: FieldsOf<LinkRule> = {
  name: { schema: name, prose: 'Stands in each decision made by it.', example: 'member-number' },
  agree: {
    schema: {
      ...listOf(
        oneOfWords(
          ...(['given', 'family', 'birthDate', 'phone', 'email', 'address', 'social', 'social-end'] as const),
          'identifier',
        ),
      ),
      minItems: 2,
    },
    prose:
      'In what two records agree to the letter: birthDate always, and more than the name beside it. An address is ' +
      'street, number and postcode; what more than 8 people share counts for nothing.',
    example: ['given', 'birthDate', 'phone'],
  },
  system: {
    schema: text,
    prose: 'Whose number the identifier is, as the site files have it.',
    optional: true,
    example: 'https://acme.example/member',
  },
  collision: {
    schema: { type: 'number', minimum: 1e-30, maximum: 1e-6 },
    prose:
      'How often two people agree in all of it by chance. While the index has so many records that this would make ' +
      'more wrong links than falseLinksPerMillion allows, the rule links nobody.',
    example: 2e-12,
  },
  sites: { schema: listOf(text), prose: 'Both records are of these sites. Empty: of any.', default: [] },
};

const matching: FieldsOf<MatchingSettings> = {
  falseLinksPerMillion: { ...falseLinks, default: BUDGETS.falseLinksPerMillion },
  reviewsPerLink: { ...reviews, default: BUDGETS.reviewsPerLink },
  sitePairs: {
    schema: { type: 'array', items: objectOf(sitePair) },
    prose: 'Stricter for records of these two sites (smaller numbers); a site may also be stricter in its own file.',
    default: [],
  },
  rules: {
    schema: { type: 'array', items: objectOf(linkRule) },
    prose:
      'Rules by which records are linked without a score, where no guard strikes. A site may allow some of them ' +
      'only, in its own file.',
    default: [],
  },
};

const rule = oneOfWords('trust', 'verified', 'recency', 'frequency', 'completeness');
const sites = listOf(text);

const survivorship: FieldsOf<SurvivorshipSettings> = {
  order: {
    schema: { ...listOf(rule), minItems: 1 },
    prose:
      'How one of several values is chosen, rule after rule until one is left: trust (the rank of its site), ' +
      'verified, recency (said last), frequency (said by most records), completeness (more parts).',
    default: ['trust', 'verified', 'recency', 'frequency', 'completeness'],
  },
  trust: {
    schema: sites,
    prose: 'Site ids, the most trusted first. Those not named are behind them, and equal.',
    default: [],
  },
  trustFor: {
    schema: keyed(oneOfWords('name', 'gender', 'birthDate', 'deceased', 'address'), sites),
    prose: 'The same for one attribute (name, gender, birthDate, deceased, address), instead.',
    default: {},
  },
};

const identityFields: FieldsOf<IdentitySettings> = {
  matching: {
    schema: objectOf(matching),
    prose:
      'How careful matching is. Two numbers, from which the thresholds follow. What is linked stays linked; records ' +
      'that come or change are compared by the new ones.',
    default: {},
  },
  survivorship: {
    schema: objectOf(survivorship),
    prose: 'What a golden record shows where records differ. Holds at once, for all golden records.',
    default: {},
  },
  claim_min: {
    schema: wholeNumber(1, 10_080),
    prose: 'How long a pair is kept for whoever has taken it; then anybody may have it.',
    default: 60,
  },
  reviewWithin_h: {
    schema: wholeNumber(1, 8760),
    prose: 'Within how long a pair that waits for a person is to be decided.',
    default: 168,
  },
};

/** `identity` of hub.yaml. */
export const identity: Setting = {
  schema: objectOf(identityFields),
  prose: 'Which records are one person, and what is shown of a person.',
  default: {},
};

/** `matching` of a site file. */
export const siteMatching: Setting = {
  schema: objectOf({
    falseLinksPerMillion: { ...falseLinks, optional: true },
    reviewsPerLink: { ...reviews, optional: true },
    rules: {
      schema: listOf(name),
      prose:
        "Which of the hub's rules may link records of this site. Absent: all. A desk that fills in the clinic's own " +
        'phone must not carry rules with a phone.',
      optional: true,
    },
  }),
  prose: "Stricter than the hub's identity.matching for every pair with a record of this site.",
  optional: true,
};

/** Work items, and pairs of records that wait for a person. */
export const WORK_KINDS: readonly string[] = [
  'unmapped',
  'parked',
  'unresolved-booking',
  'conflict',
  'mirror-refused',
  'approval',
  'failed-undo',
  'unheard-answer',
  'practitioner-conflict',
  'patient-conflict',
  'patient-unknown',
  'identity-review',
];

const step: FieldsOf<EscalationStep> = {
  role: { schema: name, prose: 'Whose it is from then on: a name of your choice.', example: 'supervisor' },
  after_h: { schema: wholeNumber(0, 8760), prose: 'So long after it was due.', example: 24 },
};
const chain: ValueSchema = { type: 'array', items: objectOf(step) };

const workFields: FieldsOf<WorkSettings> = {
  escalation: {
    schema: chain,
    prose: 'To whom what is overdue goes, step by step, each later than the one before.',
    default: [
      { role: 'supervisor', after_h: 0 },
      { role: 'management', after_h: 48 },
    ],
  },
  escalationFor: {
    schema: keyed({ ...oneOfWords(...WORK_KINDS), say: `write one of: ${WORK_KINDS.join(', ')}` }, chain),
    prose: 'The same for one kind of work item, instead. An empty list: it goes to nobody else.',
    default: {},
  },
};

/** `work` of hub.yaml. */
export const work: Setting = {
  schema: objectOf(workFields),
  prose: 'What people must do, where nobody does it in time.',
  default: {},
};
