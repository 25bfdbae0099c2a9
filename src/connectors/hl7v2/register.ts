/**
 * Registering a person by ADT (`requests.registers`). The answer says only that the message was taken: which number the
 * person has is told by the site's own news, which name our id beside it (PID-3).
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { randomToken } from '../../core/ids.ts';
import { ackErrors } from '../../hl7v2/ack-class.ts';
import { decode, encode } from '../../hl7v2/charset.ts';
import { registrationText, writeRegistration, type Registration } from '../../hl7v2/person-write.ts';
import type { RequestPatient } from '../../hl7v2/request-facts.ts';
import type { Hl7Exchange, Hl7Outcome } from '../contract-hl7.ts';
import type { PersonToRegister, Register, Registered } from '../contract-register.ts';
import { headerFor, type RequestSite } from './order.ts';

export function hl7Register(site: RequestSite, exchange: Hl7Exchange, clock: Clock): Register {
  const { requests } = site;
  return {
    showsWithin_ms: requests.showsWithin_s * 1000,
    async person(asked: PersonToRegister, signal: AbortSignal): Promise<Registered> {
      const header = headerFor(site, { correlation: randomToken(12), calendar: null, at: clock.now() });
      const event = requests.registers === 'a04' ? 'A04' : 'A28';
      const registration: Registration = { event, patient: patientOf(asked, requests.namespace) };
      const text = registrationText(header, registration);
      // With question marks in the name somebody else would be registered.
      if (decode(encode(text, header.charset), header.charset).text !== text) {
        const detail = 'the character set of the site cannot hold the name';
        return { kind: 'unsent', error: new HubError('SITE_REFUSED', { detail, site: site.file.id }) };
      }
      const outcome = await exchange.send(writeRegistration(header, registration), { until: 'application', signal });
      return meaningOf(outcome, site.file.id);
    },
  };
}

function meaningOf(outcome: Hl7Outcome, site: string): Registered {
  switch (outcome.kind) {
    case 'unsent':
    case 'unknown':
      return outcome;
    case 'accepted':
      return { kind: 'accepted' };
    case 'refused': {
      const { code, bytes } = outcome.ack;
      if (outcome.repeat) {
        return { kind: 'unsent', error: new HubError('SITE_FAILED', { detail: `the site answered ${code}`, site }) };
      }
      return { kind: 'refused', code: [code, ...ackErrors(bytes)].join(' ') };
    }
  }
}

const SEX = { male: 'M', female: 'F', other: 'O', unknown: 'U' } as const;

function patientOf({ hubId, gender, address, ...person }: PersonToRegister, namespace: string): RequestPatient {
  const { line: [street, other] = [], city, state, postalCode, country } = address ?? {};
  const home = { street, other, city, state, postalCode, country };
  const said = Object.entries(home).filter(([, part]) => part !== undefined);
  return {
    ...person,
    identifiers: [{ id: hubId, namespace, type: 'PI' }],
    ...(gender === undefined ? {} : { sex: SEX[gender] }),
    ...(said.length === 0 ? {} : { address: Object.fromEntries(said) }),
  };
}
