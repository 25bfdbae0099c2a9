import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import type { RequestSettings } from '../../../src/connectors/kit/hl7/wire.ts';
import type { WriteOutcome } from '../../../src/connectors/contract.ts';
import {
  askedSite,
  BOOKING,
  CANCEL,
  never,
  openBook,
  ORDER,
  requests,
  srr,
  startFiller,
  type Answers,
  type Filler,
  type Opened,
} from './filler.ts';

const SCH = `SCH|${BOOKING}^SLOTWIRE|F-1001^HOSP_A${'|'.repeat(23)}Booked`;

async function open(
  t: TestContext,
  answers: Answers,
  more: Partial<RequestSettings> = {},
): Promise<Opened & { readonly filler: Filler }> {
  const filler = await startFiller(t, answers);
  return { ...openBook(t, askedSite(requests(filler.port, more))), filler };
}

function summary(outcome: WriteOutcome): string {
  switch (outcome.kind) {
    case 'booked':
      return `booked ${outcome.at.key} ${outcome.at.status}`;
    case 'accepted':
      return 'accepted';
    case 'refused':
      return `refused ${outcome.because}`;
    default:
      return `${outcome.kind} ${outcome.error.code}`;
  }
}

test('a placement is booked by SRR AA under the name that the site gave it', async (t) => {
  const { book, filler } = await open(t, (request) => [srr(request, 'AA', [SCH])]);
  const outcome = await book.place(ORDER, never);
  assert.deepEqual(outcome, {
    kind: 'booked',
    at: { key: 'F-1001^HOSP_A', status: 'booked', start: ORDER.start, end: ORDER.end, calendar: 'HEART', orderedAt: 0 },
  });
  const [asked = []] = filler.asked;
  const [msh = ''] = asked;
  const controlId = msh.split('|')[9] ?? '';
  assert.match(controlId, /^8def0123456789ab[\w-]{4}$/);
  assert.deepEqual(
    asked.map((line) => line.replace(controlId, 'ID').replace(/\|\d{14}-0[56]00\|\|SRM/, '|NOW||SRM')),
    [
      'MSH|^~\\&|SLOTWIRE|HUB|EPICSIM|HOSP_A|NOW||SRM^S01^SRM_S01|ID|T|2.5.1||||||UNICODE UTF-8',
      [
        `ARQ|${BOOKING}^SLOTWIRE|||||||Normal^Normal^HL70277|30|min^minutes^ISO+`,
        '20260314100000-0500^20260314103000-0500||||SLOTWIRE||||SLOTWIRE',
      ].join('|'),
      'PID|1||MRN123^^^HOSP_A^MR||Doe^Jane^^^^^L||19800102||||||+1 217 555 0101^PRN^PH~^NET^Internet^jane@example.org',
      'PV1|1|O|||||HEART^Heart^Henry',
      'RGS|1|A',
      'AIS|1|A|CARDFU^^L|20260314100000-0500|||30|min^minutes^ISO+|No',
      'AIL|1|A|CARD^R1|O||20260314100000-0500|||30|min^minutes^ISO+|No',
      'AIP|1|A|HEART^Heart^Henry|ATND^Attending^L||20260314100000-0500|||30|min^minutes^ISO+|No',
    ],
  );
});

test('where the SIU decides, a yes is waited out until it shows the visit, and a no is a no at once', async (t) => {
  const bookedBy = 'siu';
  const yes = await open(t, (request) => [srr(request, 'AA', [SCH])], { bookedBy });
  assert.equal(summary(await yes.book.place(ORDER, never)), 'accepted');
  assert.equal(summary(await yes.book.cancel(CANCEL, never)), 'accepted');
  const no = await open(t, (request) => [srr(request, 'AE', [])], { bookedBy });
  assert.match(summary(await no.book.place(ORDER, never)), /^refused /);
});

