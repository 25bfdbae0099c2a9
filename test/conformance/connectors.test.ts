import { kinds } from '../../src/connectors/registry.ts';
import { conformance } from './connector.ts';
import { availabilityRules } from './rules/availability.ts';
import { blockRules } from './rules/block.ts';
import { lostAnswerRules, placeRules } from './rules/booking.ts';
import { cancelRules } from './rules/cancel.ts';
import { chaosRules } from './rules/chaos.ts';
import { classRules } from './rules/class.ts';
import { hintRules, loadRules, pollRules } from './rules/feed.ts';
import { hl7Rules } from './rules/hl7.ts';
import { lifeRules } from './rules/life.ts';
import { limitRules } from './rules/limits.ts';
import { moveRules } from './rules/move.ts';
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
  ...classRules,
  ...moveRules,
  ...blockRules,
  ...hl7Rules,
  ...chaosRules,
];

for (const kind of kinds.keys()) conformance(kind, rules, waivers);
