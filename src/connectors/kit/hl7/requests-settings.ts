/** `requests` of a site file: where and how this hub asks the site's scheduling system for appointments (SRM). */
import { keyed, objectOf, oneOfWords, siteCode, text, wholeNumber } from '../../../settings/declare.ts';
import type { BrokenRule, Setting, ValueSchema } from '../../../settings/spec.ts';
import { encodingOf } from '../../../hl7v2/charset.ts';
import type { Hl7ExchangeOptions } from '../../contract-hl7.ts';
import type { RefusalWord, RequestSettings } from './wire.ts';

const party: ValueSchema = { type: 'string', maxLength: 180, pattern: '^[^|\\r\\n^~&]*$' };
const pem: ValueSchema = {
  type: 'string',
  pattern: '^\\s*-----BEGIN [A-Z ]+-----',
  say: 'write file:/path of a PEM file',
};

// prettier-ignore
const REASONS: readonly RefusalWord[] = [
  'slot-taken', 'outside-window', 'patient-unknown', 'patient-ambiguous', 'patient-merged', 'needs-referral',
  'needs-authorisation', 'needs-answers', 'duplicate-visit', 'restricted', 'not-allowed', 'rule',
];

const tls: Readonly<Record<string, Setting>> = {
  ca: {
    schema: pem,
    prose: 'Certificate of the authority that signed the site’s certificate (PEM). Absent: the usual ones are trusted.',
    optional: true,
    secret: true,
    example: 'file:/run/secrets/riverside-ca.pem',
  },
  certificate: { schema: pem, prose: 'Our own certificate, for mutual TLS (PEM).', optional: true, secret: true },
  key: { schema: pem, prose: 'The key of our certificate (PEM).', optional: true, secret: true },
  serverName: { schema: text, prose: 'The name in the site’s certificate, where it is not the host.', optional: true },
};

