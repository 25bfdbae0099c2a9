/** Replay windows: what an interface engine sends a second time. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { InboxMessage } from './contract-inbox.ts';

export interface ReplayWindow {
  readonly id: number;
  readonly site: string;
  /** Messages received from here on are known by their content. */
  readonly knownFrom: Instant;
  readonly beganAt: Instant;
  /** Ends by itself then; null: by an operator's word, or when a burst is over. */
  readonly until: Instant | null;
  readonly endedAt: Instant | null;
  /** `client:<id>` of the operator, or `hub:burst`. */
  readonly beganBy: string;
}

/**
 * resent: says what a known message said. held: contradicts later state, so it was not applied. forced: an operator had
 * it applied after all.
 */
export type ReplayVerdict = 'applied' | 'resent' | 'held' | 'forced';

export interface HeldMessage {
  readonly messageId: number;
  readonly appointmentId: string | null;
  readonly verdict: ReplayVerdict;
  /** Rules and states, never values of the message. */
  readonly detail: string | null;
}

export interface ReplayWindowStore {
  /** Null: one is open already. */
  open(window: Omit<ReplayWindow, 'id' | 'endedAt'>): Promise<ReplayWindow | null>;
  /** The window that a message received then belongs to. */
  at(site: string, receivedAt: Instant): Promise<ReplayWindow | null>;
  newest(site: string): Promise<ReplayWindow | null>;
  /** Those that have not ended. */
  unended(): Promise<readonly ReplayWindow[]>;
  end(id: number, at: Instant): Promise<void>;
  /** Drops what was known to windows that have ended and of which every message is done: it is many rows. */
  forgetKnown(): Promise<void>;

  /** The first message with a digest stays the one that is named. */
  remember(id: number, known: readonly { readonly digest: string; readonly messageId: number }[]): Promise<void>;
  /** The message that said the same before; null: none. */
  known(id: number, digest: string): Promise<number | null>;
  decide(id: number, said: HeldMessage): Promise<void>;
  verdict(id: number, messageId: number): Promise<ReplayVerdict | null>;
  counts(id: number): Promise<Readonly<Partial<Record<ReplayVerdict, number>>>>;
  /** Messages that were held back, in order of arrival. */
  held(id: number, limit: number): Promise<readonly HeldMessage[]>;

  /** HL7 v2 messages of the site that were not parked, in order of arrival. */
  received(site: string, from: Instant, to: Instant, afterId: number, limit: number): Promise<readonly InboxMessage[]>;
  /** When the n-th newest message of the site came; null: there are fewer. Bounds a rate without counting. */
  nthNewest(site: string, n: number): Promise<Instant | null>;
}
