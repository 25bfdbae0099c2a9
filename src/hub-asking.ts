/** How bookings ask sites about people: whom they have, and to register somebody. */
import type { Register } from './connectors/contract-register.ts';
import type { HubEvents } from './hub-events.ts';
import { seeker, type SeekDeps } from './pipeline/seek.ts';
import type { SiteRunner } from './pipeline/site-runner.ts';
import { mayWrite } from './settings/write.ts';

interface Asking {
  readonly seek: ReturnType<typeof seeker>;
  readonly register: (siteId: string) => Register | null;
}

export function askingSites(
  { events, ...deps }: SeekDeps & { readonly events: Pick<HubEvents, 'registrationAnswered'> },
  running: (siteId: string) => Pick<SiteRunner, 'site' | 'connector'> | undefined,
): Asking {
  return {
    seek: seeker(deps, (siteId) => running(siteId)?.connector.seek),
    register(siteId) {
      const runner = running(siteId);
      const register = runner?.connector.register;
      // Where a coordinator decides what is written, nobody asks them about this.
      const mayAsk = runner !== undefined && mayWrite(runner.site) && runner.site.write === 'automatic';
      if (register === undefined || !mayAsk) return null;
      return {
        showsWithin_ms: register.showsWithin_ms,
        async person(asked, signal) {
          const told = await register.person(asked, signal);
          events.registrationAnswered(siteId, told.kind);
          return told;
        },
      };
    },
  };
}
