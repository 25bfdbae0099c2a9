/** Small steps of the composition root that concern one site. */
import { outdated } from './booking/outdated.ts';
import type { Away } from './booking/queue.ts';
import { recordOutcome, type SettleDeps } from './booking/settle.ts';
import type { Connector, ConnectorKind, RawRequest, RawResponse, SiteMessage, Tools } from './connectors/contract.ts';
import { kinds } from './connectors/registry.ts';
import type { Clock } from './core/clock.ts';
import { HubError } from './core/errors.ts';
import { mappingFor } from './mappings/registry.ts';
import type { Breaker } from './pipeline/breaker.ts';
import type { RunnerDeps } from './pipeline/site-runner.ts';
import type { SiteSettings } from './settings/shape.ts';

/** What a site is lent that follows from the plan: by webhook the vendor comes in, by token the hub gets in there. */
export type Lent = Pick<Tools, 'webhookUrl' | 'backendToken'>;

export function openConnector(
  site: SiteSettings,
  tools: Tools,
): { readonly kind: ConnectorKind; readonly connector: Connector } {
  const kind = kinds.get(site.kind);
  if (kind === undefined)
    throw new HubError('CONFIG_INVALID', { detail: `there is no kind ${site.kind}`, site: site.id });
  return { kind, connector: kind.open({ id: site.id, file: site, settings: site.settings }, tools) };
}

export async function takeWebhook(
  webhook: NonNullable<Connector['webhook']>,
  request: RawRequest,
  clock: Clock,
  store: (messages: readonly SiteMessage[]) => Promise<unknown>,
): Promise<RawResponse> {
  const verdict = webhook.verify(request, clock.now());
  if (!verdict.genuine) throw verdict.error;
  const read = webhook.read(request);
  if ('handshake' in read) return read.handshake;
  if (read.messages.length > 0) await store(read.messages);
  return { status: 200, headers: {}, body: '' };
}

/** What the runner of a site needs of booking and of the mappings. */
export function runnerDeps(
  base: Omit<RunnerDeps, 'settle' | 'outdated' | 'mappingOf'>,
  booking: SettleDeps,
): RunnerDeps {
  return {
    ...base,
    settle: (answer) => recordOutcome(booking, answer),
    outdated,
    mappingOf: (site, kind) => mappingFor(site.kind, kind) ?? null,
  };
}

/** Null: as far as is known the site answers. */
export function awayOf(breaker: Breaker | undefined): Away {
  return breaker?.state() === 'open' ? { retryIn_ms: breaker.retryIn_ms() } : null;
}

/** Plans are plain data: what prints the same is the same. */
export function sameSite(old: SiteSettings | undefined, next: SiteSettings): boolean {
  return old !== undefined && JSON.stringify(old) === JSON.stringify(next);
}
