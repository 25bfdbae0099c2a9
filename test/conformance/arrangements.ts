import { acuity } from './acuity.ts';
import type { Arrangement } from './arrangement.ts';
import { hl7v2 } from './hl7v2.ts';

/** One line per kind of the registry. */
export const arrangements: ReadonlyMap<string, Arrangement> = new Map([acuity, hl7v2].map((one) => [one.kind, one]));
