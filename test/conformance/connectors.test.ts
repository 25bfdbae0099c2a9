import { kinds } from '../../src/connectors/registry.ts';
import { conformance } from './connector.ts';
import { availabilityRules } from './rules/availability.ts';
import { lostAnswerRules, placeRules } from './rules/booking.ts';
import { cancelRules } from './rules/cancel.ts';
import { hintRules, loadRules, pollRules } from './rules/feed.ts';
import { lifeRules } from './rules/life.ts';
import { limitRules } from './rules/limits.ts';
import { webhookRules } from './rules/webhook.ts';
import { waivers } from './waivers.ts';

const rules = [
  ...lifeRules,
  ...limitRules,
  ...pollRules,
  ...hintRules,
  ...webhookRules,
  ...loadRules,
  ...availabilityRules,
  ...placeRules,
  ...lostAnswerRules,
  ...cancelRules,
];

for (const kind of kinds.keys()) conformance(kind, rules, waivers);
