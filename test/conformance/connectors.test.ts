import { kinds } from '../../src/connectors/registry.ts';
import { arranged, conformance } from './connector.ts';
import { adtAppointments, looseSender, takesRequests } from './hl7v2.ts';
import { availabilityRules } from './rules/availability.ts';
import { blockRules } from './rules/block.ts';
import { lostAnswerRules, placeRules } from './rules/booking.ts';
import { cancelRules } from './rules/cancel.ts';
import { changeRules } from './rules/change.ts';
import { chaosRules } from './rules/chaos.ts';
import { classRules } from './rules/class.ts';
import { hintRules, loadRules, pollRules } from './rules/feed.ts';
import { hl7Rules } from './rules/hl7.ts';
import { lifeRules } from './rules/life.ts';
import { limitRules } from './rules/limits.ts';
import { moveRules } from './rules/move.ts';
import { requestRules } from './rules/requests.ts';
import { seekRules } from './rules/seek.ts';
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
  ...changeRules,
  ...blockRules,
  ...hl7Rules,
  ...requestRules,
  ...seekRules,
  ...chaosRules,
];

for (const kind of kinds.keys()) conformance(kind, rules, waivers);

// Other ways in which sites of a kind are arranged, held against what those ways touch.
const chaos = chaosRules.filter(({ needs }) => needs.length === 0);
arranged(
  'hl7v2 that takes requests',
  takesRequests,
  [...hl7Rules, ...requestRules, ...seekRules, ...moveRules, ...changeRules, ...chaos],
  waivers,
);
arranged('hl7v2 of a loose sender', looseSender, [...hl7Rules, ...chaos], waivers);
arranged('hl7v2 that books by ADT', adtAppointments, [...hl7Rules, ...chaos], waivers);
