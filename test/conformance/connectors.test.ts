import { kinds } from '../../src/connectors/registry.ts';
import { conformance } from './connector.ts';
import { availabilityRules } from './rules/availability.ts';
import { hintRules, loadRules, pollRules } from './rules/feed.ts';
import { waivers } from './waivers.ts';

for (const kind of kinds.keys())
  conformance(kind, [...pollRules, ...hintRules, ...loadRules, ...availabilityRules], waivers);
