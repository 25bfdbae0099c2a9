/** How the hub's own keys are made and kept, declared once. */
import { SIGNING_ALGORITHMS } from '../core/jwt.ts';
import { listOf, objectOf, oneOfWords, wholeNumber } from './declare.ts';
import type { HubSettings } from './shape.ts';
import type { SigningSettings } from './signing-shape.ts';
import type { Setting, SettingsSpec } from './spec.ts';

const DEFAULTS = { algorithms: ['RS384'], rsaKey_bits: 3072, jwksCache_s: 300, keptFor_s: 86_400 } as const;

const fields: SettingsSpec<SigningSettings>['fields'] = {
  algorithms: {
    schema: { ...listOf(oneOfWords(...SIGNING_ALGORITHMS)), minItems: 1, say: 'write [RS384], [ES384] or both' },
    prose: 'What the hub signs by, one key each. Of several the first that a site says it takes.',
    default: DEFAULTS.algorithms,
  },
  rsaKey_bits: {
    schema: { type: 'integer', enum: [2048, 3072, 4096] },
    prose: 'The size of an RSA key that is made (RS384).',
    default: DEFAULTS.rsaKey_bits,
  },
  jwksCache_s: {
    schema: wholeNumber(30, 86_400),
    prose:
      'How long others may keep the key set (Cache-Control). A new key is published for as long before it signs, ' +
      'unless told otherwise.',
    default: DEFAULTS.jwksCache_s,
  },
  keptFor_s: {
    schema: wholeNumber(300, 31_536_000),
    prose: 'How long a key is still published after another one took over. Then its private part is destroyed.',
    default: DEFAULTS.keptFor_s,
  },
  rotateAfter_days: {
    schema: wholeNumber(1, 3650),
    prose: 'A key that has signed for so long is replaced by itself. Absent: by hand (slotwire keys rotate).',
    optional: true,
    example: 365,
  },
};

/** `signing` of hub.yaml. */
export const signing: Setting = {
  schema: objectOf(fields),
  prose: 'The keys by which sites know this hub (SMART Backend Services). docs/operate.md.',
  default: {},
};

export function signingOf(hub: Pick<HubSettings, 'signing'>): SigningSettings {
  return hub.signing ?? DEFAULTS;
}
