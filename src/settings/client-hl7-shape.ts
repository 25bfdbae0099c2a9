/** A client that asks by HL7 v2 (SRM): part of what shape.ts says. */
import type { MllpAllow } from './mllp-shape.ts';

export interface ClientHl7 {
  /** MSH-3 of its requests, first component. */
  readonly application: string;
  /** MSH-4, first component; empty fits any. */
  readonly facility: string;
  /** The site at whose own port its requests arrive; absent: the port that sites share. */
  readonly site?: string;
  readonly allow: MllpAllow;
  /** MSH-6 of its requests, first component -> the site that is asked. */
  readonly facilities: Readonly<Record<string, string>>;
  /** Authority as the client writes it, `CX-4` or `CX-4^CX-5` -> system of the identifier in the hub. */
  readonly identifiers: Readonly<Record<string, string>>;
  /** Original mode: how long the answer is waited for before it says that it is pending. */
  readonly wait_ms: number;
  /** Enhanced mode: the same, behind CA. */
  readonly decideWithin_ms: number;
  /** Where answers and later news go; absent: answers on the connection that the request came by, no news. */
  readonly answers?: ClientAnswers;
}

/** Where the client listens. */
export interface ClientAnswers {
  readonly host: string;
  readonly port: number;
  readonly tls?: ClientTls;
  readonly connectWithin_ms: number;
  readonly answerWithin_ms: number;
  readonly keepOpen_s: number;
}

/** Texts are PEM. */
export interface ClientTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
}