test('a cancel names the visit by both ids, and says who cancelled', async (t) => {
  const { book, filler } = await open(t, (request) => [srr(request, 'AA', [], 'SRR^S04^SRR_S01')]);
  assert.equal(
    summary(await book.cancel({ ...CANCEL, reason: 'feels better' }, never)),
    'booked F-1001^HOSP_A cancelled',
  );
  assert.deepEqual(filler.asked[0]?.slice(1), [
    `ARQ|${BOOKING}^SLOTWIRE|F-1001^HOSP_A||||PATCAN^feels better^L|||||||||SLOTWIRE||||SLOTWIRE`,
    'RGS|1|X',
  ]);
});

test('what the site answers decides, and nothing else', async (t) => {
  const err = (...fields: string[]): string => `ERR||${fields.join('|')}`;
  const cases: readonly (readonly [string, Answers, string])[] = [
    ['AE', (request) => [srr(request, 'AE')], 'refused rule'],
    [
      'AE, slot taken',
      (request) => [srr(request, 'AE', [err('', '207', 'E', '', '', '', 'Slot is not available')])],
      'refused slot-taken',
    ],
    ['AE, its own code', (request) => [srr(request, 'AE', [err('', '207', 'E', 'SLOT_TAKEN')])], 'refused slot-taken'],
    [
      'AE, one of several resources is taken',
      (request) => [srr(request, 'AE', [err('AIL^2^3', '207', 'E', '', '', '', 'No room is available then')])],
      'refused slot-taken',
    ],
    ['AE, unknown patient', (request) => [srr(request, 'AE', [err('PID^1^3', '204', 'E')])], 'refused patient-unknown'],
    ['AE, record locked', (request) => [srr(request, 'AE', [err('ARQ^1', '206', 'E')])], 'unsent SITE_FAILED'],
    [
      'AE, known reference',
      (request) => [srr(request, 'AE', [err('ARQ^1^1', '205', 'E')])],
      'unknown SITE_ANSWER_LOST',
    ],
    ['AR', (request) => [srr(request, 'AR')], 'unsent SITE_FAILED'],
    ['AR, unsupported', (request) => [srr(request, 'AR', [err('MSH^1^9', '201', 'E')])], 'unsent SITE_REFUSED'],
    ['CE', (request) => [srr(request, 'CE', [], 'ACK^S01^ACK')], 'unsent SITE_FAILED'],
    ['CR', (request) => [srr(request, 'CR', [], 'ACK^S01^ACK')], 'unsent SITE_REFUSED'],
    [
      'CA and AA',
      (request) => [srr(request, 'CA', [], 'ACK^S01^ACK'), srr(request, 'AA', [SCH])],
      'booked F-1001^HOSP_A booked',
    ],
    ['CA and AE', (request) => [srr(request, 'CA', [], 'ACK^S01^ACK'), srr(request, 'AE')], 'refused rule'],
    ['AA of an engine', (request) => [srr(request, 'AA', [], 'ACK^S01^ACK')], 'accepted'],
    ['AA without SCH', (request) => [srr(request, 'AA')], 'accepted'],
    ['AA and pending', (request) => [srr(request, 'AA', [SCH.replace('Booked', 'Pending')])], 'accepted'],
    ['AA and cancelled', (request) => [srr(request, 'AA', [SCH.replace('Booked', 'Cancelled')])], 'refused rule'],
    [
      'AA for another',
      (request) => [srr(request, 'AA', [SCH]).replace(/MSA\|AA\|\S/, 'MSA|AA|X')],
      'unknown SITE_ANSWER_LOST',
    ],
    ['silence', () => [], 'unknown SITE_ANSWER_LOST'],
    ['hanging up', (_request, socket) => (socket.end(), []), 'unknown SITE_ANSWER_LOST'],
  ];
  for (const [name, answers, expected] of cases) {
    await t.test(name, async (one) => {
      const { book } = await open(one, answers, { answerWithin_ms: 200, decideWithin_ms: 200 });
      assert.equal(summary(await book.place(ORDER, never)), expected);
    });
  }
});

