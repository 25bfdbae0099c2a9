/**
 * Speaking HL7 v2 to a site: what the hub lends to a connector that may open no MLLP connection itself. Part of
 * contract.ts.
 */
import type { HubError } from '../core/errors.ts';

export interface Hl7ExchangeOptions {
  readonly host: string;
  readonly port: number;
  /** Absent: no TLS. Texts are PEM. */
  readonly tls?: Hl7Tls;
  readonly connect_ms: number;
  /** How long an answer may take, counted from the moment when the message leaves. */
  readonly ack_ms: number;
  /** How long after CA the decision of the application is waited for on the same connection. Default: `ack_ms`. */
  readonly decision_ms?: number;
  /** A connection that was quiet for longer is replaced before it is used. Default: never. */
  readonly maxQuiet_ms?: number;
}

export interface Hl7Tls {
  /** Authorities that are trusted; absent: those that Node trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the certificate of the other side must hold. Absent: the host. */
  readonly servername?: string;
}

export interface Hl7SendOptions {
  /** `application`: CA is not the end, AA, AE or AR is waited for as well. */
  readonly until?: 'first' | 'application';
  /** Before the message left: it is `unsent`. Afterwards: nobody waits for the answer any more, it is `unknown`. */
  readonly signal?: AbortSignal;
}

export interface Hl7Answer {
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  /** MSA-3 and what ERR says; words of the other side, so never for a log. */
  readonly text: string;
  /** The whole answer: an SRR carries the appointment. */
  readonly bytes: Uint8Array;
}

export type Hl7Outcome =
  /** AA; or CA and nothing behind it: the message is safe there, and its application answers later. */
  | { readonly kind: 'accepted'; readonly ack: Hl7Answer }
  /** AE, AR, CE or CR; `repeat`: whether sending it again unchanged may help (docs: src/hl7v2/ack-class.ts). */
  | { readonly kind: 'refused'; readonly repeat: boolean; readonly ack: Hl7Answer }
  | { readonly kind: 'unsent'; readonly error: HubError }
  | { readonly kind: 'unknown'; readonly error: HubError };

/** One kept connection; messages leave in the order in which they were given. */
export interface Hl7Exchange {
  /** Waits its turn; never rejects. The bytes are one message with an MSH-10 of its own, not framed. */
  send(message: Uint8Array, options?: Hl7SendOptions): Promise<Hl7Outcome>;
  /** Opens the connection, if there is none, and sends nothing. Null: it stands. */
  reach(): Promise<HubError | null>;
  /** What waits is `unsent`, what is under way is `unknown`. */
  close(): Promise<void>;
}
