/**
 * Who asks, and what they may see and do. Bearer tokens come from the plan and are kept as SHA-256 only; each carries
 * a role, sites, locations and clearances, which become the Scope of every store call.
 *
 *   readonly   reads and searches
 *   scheduler  the same, and books and cancels
 *   admin      the same, and the operations pages
 *   site       reads what its own site has; a site writes through its own system, never here
 *
 * Who decides about bookings that wait for approval is an admin, or any client with `coordinator`: who may ask for a
 * booking does not thereby decide about it.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { OPEN_LABELS } from '../fhir/confidential.ts';
import type { ClientSettings, Plan, Role } from '../settings/shape.ts';
import type { Scope } from '../store/contract.ts';

export interface Caller {
  readonly id: string;
  readonly role: Role;
  readonly coordinator: boolean;
  readonly scope: Scope;
}
export type Right = 'read' | 'book' | 'decide' | 'operate';

const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  admin: ['read', 'book', 'decide', 'operate'],
  scheduler: ['read', 'book'],
  readonly: ['read'],
  site: ['read'],
};

interface Known {
  readonly hash: Buffer;
  readonly caller: Caller;
}

/** Tokens of one plan; made anew when another plan comes into force. */
const tables = new WeakMap<Plan, readonly Known[]>();

/** @throws HubError TOKEN_MISSING, TOKEN_INVALID */
export function authenticate(plan: Plan, authorization: string | undefined): Caller {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new HubError('TOKEN_MISSING');
  const known = tables.get(plan) ?? table(plan);
  tables.set(plan, known);
  const hash = sha256(token);
  let found: Caller | null = null;
  // All are compared: how long it takes tells nothing about which one came close.
  for (const entry of known) if (timingSafeEqual(entry.hash, hash)) found = entry.caller;
  if (found === null) throw new HubError('TOKEN_INVALID');
  return found;
}

/** @throws HubError TOKEN_FORBIDS */
export function demand(caller: Caller, right: Right): void {
  if (RIGHTS[caller.role].includes(right)) return;
  if (right === 'decide' && caller.coordinator) return;
  if (right === 'decide') {
    const detail = 'this takes the role admin, or `coordinator: true` in the settings of the client';
    throw new HubError('TOKEN_FORBIDS', { detail });
  }
  const needs = { read: 'readonly', book: 'scheduler', operate: 'admin' }[right];
  throw new HubError('TOKEN_FORBIDS', { detail: `this takes the role ${needs}; the token has ${caller.role}` });
}

function table(plan: Plan): readonly Known[] {
  return plan.hub.clients.flatMap((client) =>
    client.token === undefined
      ? []
      : [
          {
            hash: sha256(client.token),
            caller: {
              id: client.id,
              role: client.role,
              coordinator: client.coordinator === true,
              scope: scopeOf(client, plan),
            },
          },
        ],
  );
}

function sha256(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

export function scopeOf(client: ClientSettings, plan: Plan): Scope {
  return {
    sites: sitesOf(client, plan),
    locations: client.locations === '*' ? '*' : client.locations.flatMap((key) => locationId(key, plan)),
    clearances: [...OPEN_LABELS, ...client.clearances],
    actor: `client:${client.id}`,
    purpose: client.role === 'admin' ? 'operations' : 'treatment',
  };
}

/**
 * Sites in stage shadow are invisible to callers; an admin who may see all sites compares them. Rows of a renamed
 * site that carry its earlier name are still its own.
 */
function sitesOf(client: ClientSettings, plan: Plan): readonly string[] | '*' {
  if (client.role === 'admin' && client.sites === '*') return '*';
  const named = (id: string): boolean => client.sites === '*' || client.sites.includes(id);
  return plan.sites
    .filter((site) => named(site.id) && (site.stage !== 'shadow' || client.role === 'admin'))
    .flatMap((site) => (site.formerly === undefined ? [site.id] : [site.id, site.formerly]));
}

/** `site/location`. A location of a site that is not in the plan names nothing. */
function locationId(key: string, plan: Plan): readonly string[] {
  const slash = key.indexOf('/');
  const site = plan.sites.find(({ id }) => id === key.slice(0, slash));
  return site === undefined ? [] : [canonicalId.location(site.identity, key.slice(slash + 1))];
}

/**
 * Requests that each client may make, as a bucket that refills by the second, so that one client's loop does not take
 * the hub from the others.
 */
export class ClientRates {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { left: number; at_ms: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws HubError TOO_BUSY with retryAfter_ms */
  take(client: string, perSecond: number): void {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(client) ?? { left: perSecond, at_ms: now };
    const left = Math.min(perSecond, bucket.left + ((now - bucket.at_ms) * perSecond) / 1000);
    if (left < 1) {
      this.#buckets.set(client, { left, at_ms: now });
      throw new HubError('TOO_BUSY', {
        detail: `the client's limit is ${perSecond} requests per second`,
        retryAfter_ms: Math.ceil(((1 - left) * 1000) / perSecond),
      });
    }
    this.#buckets.set(client, { left: left - 1, at_ms: now });
  }
}
