/** How HL7 v2 senders reach the hub: part of what shape.ts says, apart because hub.yaml and site files share it. */

/** What one port asks of those who connect. */
export interface MllpSettings {
  /** Absent: not encrypted. */
  readonly tls?: MllpTls;
  readonly allow: MllpAllow;
}

/** Texts are PEM. */
export interface MllpTls {
  readonly key: string;
  /** The hub's own, with those between it and its authority behind it. */
  readonly certificate: string;
  /** Authorities of the senders; given, a sender without a certificate of theirs is not let in. */
  readonly ca?: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Empty lists allow everyone. */
export interface MllpAllow {
  /** Addresses and ranges, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** `CN=name`, `DNS:name` and other alternative names, `SHA256:` and the fingerprint; one must fit. */
  readonly certificates: readonly string[];
}

export interface Hl7Listen extends MllpSettings {
  /** Absent: the port that sites share (MLLP_PORT). 0: a free one, for tests. */
  readonly port?: number;
  /** Absent: HOST. */
  readonly host?: string;
  /** Default: same-connection. */
  readonly applicationAcks?: 'same-connection' | 'never';
}

/** First components of HD fields; empty matches anything. */
export interface Hl7Party {
  readonly application: string;
  readonly facility: string;
}

/** Where the messages of a site arrive, and by which names they are told from those of others. */
export interface Hl7Address {
  /** MSH-3 and MSH-4 of its messages. */
  readonly from: Hl7Party;
  /** MSH-5 and MSH-6. */
  readonly to: Hl7Party;
  readonly listen: Hl7Listen;
}

/** Everyone, unencrypted: what a port asks where nothing is set. */
export const OPEN_DOOR: MllpSettings = { allow: { addresses: [], certificates: [] } };