test('CA alone means that the site decides later; what it sends twice is one answer', async (t) => {
  const { book, late, filler } = await open(t, (request) => [srr(request, 'CA', [], 'ACK^S01^ACK')], {
    decideWithin_ms: 1,
  });
  const outcome = await book.place(ORDER, never);
  const msh = filler.asked[0]?.[0] ?? '';
  assert.deepEqual(outcome, { kind: 'accepted', reference: msh.split('|')[9] });
  const second = await open(t, (request) => [
    srr(request, 'CA', [], 'ACK^S01^ACK'),
    srr(request, 'CA', [], 'ACK^S01^ACK'),
    srr(request, 'AA', [SCH]),
  ]);
  assert.equal(summary(await second.book.place(ORDER, never)), 'booked F-1001^HOSP_A booked');
  assert.deepEqual(late, []);
});

test('a site that cannot be reached has nothing of it; one that cannot be asked leaves it open', async (t) => {
  const { book, filler } = await open(t, () => []);
  for (const socket of filler.sockets) socket.destroy();
  const gone = openBook(t, askedSite(requests(1)));
  assert.equal(summary(await gone.book.place(ORDER, never)), 'unsent SITE_UNREACHABLE');
  assert.equal(book.exclusive, false);
  assert.equal((await book.find?.(ORDER, never))?.kind, 'undecided');
});

test('a name that the site’s character set cannot hold is not booked under question marks', async (t) => {
  const { book, filler } = await open(t, (request) => [srr(request, 'AA', [SCH])], { charset: '8859/1' });
  const named = (family: string): typeof ORDER => ({ ...ORDER, patient: { ...ORDER.patient, family } });
  assert.equal(summary(await book.place(named('Ōé'), never)), 'refused rule');
  assert.equal(filler.asked.length, 0);
  assert.equal(summary(await book.place(named('Éa|b^c~d\\e&f'), never)), 'booked F-1001^HOSP_A booked');
});

test('a patient whom the site file names by nothing is not asked for', async (t) => {
  const { book, filler } = await open(t, () => []);
  const nobody = { ...ORDER, patient: { ...ORDER.patient, identifiers: [] } };
  assert.equal(summary(await book.place(nobody, never)), 'refused patient-unknown');
  assert.equal(filler.asked.length, 0);
});

test('a check opens the connection and asks nothing', async (t) => {
  const { connector, filler } = await open(t, () => []);
  const results = await connector.check(never);
  assert.deepEqual(
    results.map(({ what, ok }) => [what, ok]),
    [
      ['feed', true],
      ['requests', true],
    ],
  );
  assert.deepEqual(filler.asked, []);
  const away = openBook(t, askedSite(requests(1)));
  assert.equal((await away.connector.check(never)).find(({ what }) => what === 'requests')?.ok, false);
});

test('a site that wants TLS and our certificate gets both; a stranger’s certificate is not trusted', async (t) => {
  const pem = (name: string): string => readFileSync(new URL(`../../mllp/tls/${name}`, import.meta.url), 'utf8');
  const filler = await startFiller(t, (request) => [srr(request, 'AA', [SCH])], {
    key: pem('server.key'),
    cert: pem('server.pem'),
    ca: pem('ca.pem'),
    requestCert: true,
  });
  const mine = { ca: pem('ca.pem'), certificate: pem('client.pem'), key: pem('client.key'), serverName: 'localhost' };
  const { book } = openBook(t, askedSite(requests(filler.port, { tls: mine })));
  assert.equal(summary(await book.place(ORDER, never)), 'booked F-1001^HOSP_A booked');
  const { book: trusting } = openBook(t, askedSite(requests(filler.port, { tls: { serverName: 'localhost' } })));
  assert.equal(summary(await trusting.place(ORDER, never)), 'unsent SITE_UNREACHABLE');
  assert.equal(filler.asked.length, 1);
});
