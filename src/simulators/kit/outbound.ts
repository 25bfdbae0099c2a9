/** Messages that a simulator sends by MLLP, as they stand in its queue. */
import type { Table } from './store.ts';

export interface Try {
  readonly at: number;
  /** MSA-1 of the answer. */
  readonly code?: string;
  readonly text?: string;
  readonly error?: string;
}

export interface Outbound {
  readonly sequence: number;
  readonly controlId: string;
  /** `SIU^S12` */
  readonly event: string;
  /** What it is about: an id of the sending system. */
  readonly about: string;
  /** The message with CR after every segment, without its frame. */
  readonly text: string;
  readonly queuedAt: number;
  /** `refused`: answered AE, AR, CE or CR, and not sent again. */
  readonly state: 'queued' | 'accepted' | 'refused' | 'lost';
  readonly tries: readonly Try[];
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** How messages leave, asked for each of them. */
export interface Sending {
  /** After so long without an answer the connection is closed and the same bytes are sent again. */
  readonly acknowledgementSeconds: number;
  /** Pause before a repeat or a new connection; doubles up to thirty times this. */
  readonly retryMilliseconds: number;
  /** MSH-18, by which the bytes go: `8859/1` or else UTF-8. */
  readonly characterSet: string;
  /** Whether a refusal (AE, AR, CE, CR) is taken as no answer: the same message is sent again. */
  readonly repeatsRefused?: boolean;
}

export const OUTBOUND: Table<Outbound> = { name: 'outbound' };
export const TARGET: Table<Target> = { name: 'target' };
