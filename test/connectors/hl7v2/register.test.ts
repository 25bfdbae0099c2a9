/** Registering a person at a site: what it is told, what its answers mean, and how its news name the person. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersonToRegister, Register } from '../../../src/connectors/contract-register.ts';
import type { RequestSettings } from '../../../src/connectors/kit/hl7/wire.ts';
import { people } from '../../fixtures/siu/site.ts';
import { clinic } from '../../simulators/clinic.ts';
import { call } from '../../simulators/practice.ts';
import type { Cleanup } from '../../support/database.ts';
import { eventually } from '../../support/wait.ts';
import { askedSite, never, openBook, requests, srr, startFiller, type Answers } from './filler.ts';

const ID = '0199a3c1-7d40-7abc-8def-0123456789ab';
const JANE: PersonToRegister = {
  hubId: ID,
  family: 'Doe|Roe',
  given: 'Jane',
  middle: 'Quinn',
  birthDate: '1980-01-02',
  gender: 'female',
  phone: '217-555-0101',
  email: 'jane@example.org',
  address: { line: ['12 Oak Street', 'Flat 3'], city: 'Springfield', state: 'IL', postalCode: '62701' },
};

function opened(t: Cleanup, port: number, more: Partial<RequestSettings> = {}): Register {
  const { connector } = openBook(t, askedSite(requests(port, { registers: 'a28', ...more })));
  assert.ok(connector.register !== undefined);
  return connector.register;
}

function answering(code: string, more: readonly string[] = []): Answers {
  return (request) => [srr(request, code, more, 'ACK^A28^ACK')];
}

describe('a site that is asked to register a person', () => {
  it('is told who it is and our id of the person, in PID, and that there is no visit', async (t) => {
    const { port, asked } = await startFiller(t, answering('AA'));
    assert.deepEqual(await opened(t, port).person(JANE, never), { kind: 'accepted' });
    const [[msh = '', evn = '', pid, pv1] = []] = asked;
    assert.deepEqual([msh.split('|')[8], evn.slice(0, 10)], ['ADT^A28^ADT_A05', 'EVN|A28|20']);
    assert.equal(
      pid,
      `PID|1||${ID}^^^SLOTWIRE^PI||Doe\\F\\Roe^Jane^Quinn^^^^L||19800102|F|||` +
        '12 Oak Street^Flat 3^Springfield^IL^62701^^H||217-555-0101^PRN^PH~^NET^Internet^jane@example.org',
    );
    assert.equal(pv1, 'PV1|1|N');
  });

  it('is asked by the event that its file names, in the structure of its version', async (t) => {
    const { port, asked } = await startFiller(t, answering('AA'));
    await opened(t, port, { registers: 'a04' }).person(JANE, never);
    await opened(t, port, { version: '2.4' }).person(JANE, never);
    await opened(t, port, { version: '2.3' }).person(JANE, never);
    const types = asked.map(([msh = '']) => msh.split('|')[8]);
    assert.deepEqual(types, ['ADT^A04^ADT_A01', 'ADT^A28^ADT_A28', 'ADT^A28']);
    assert.equal(asked[0]?.[3], 'PV1|1|O');
  });

  const outcome = async (t: Cleanup, answers: Answers, more: Partial<RequestSettings> = {}): Promise<unknown> => {
    const { port } = await startFiller(t, answers);
    const told = await opened(t, port, { answerWithin_ms: 200, decideWithin_ms: 50, ...more }).person(JANE, never);
    return told.kind === 'refused' ? told : told.kind;
  };

  it('refuses by AE, with its codes and none of its words', async (t) => {
    const err = 'ERR||PID^1^5|101^Required field missing^HL70357|E|DOE^No such person DOE^L';
    assert.deepEqual(await outcome(t, answering('AE', [err])), { kind: 'refused', code: 'AE 101' });
    assert.deepEqual(await outcome(t, answering('AR', ['ERR||MSH^1^9|201|E'])), { kind: 'refused', code: 'AR 201' });
  });

  it('may be asked again only where it says that nothing was done', async (t) => {
    assert.equal(await outcome(t, answering('AR', ['ERR||MSH^1|207|E'])), 'unsent');
    assert.equal(await outcome(t, answering('AE', ['ERR||PID^1^3|206|E'])), 'unsent');
    assert.equal(await outcome(t, () => []), 'unknown');
  });

  it('has it in hand when it says CA and decides later', async (t) => {
    assert.equal(await outcome(t, answering('CA'), { acknowledgement: 'enhanced' }), 'accepted');
  });

  it('is not asked for a name that its character set cannot hold', async (t) => {
    const { port, asked } = await startFiller(t, answering('AA'));
    const told = await opened(t, port, { charset: '8859/1' }).person({ ...JANE, family: '李' }, never);
    assert.deepEqual([told.kind, asked], ['unsent', []]);
  });

  it('cannot be asked where its file does not say by what', (t) => {
    assert.equal(openBook(t, askedSite(requests(1))).connector.register, undefined);
  });
});

const news = (ids: string): Uint8Array =>
  Buffer.from(
    [
      'MSH|^~\\&|EPICSIM|HOSP_A|HUB|HUB|20260301120000||ADT^A28^ADT_A05|X1|P|2.5.1',
      'EVN||20260301120000',
      `PID|1||${ids}||DOE^JANE||19800102|F`,
      'PV1|1|N',
    ]
      .map((line) => `${line}\r`)
      .join(''),
  );

it('news that name our id beside the site’s own number are of that record, and the id is no number of the site', () => {
  const { change } = people(news(`${ID}^^^SLOTWIRE^PI~MRN123^^^HOSP_A^MR`), askedSite(requests(1)));
  const [{ patient } = { patient: undefined }] = change;
  assert.deepEqual([patient?.key, patient?.hubIds], ['MRN123^HOSP_A', [ID]]);
  assert.equal(patient?.identifiers.some(({ value }) => value === ID), false); // prettier-ignore
});

describe('a clinic that registers people', () => {
  const at = async (t: Cleanup, settings: Record<string, unknown> = {}) => {
    const site = await clinic(t, { settings: { retryMilliseconds: 5, ...settings } });
    const { requests: door } = (await call('GET', `${site.url}/__sim/state?only=requests`)).json;
    return { site, register: opened(t, (door as unknown as { port: number }).port, { answerWithin_ms: 1_000 }) };
  };

  it('gives them a number of its own and tells of both', async (t) => {
    const { site, register } = await at(t);
    assert.deepEqual(await register.person(JANE, never), { kind: 'accepted' });
    const [patient, ...more] = await site.state('patients');
    const { family, given, birthDate, sex, phone } = patient as unknown as Record<string, string>;
    const told = { family: 'Doe|Roe', given: 'Jane', birthDate: '1980-01-02', sex: 'F', phone: '2175550101' };
    assert.deepEqual([{ family, given, birthDate, sex, phone }, more], [told, []]);
    const [queued] = await eventually('its news', async () => {
      const waiting = await site.state('queue');
      return waiting.length > 0 && waiting;
    });
    const { text, event } = queued as unknown as { text: string; event: string };
    assert.equal(event, 'ADT^A28');
    assert.match(text, new RegExp(`PID\\|1\\|\\|RS-\\d+\\^\\^\\^RIVERSIDE\\^MR~${ID}\\^\\^\\^SLOTWIRE\\^PI\\|`));
  });

  it('refuses, loses its answer, or says nothing of our id, by its switches', async (t) => {
    const deny = await at(t, { registrations: 'deny' });
    assert.deepEqual(await deny.register.person(JANE, never), { kind: 'refused', code: 'AE 207' });
    const lost = await at(t, { tellsOtherIds: false });
    await lost.site.faults({ dropAnswer: { times: 1, match: 'ADT^A28' } });
    assert.equal((await lost.register.person(JANE, never)).kind, 'unknown');
    assert.equal((await lost.site.state('registrations')).length, 1);
    const [queued] = await lost.site.state('queue');
    assert.doesNotMatch((queued as unknown as { text: string }).text, new RegExp(ID));
    const none = await at(t, { registrations: 'unsupported' });
    assert.deepEqual(await none.register.person(JANE, never), { kind: 'refused', code: 'AR 200' });
  });

  it('tells of them later, where it is slow', async (t) => {
    const { site, register } = await at(t, { registrationDelay_ms: 60_000 });
    await register.person(JANE, never);
    assert.deepEqual([(await site.state('patients')).length, await site.state('queue')], [1, []]);
    await site.act('advance-clock', { ms: 60_000 });
    await eventually('its news', async () => (await site.state('queue')).length === 1);
  });
});
