/**
 * Rules about ports that HL7 v2 arrives at: material that TLS can use, lists that can be read, and sites whose messages
 * can be told apart.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { parseNetwork } from '../core/network.ts';
import type { Issue } from './issue.ts';
import type { Hl7Address, Hl7Listen, MllpAllow, MllpSettings, MllpTls } from './mllp-shape.ts';
import type { BrokenRule } from './spec.ts';
import type { View } from './view.ts';

/** Fields are below that of the settings, like `tls.key`. */
export function mllpRules({ tls, allow }: MllpSettings): readonly BrokenRule[] {
  return [...(tls === undefined ? [] : tlsRules(tls)), ...allowRules(allow)];
}

export function listenRules(listen: Hl7Listen): readonly BrokenRule[] {
  const issues = [...mllpRules(listen)];
  if (listen.port !== undefined) return issues;
  const write = 'add port: with a port of its own, or move this to mllp: in hub.yaml, where the shared port is set up';
  for (const field of ['host', 'tls'] as const)
    if (listen[field] !== undefined) issues.push({ field, problem: 'is for a port of its own', write });
  return issues;
}

function tlsRules({ key, certificate, ca }: MllpTls): readonly BrokenRule[] {
  const issues: BrokenRule[] = [];
  const [privateKey, keyProblem] = readKey(key);
  if (keyProblem !== null) issues.push({ field: 'tls.key', ...keyProblem });
  const own = readCertificates(certificate);
  const write = 'write file:/path of a file that begins with -----BEGIN CERTIFICATE-----';
  if (own === null) issues.push({ field: 'tls.certificate', problem: 'is no certificate in PEM form', write });
  else if (privateKey !== null && own[0]?.checkPrivateKey(privateKey) !== true)
    issues.push({
      field: 'tls.certificate',
      problem: 'does not belong to the key',
      write: 'name the certificate that was made for this key first, those of its authorities behind it',
    });
  if (ca !== undefined && readCertificates(ca) === null)
    issues.push({ field: 'tls.ca', problem: 'holds no certificates in PEM form', write });
  return issues;
}

type Sentence = Pick<BrokenRule, 'problem' | 'write'>;

