/** Who may connect and send: by address and by what the client certificate says. Pure. */
import { isWithin, parseNetwork } from '../core/network.ts';
import type { MllpAllow } from '../settings/mllp-shape.ts';

/** What is known of the other side of a connection. */
export interface Peer {
  /** IPv4 in its own form, also where the listener is bound to IPv6. */
  readonly address: string;
  readonly port: number;
  /** Of the client certificate that was verified, as `CN=engine, O=Riverside`; absent without mutual TLS. */
  readonly certificateSubject?: string;
  /** `CN=...` of the subject and each alternative name, as `DNS:...`. */
  readonly certificateNames?: readonly string[];
  /** SHA-256 over the certificate, as 64 hexadecimal digits in upper case. */
  readonly certificateDigest?: string;
  /**
   * Sends a message behind the answers of this connection. `busy`: answers are still owed or not read, later perhaps;
   * `gone`: it does not stand any more. Absent: there is no connection.
   */
  readonly say?: (message: Uint8Array) => 'said' | 'busy' | 'gone';
}

/** `null`: may connect. Otherwise what of it is not on the list. */
export type Admission = (peer: Peer) => 'address' | 'certificate' | null;

export function admission({ addresses, certificates }: MllpAllow): Admission {
  const networks = addresses.flatMap((one) => parseNetwork(one) ?? []);
  const digests = new Set(certificates.filter(isDigest).map(digestOf));
  const names = new Set(certificates.filter((one) => !isDigest(one)));
  return (peer) => {
    if (addresses.length > 0 && !networks.some((network) => isWithin(network, peer.address))) return 'address';
    if (certificates.length === 0) return null;
    const byName = peer.certificateNames?.some((name) => names.has(name)) === true;
    const byDigest = peer.certificateDigest !== undefined && digests.has(peer.certificateDigest);
    return byName || byDigest ? null : 'certificate';
  };
}

/** Whoever one of them lets in; of several that refuse, what the last one misses. */
export function anyOf(admissions: readonly Admission[]): Admission {
  return (peer) => {
    let refusal: ReturnType<Admission> = null;
    for (const admit of admissions) {
      refusal = admit(peer);
      if (refusal === null) return null;
    }
    return refusal;
  };
}

const DIGEST = 'SHA256:';

function isDigest(text: string): boolean {
  return text.slice(0, DIGEST.length).toUpperCase() === DIGEST;
}

function digestOf(text: string): string {
  return text.slice(DIGEST.length).replaceAll(':', '').toUpperCase();
}

/**
 * The alternative names of a certificate as Node prints them: separated by commas, and quoted where a name holds one.
 * Split without regard to quotes, a certificate for `x, DNS:engine.example` would pass for engine.example.
 */
export function alternativeNames(printed: string): readonly string[] {
  const names: string[] = [];
  const pattern = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;
  for (let found = pattern.exec(printed); found !== null; found = pattern.exec(printed)) {
    const [whole, kind = '', value = ''] = found;
    names.push(`${kind}:${value.startsWith('"') ? unquoted(value) : value}`);
    if (whole === '') break;
  }
  return names;
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}
