/** `signing` of hub.yaml. */
import type { SigningAlgorithm } from '../core/jwt.ts';

export interface SigningSettings {
  /** One key each; the first that a site takes signs. */
  readonly algorithms: readonly SigningAlgorithm[];
  readonly rsaKey_bits: number;
  /** Cache-Control of the key set, and how long a new key is published before it signs. */
  readonly jwksCache_s: number;
  /** How long a key is published after another one took over. */
  readonly keptFor_s: number;
  /** Absent: keys are rotated by hand. */
  readonly rotateAfter_days?: number;
}