const fields: { readonly [Name in keyof RequestSettings]-?: Setting } = {
  host: {
    schema: { type: 'string', pattern: '^[^\\s/:]+$', say: 'write a host name or an address, without port' },
    prose: 'Where the site listens for SRM.',
    example: 'hl7.riverside.example',
  },
  port: { schema: wholeNumber(1, 65_535), prose: 'Its MLLP port.', example: 6661 },
  tls: { schema: objectOf(tls), prose: 'Present: the connection is encrypted.', optional: true },
  application: { schema: party, prose: 'Our MSH-3.', default: 'SLOTWIRE' },
  facility: { schema: party, prose: 'Our MSH-4.', default: 'HUB' },
  namespace: {
    schema: { ...party, minLength: 1 },
    prose:
      'Namespace of our own references (ARQ-1.2), which the site must send back in SCH-1; and the authority of our ' +
      'own ids of people (PID-3).',
    default: 'SLOTWIRE',
  },
  version: { schema: oneOfWords('2.3', '2.3.1', '2.4', '2.5', '2.5.1'), prose: 'MSH-12.', default: '2.5.1' },
  charset: {
    schema: { type: 'string', maxLength: 40 },
    prose: 'MSH-18 and the character set that is written. A name that it cannot hold is not booked.',
    default: 'UNICODE UTF-8',
    example: '8859/1',
  },
  times: {
    schema: oneOfWords('with-offset', 'local'),
    prose: 'Whether times name their offset (20261120090000-0600) or are local times of the place.',
    default: 'with-offset',
  },
  acknowledgement: {
    schema: oneOfWords('original', 'enhanced'),
    prose: 'original: one answer, the SRR. enhanced: CA at once (MSH-15, MSH-16 AL), the SRR later.',
    default: 'original',
  },
  enteredBy: { schema: party, prose: 'Who asks (ARQ-15, ARQ-19), as the site knows this hub.', default: 'SLOTWIRE' },
  roles: {
    schema: oneOfWords('AIP', 'AIG'),
    prose: 'Where the site wants the practitioner: as personnel (AIP) or as a general resource (AIG).',
    default: 'AIP',
  },
  connectWithin_ms: { schema: wholeNumber(100, 60_000), prose: 'How long connecting may take.', default: 5_000 },
  answerWithin_ms: {
    schema: wholeNumber(100, 300_000),
    prose: 'How long an answer may take before the outcome counts as unknown.',
    default: 10_000,
  },
  decideWithin_ms: {
    schema: wholeNumber(0, 300_000),
    prose: 'How long after CA the SRR is waited for on the same connection; later it is taken from the feed.',
    default: 3_000,
  },
  keepOpen_s: {
    schema: wholeNumber(0, 86_400),
    prose: 'A connection that was quiet for longer is replaced before it is used. Less than any firewall between.',
    default: 60,
  },
  showsWithin_s: {
    schema: wholeNumber(1, 86_400),
    prose: 'How long the site may take to send the SIU that shows a booking.',
    default: 60,
  },
  bookedBy: {
    schema: oneOfWords('siu', 'answer'),
    prose:
      'What a booking is believed by. siu: the yes of an SRR is waited out until the SIU shows the visit, since the ' +
      'site cannot be asked whether it was written. answer: the SRR alone, for a site that sends no SIU of what it ' +
      'was asked for.',
    default: 'siu',
  },
  finds: {
    schema: oneOfWords('none', 'pdq'),
    prose:
      'Whether the site can be asked who it has, at the same address. pdq: by QBP Q22, answered by RSP K22 (IHE ' +
      'Patient Demographics Query). `patients.whenUnknown: search` asks by it.',
    default: 'none',
  },
  registers: {
    schema: oneOfWords('none', 'a28', 'a04'),
    prose:
      'Whether the site registers a person when it is asked to, at the same address, and by which event it wants to ' +
      'be asked. a28: ADT A28, a person without a visit (PV1-2 N); a04: ADT A04. ' +
      '`patients.whenUnknown: register` asks by it.',
    default: 'none',
  },
  refusals: {
    schema: keyed(siteCode, oneOfWords(...REASONS)),
    prose: 'What the site’s own codes of a denial mean (ERR-5, ERR-3, MSA-6). Only slot-taken leads to other times.',
    default: {},
    example: { SLOT_GONE: 'slot-taken' },
  },
};

export const REQUESTS: Setting = {
  schema: objectOf(fields),
  prose: 'Where the site takes requests for appointments (SRM). Absent: the hub cannot book there.',
  optional: true,
};

export function requestRules(requests: RequestSettings | undefined): readonly BrokenRule[] {
  if (requests === undefined) return [];
  const broken: BrokenRule[] = [];
  const set = encodingOf(requests.charset);
  if (set === null || set.startsWith('utf-16') || set.startsWith('utf-32'))
    broken.push({
      field: 'requests.charset',
      problem: 'names a character set that cannot be sent over MLLP',
      write: 'write a name of table 0211 like 8859/1 or UNICODE UTF-8',
    });
  if ((requests.tls?.certificate === undefined) !== (requests.tls?.key === undefined))
    broken.push({
      field: 'requests.tls',
      problem: 'has a certificate without its key, or a key without its certificate',
      write: 'write both, or neither',
    });
  return broken;
}

export function exchangeOptions(requests: RequestSettings): Hl7ExchangeOptions {
  const { host, port, tls: secured } = requests;
  return {
    host,
    port,
    ...(secured === undefined
      ? {}
      : {
          tls: {
            ...(secured.ca === undefined ? {} : { ca: secured.ca }),
            ...(secured.certificate === undefined ? {} : { cert: secured.certificate }),
            ...(secured.key === undefined ? {} : { key: secured.key }),
            servername: secured.serverName ?? host,
          },
        }),
    connect_ms: requests.connectWithin_ms,
    ack_ms: requests.answerWithin_ms,
    decision_ms: requests.decideWithin_ms,
    maxQuiet_ms: requests.keepOpen_s * 1000,
  };
}
