/** `hl7` of a client in hub.yaml, declared once: another system that asks this hub for appointments (SRM). */
import type { ClientAnswers, ClientHl7, ClientTls } from './client-hl7-shape.ts';
import { keyed, objectOf, siteCode, text, wholeNumber } from './declare.ts';
import { allowSetting } from './mllp-spec.ts';
import type { Setting, SettingsSpec, ValueSchema } from './spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];

const party: ValueSchema = { type: 'string', maxLength: 180, pattern: '^[^|\\r\\n^~&]*$' };
const pem: ValueSchema = {
  type: 'string',
  pattern: '^\\s*-----BEGIN [A-Z ]+-----',
  say: 'write file:/path of a PEM file',
};

const tls: FieldsOf<ClientTls> = {
  ca: {
    schema: pem,
    prose: 'Certificate of the authority that signed the client’s certificate (PEM). Absent: the usual ones.',
    optional: true,
    secret: true,
    example: 'file:/run/secrets/his-ca.pem',
  },
  certificate: { schema: pem, prose: 'Our own certificate, for mutual TLS (PEM).', optional: true, secret: true },
  key: { schema: pem, prose: 'The key of our certificate (PEM).', optional: true, secret: true },
  serverName: { schema: text, prose: 'The name in its certificate, where it is not the host.', optional: true },
};

const answers: FieldsOf<ClientAnswers> = {
  host: {
    schema: { type: 'string', pattern: '^[^\\s/:]+$', say: 'write a host name or an address, without port' },
    prose: 'Where the client listens for SRR and SIU.',
    example: 'his.example.org',
  },
  port: { schema: wholeNumber(1, 65_535), prose: 'Its MLLP port.', example: 6662 },
  tls: { schema: objectOf(tls), prose: 'Present: the connection is encrypted.', optional: true },
  connectWithin_ms: { schema: wholeNumber(100, 60_000), prose: 'How long connecting may take.', default: 5_000 },
  answerWithin_ms: {
    schema: wholeNumber(100, 300_000),
    prose: 'How long its acknowledgement may take before the message is sent again.',
    default: 10_000,
  },
  keepOpen_s: {
    schema: wholeNumber(0, 86_400),
    prose: 'A connection that was quiet for longer is replaced before it is used.',
    default: 60,
  },
};

const hl7: FieldsOf<ClientHl7> = {
  application: {
    schema: { ...party, minLength: 1 },
    prose: 'MSH-3 of its requests (first component).',
    example: 'HIS',
  },
  facility: { schema: party, prose: 'MSH-4 of its requests (first component); empty fits any.', default: '' },
  site: {
    schema: text,
    prose: 'The site at whose own port (settings.listen.port) its requests arrive. Absent: at the shared one.',
    optional: true,
    example: 'riverside-hl7',
  },
  allow: {
    ...allowSetting,
    prose:
      'Who may send its requests. Names in a message are no proof: outside a closed network give addresses or ' +
      'certificates.',
  },
  facilities: {
    schema: keyed(siteCode, text),
    prose:
      'MSH-6 of its requests -> the site that is asked. A site id in MSH-6 needs no entry; with any other value the ' +
      'codes of the request must be known at one site alone.',
    default: {},
    example: { RIVERSIDE: 'riverside-hl7' },
  },
  identifiers: {
    schema: keyed(siteCode, text),
    prose:
      'What an authority in PID-3 means: CX-4, or CX-4^CX-5, as the client writes it -> the system of the ' +
      'identifier. An authority that names an OID (&1.2.3&ISO) needs no entry. Others are not looked at.',
    default: {},
    example: { 'RIVERSIDE^MR': 'https://riverside.example/mrn' },
  },
  wait_ms: {
    schema: wholeNumber(100, 120_000),
    prose:
      'Original mode: how long the SRR waits for the booking before it says that it is pending. Never shorter than ' +
      'booking.wait_ms.',
    default: 10_000,
  },
  decideWithin_ms: {
    schema: wholeNumber(100, 3_600_000),
    prose: 'Enhanced mode: the same for the SRR that follows CA.',
    default: 60_000,
  },
  answers: {
    schema: objectOf(answers),
    prose:
      'Where the SRR of the enhanced mode goes, and SIU when a pending request is decided. Absent: the SRR goes out ' +
      'on the connection that the request came by, and nobody is told later.',
    optional: true,
  },
};

export const CLIENT_HL7: Setting = {
  schema: objectOf(hl7),
  prose:
    'Present: this client asks for appointments by HL7 v2 (SRM) over MLLP, and sees and books what its role, sites, ' +
    'locations and clearances say (docs/hl7v2.md).',
  optional: true,
};
