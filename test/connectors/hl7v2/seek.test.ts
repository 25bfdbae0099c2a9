/** Looking for a person at a site that answers demographics queries: who is taken, and who is none of our business. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Seek } from '../../../src/connectors/contract-seek.ts';
import type { RequestSettings } from '../../../src/connectors/kit/hl7/wire.ts';
import { people } from '../../fixtures/siu/site.ts';
import { call } from '../../simulators/practice.ts';
import { clinic } from '../../simulators/clinic.ts';
import type { Cleanup } from '../../support/database.ts';
import { askedSite, never, openBook, requests, srr, startFiller, type Answers } from './filler.ts';

const ASKED = { family: 'Doe', given: 'Jane', birthDate: '1980-01-02' };
const JANE = 'PID|1||MRN123^^^HOSP_A^MR||DOE^JANE^^^^^L||19800102|F';

function opened(t: Cleanup, port: number, more: Partial<RequestSettings> = {}): Seek {
  const { connector } = openBook(t, askedSite(requests(port, { finds: 'pdq', ...more })));
  assert.ok(connector.seek !== undefined);
  return connector.seek;
}

/** QPD-2 of a query. */
function tagOf(request: Uint8Array): string {
  return /\rQPD\|[^|]*\|([^|]*)\|/.exec(Buffer.from(request).toString('utf8'))?.[1] ?? '';
}

function answering(status: string, people: readonly string[], more: { tag?: string; code?: string } = {}): Answers {
  return (request) => {
    const tag = more.tag ?? tagOf(request);
    return [
      srr(request, more.code ?? 'AA', [`QAK|${tag}|${status}`, 'QPD|IHE PDQ Query', ...people], 'RSP^K22^RSP_K21'),
    ];
  };
}

describe('a site that is asked for a person', () => {
  it('is asked by name and date of birth, and by nothing else', async (t) => {
    const { port, asked } = await startFiller(t, answering('NF', []));
    assert.deepEqual(await opened(t, port).person({ ...ASKED, family: 'O^Doe' }, never), { kind: 'none' });
    const [[msh = '', qpd = '', rcp] = []] = asked;
    assert.equal(msh.split('|')[8], 'QBP^Q22^QBP_Q21');
    assert.match(qpd, /^QPD\|IHE PDQ Query\|[^|]+\|@PID\.5\.1\.1\^O\\S\\Doe~@PID\.5\.2\^Jane~@PID\.7\^19800102$/);
    assert.equal(rcp, 'RCP|I');
  });

  it('tells of the only one that fits, as news of the site that name that record', async (t) => {
    const { port } = await startFiller(t, answering('OK', [JANE]));
    const sought = await opened(t, port).person(ASKED, never);
    assert.ok(sought.kind === 'one');
    const { message } = sought;
    assert.deepEqual([message.kind, message.sequenceKeys], ['RSP^K22', ['patient:MRN123']]);
    const told = people(message.body);
    assert.deepEqual(
      told.change.map(({ patient: { family, given, birthDate } }) => [family, given, birthDate]),
      [['DOE', 'JANE', '1980-01-02']],
    );
  });

  it('that names several, or says that there are more, hands on none of them', async (t) => {
    const { port } = await startFiller(t, answering('OK', [JANE, JANE.replace('MRN123', 'MRN124')]));
    assert.deepEqual(await opened(t, port).person(ASKED, never), { kind: 'several' });
    const more = await startFiller(t, answering('OK', [JANE, 'DSC|1']));
    assert.deepEqual(await opened(t, more.port).person(ASKED, never), { kind: 'several' });
  });

  const kindOf = async (t: Cleanup, answers: Answers): Promise<string> => {
    const { port } = await startFiller(t, answers);
    return (await opened(t, port, { answerWithin_ms: 200 }).person(ASKED, never)).kind;
  };

  it('that does not look, answers another query or nothing at all, has said nothing', async (t) => {
    assert.equal(await kindOf(t, answering('AE', [JANE])), 'unknown');
    assert.equal(await kindOf(t, answering('OK', [JANE], { code: 'AE' })), 'unknown');
    assert.equal(await kindOf(t, answering('OK', [JANE], { tag: 'another' })), 'unknown');
    assert.equal(await kindOf(t, (request) => [srr(request, 'AA', [JANE])]), 'unknown');
    assert.equal(await kindOf(t, () => []), 'unknown');
  });

  it('cannot be asked where its file does not say that it answers', (t) => {
    assert.equal(openBook(t, askedSite(requests(1))).connector.seek, undefined);
  });
});

const NOBODY = { ...ASKED, mrn: '' };

it('a clinic answers for people that it has, by name and date of birth', async (t) => {
  const site = await clinic(t);
  await site.act('book', { person: 1, start: '2026-12-08T09:00' });
  const [{ mrn, ...asked } = NOBODY] = (await site.state('patients')) as unknown as readonly (typeof NOBODY)[];
  const { requests: at } = (await call('GET', `${site.url}/__sim/state?only=requests`)).json;
  const seek = opened(t, (at as unknown as { port: number }).port);
  const sought = await seek.person(asked, never);
  assert.ok(sought.kind === 'one');
  assert.match(Buffer.from(sought.message.body).toString('utf8'), new RegExp(mrn));
  assert.deepEqual(await seek.person({ ...asked, birthDate: '1901-01-01' }, never), { kind: 'none' });
  await site.faults({ dropAnswer: { times: 1, match: 'QBP^Q22' } });
  assert.equal((await seek.person(asked, never)).kind, 'unknown');
});