function readKey(text: string): readonly [ReturnType<typeof createPrivateKey>, null] | readonly [null, Sentence] {
  try {
    return [createPrivateKey(text), null];
  } catch {
    const isLocked = /ENCRYPTED/.test(text);
    if (isLocked)
      return [null, { problem: 'is locked by a passphrase', write: 'write the key without one (openssl pkey)' }];
    const write = 'write file:/path of a file that begins with -----BEGIN PRIVATE KEY-----';
    return [null, { problem: 'is no private key in PEM form', write }];
  }
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Null when there is none, or one that cannot be read. */
export function readCertificates(text: string): readonly X509Certificate[] | null {
  try {
    const found = (text.match(PEM_BLOCK) ?? []).map((block) => new X509Certificate(block));
    return found.length === 0 ? null : found;
  } catch {
    return null;
  }
}

const FINGERPRINT = /^SHA256:[0-9A-F]{2}(:?[0-9A-F]{2}){31}$/i;
const NAME = /^(CN=|(DNS|URI|email|IP Address|othername|DirName):)\S/;

export function allowRules({ addresses, certificates }: MllpAllow): readonly BrokenRule[] {
  const issues: BrokenRule[] = [];
  for (const [at, address] of addresses.entries()) {
    if (parseNetwork(address) !== null) continue;
    const write = 'write one like 10.20.0.7, 10.20.0.0/16 or 2001:db8::/32';
    issues.push({ field: `allow.addresses[${at}]`, problem: 'is no address and no range', write });
  }
  for (const [at, one] of certificates.entries()) {
    if (FINGERPRINT.test(one) || NAME.test(one)) continue;
    const write = 'write CN=name, DNS:name, or SHA256: and the 64 hexadecimal digits of the fingerprint';
    issues.push({ field: `allow.certificates[${at}]`, problem: 'names no certificate', write });
  }
  return issues;
}

/** A site whose messages arrive over MLLP, with the settings of its feed as written. */
export interface Addressed {
  readonly id: string;
  readonly settings: View;
  readonly address: Hl7Address;
}

/** `sharedKnowsSenders`: the shared port asks for client certificates. */
export function doorRules(sites: readonly Addressed[], sharedKnowsSenders: boolean): readonly Issue[] {
  const doors = Map.groupBy(sites, ({ id, address }) => doorOf(id, address.listen));
  return [...doors].flatMap(([door, members]) => [
    ...twinIssues(members),
    ...tlsIssues(members),
    ...certificateIssues(
      members,
      door === SHARED ? sharedKnowsSenders : members.some(({ address }) => address.listen.tls?.ca !== undefined),
    ),
  ]);
}

/** Key of the shared port. */
export const SHARED = 'shared';

/** Sites with the same key share a port. Each free port (0) is another one. */
export function doorOf(site: string, { port, host }: Hl7Listen): string {
  if (port === undefined) return SHARED;
  return port === 0 ? `site ${site}` : `${host ?? ''}:${port}`;
}

/** Two sites that say the same names: whichever took a message, half of them would be the other's. */
function twinIssues(members: readonly Addressed[]): readonly Issue[] {
  return earlierOf(members, ({ address }) => JSON.stringify([address.from, address.to])).map(([earlier, site]) =>
    site.settings.issue(
      `sites/${earlier.id}.yaml names the same sender (MSH-3, MSH-4) and receiver (MSH-5, MSH-6) on the same port, ` +
        'so nobody could tell their messages apart',
      'write other names in one of the two (sendingApplication, sendingFacility, receivingApplication, ' +
        'receivingFacility), or give it a port of its own (listen.port)',
    ),
  );
}

function tlsIssues(members: readonly Addressed[]): readonly Issue[] {
  const own = members.filter(({ address }) => address.listen.tls !== undefined);
  return earlierOf(own, () => 'one').map(([earlier, site]) =>
    site.settings
      .at('listen', 'tls')
      .issue(`sites/${earlier.id}.yaml has tls for the same port`, 'keep it in one of the two, or write another port'),
  );
}

function certificateIssues(members: readonly Addressed[], knowsSenders: boolean): readonly Issue[] {
  if (knowsSenders) return [];
  return members
    .filter(({ address }) => address.listen.allow.certificates.length > 0)
    .map(({ settings, address }) => {
      const where = address.listen.port === undefined ? 'mllp.tls in hub.yaml' : 'listen.tls';
      return settings
        .at('listen', 'allow', 'certificates')
        .issue('the port asks nobody for a certificate', `add ca: to ${where}, with the authorities of the senders`);
    });
}

/** Each site behind another with the same key, and that other. */
function earlierOf(
  sites: readonly Addressed[],
  keyOf: (site: Addressed) => string,
): readonly (readonly [Addressed, Addressed])[] {
  const seen = new Map<string, Addressed>();
  return sites.flatMap((site): readonly (readonly [Addressed, Addressed])[] => {
    const earlier = seen.get(keyOf(site));
    if (earlier !== undefined) return [[earlier, site]];
    seen.set(keyOf(site), site);
    return [];
  });
}

/** The shared port's own, which `mllpRules` cannot see: certificates are listed, and nobody is asked for one. */
export function sharedDoorIssues(hub: View, mllp: MllpSettings): readonly Issue[] {
  if (mllp.allow.certificates.length === 0 || mllp.tls?.ca !== undefined) return [];
  return [
    hub
      .at('mllp', 'allow', 'certificates')
      .issue('the port asks nobody for a certificate', 'add ca: to mllp.tls, with the authorities of the senders'),
  ];
}
