/** Settings of a port that HL7 v2 arrives at, declared once for hub.yaml and for site files. */
import { listOf, objectOf, oneOfWords, text, wholeNumber } from './declare.ts';
import type { Hl7Listen, MllpAllow, MllpSettings, MllpTls } from './mllp-shape.ts';
import type { Setting, SettingsSpec, ValueSchema } from './spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

const pem: ValueSchema = { type: 'string', minLength: 1, maxLength: 200_000, fromFile: true };

const tls: FieldsOf<MllpTls> = {
  key: {
    schema: { ...pem, say: 'write file:/path of the private key' },
    prose: 'The private key, in PEM form and without a passphrase.',
    secret: true,
    example: 'file:/run/secrets/mllp.key',
  },
  certificate: {
    schema: { ...pem, say: 'write file:/path of the certificate' },
    prose:
      'The certificate that belongs to the key, in PEM form, with those between it and its authority behind it. ' +
      'A renewed file is read at the next reload; connections that are open go on.',
    example: 'file:/run/secrets/mllp.pem',
  },
  ca: {
    schema: { ...pem, say: 'write file:/path of the authorities' },
    prose: 'Authorities of the senders (mutual TLS): who shows no certificate of theirs is not let in.',
    optional: true,
    example: 'file:/run/secrets/senders-ca.pem',
  },
  minVersion: {
    schema: oneOfWords('TLSv1.2', 'TLSv1.3'),
    prose: 'The oldest TLS that is spoken.',
    default: 'TLSv1.2',
  },
};

const allow: FieldsOf<MllpAllow> = {
  addresses: {
    schema: listOf(text),
    prose: 'Addresses and ranges that may connect, IPv4 and IPv6; empty lets in every address.',
    default: [],
    example: ['10.20.0.0/16', '2001:db8::/32'],
  },
  certificates: {
    schema: listOf(text),
    prose:
      'Client certificates that may connect: CN=name, DNS:name (or another alternative name), or SHA256: and the ' +
      'fingerprint; empty lets in every certificate of the authorities.',
    default: [],
    example: ['CN=engine.riverside.example'],
  },
};

const mllp: FieldsOf<MllpSettings> = {
  tls: { schema: objectOf(tls), prose: 'Encryption. Absent: none.', optional: true },
  allow: { schema: objectOf(allow), prose: 'Who may connect. Everyone else is refused and counted.', default: {} },
};

/** Lists of who may send, wherever such stand. */
export const allowSetting: Setting = mllp.allow;

/** Of the port that sites share. */
export const mllpSchema: ValueSchema = objectOf(mllp);

const listen: FieldsOf<Hl7Listen> = {
  port: {
    schema: wholeNumber(0, 65_535),
    prose: 'A port of its own for this site. Absent: the one that sites share (MLLP_PORT).',
    optional: true,
    example: 6661,
  },
  host: {
    schema: { ...text, pattern: '^[0-9A-Za-z.:-]+$' },
    prose: 'The address of this machine that its own port is opened at. Default: HOST.',
    optional: true,
    example: '0.0.0.0',
  },
  applicationAcks: {
    schema: oneOfWords('same-connection', 'never'),
    prose:
      'Where MSH-15 asks for an accept acknowledgement and MSH-16 for one of the application: after CA, AA or AE ' +
      'follows on the same connection once the message is applied or parked. never: for a sender that would take it ' +
      'for the answer to its next message.',
    default: 'same-connection',
  },
  tls: { ...mllp.tls, prose: 'Encryption of its own port. Absent: none.' },
  allow: {
    ...mllp.allow,
    prose: "Who may send this site's messages, on its own port or on the shared one. Everyone else is refused.",
  },
};

/** Of one site: its own port, or its part of the shared one. */
export const listenSchema: ValueSchema = objectOf(listen);
