/**
 * Reading a message: pure, and done for a whole batch before its first change, because what they state must be locked
 * together.
 */
import type { Mapped } from '../mappings/contract.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { MappingOf } from './apply-context.ts';
import type { Stated } from './apply-locks.ts';

export interface ReadOptions {
  readonly plan: () => Plan;
  readonly mappingOf: MappingOf;
}

/** A message with what its mapping makes of it, before anything is looked up. */
export interface Reading {
  readonly message: InboxMessage;
  readonly plan: Plan;
  /** Null: no longer configured. */
  readonly site: SiteSettings | null;
  readonly mapped: Mapped | { readonly kind: 'failed'; readonly error: unknown };
}

export function readMessage(options: ReadOptions, message: InboxMessage): Reading {
  const plan = options.plan();
  const site = plan.sites.find((candidate) => candidate.id === message.site) ?? null;
  const ignored = (because: string): Reading => ({ message, plan, site, mapped: { kind: 'ignored', because } });
  if (site === null) return ignored('the site is no longer in the configuration');
  const mapping = options.mappingOf(site, message.kind);
  if (mapping === null) return ignored(`messages of kind ${message.kind} are not taken from this site`);
  try {
    return { message, plan, site, mapped: mapping.map(message, { site, visitTypes: plan.hub.visitTypes }) };
  } catch (error) {
    // Kept until its turn: a mapping that throws is a fault of its own message and of no other.
    return { message, plan, site, mapped: { kind: 'failed', error } };
  }
}

export function statedBy({ site, mapped }: Reading): Stated[] {
  return site === null || mapped.kind !== 'changes' ? [] : [{ site, changes: mapped.changes }];
}
