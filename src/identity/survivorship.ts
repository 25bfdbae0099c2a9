/** What the operator trusts, as golden records are made by it. The one place where settings become that. */
import type { HubSettings } from '../settings/shape.ts';
import { SURVIVORSHIP, type Survivorship } from './golden/member.ts';

/** Whoever makes a golden record asks anew each time: a plan that says otherwise holds at once. */
export function survivorshipOf({ identity }: Pick<HubSettings, 'identity'>): Survivorship {
  return identity?.survivorship ?? SURVIVORSHIP;
}
