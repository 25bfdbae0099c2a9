/** Comment and reason by SRM S03; what a placer cannot ask for at all is absent. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { AmendOrder } from '../../../src/connectors/contract-book.ts';
import type { RequestSettings } from '../../../src/connectors/kit/hl7/wire.ts';
import type { WriteOutcome } from '../../../src/connectors/contract.ts';
import { askedSite, BOOKING, never, openBook, requests, srr, startFiller, type Answers } from './filler.ts';

const SCH = `SCH|${BOOKING}^SLOTWIRE|F-1001^HOSP_A${'|'.repeat(23)}Booked`;
const ORDER: AmendOrder = {
  key: 'F-1001^HOSP_A',
  correlation: '0199a3c1-7d40-7abc-8def-0123456789ac',
  placedAs: BOOKING,
  from: {},
  to: { comment: 'ramp\n\nat the back', reason: 'knee' },
};

async function amended(
  t: TestContext,
  answers: Answers,
  more: Partial<RequestSettings> = {},
): Promise<{ outcome: WriteOutcome; asked: readonly string[] }> {
  const filler = await startFiller(t, answers);
  const { book } = openBook(t, askedSite(requests(filler.port, more)));
  assert.ok(book.amend !== undefined);
  const outcome = await book.amend(ORDER, never);
  return { outcome, asked: filler.asked[0] ?? [] };
}

test('an amendment names the visit, its reason and its comment, and changes no resource', async (t) => {
  const { outcome, asked } = await amended(t, (request) => [srr(request, 'AA', [SCH], 'SRR^S03^SRR_S01')]);
  assert.ok(outcome.kind === 'booked', JSON.stringify(outcome));
  assert.deepEqual([outcome.at.key, outcome.at.orderedAt], ['F-1001^HOSP_A', 0]);
  const [msh = '', ...rest] = asked;
  assert.equal(msh.split('|')[8], 'SRM^S03^SRM_S01');
  assert.deepEqual(rest, [
    `ARQ|${BOOKING}^SLOTWIRE|F-1001^HOSP_A|||||^knee||||||||SLOTWIRE||||SLOTWIRE`,
    'NTE|1||ramp~at the back',
    'RGS|1|X',
  ]);
});

test('where the SIU decides, a yes is waited out; a no is a no, a lost answer is unknown', async (t) => {
  const yes = await amended(t, (request) => [srr(request, 'AA', [SCH])], { bookedBy: 'siu' });
  assert.equal(yes.outcome.kind, 'accepted');
  assert.equal((await amended(t, (request) => [srr(request, 'AE')])).outcome.kind, 'refused');
  const cut: Answers = (_request, socket) => {
    socket.destroy();
    return [];
  };
  assert.equal((await amended(t, cut)).outcome.kind, 'unknown');
  const over = await amended(t, (request) => [srr(request, 'AA', [SCH.replace('Booked', 'Cancelled')])]);
  assert.equal(over.outcome.kind, 'refused');
});

test('no status can be set, nor whether the patient comes: a placer has no request for it', async (t) => {
  const filler = await startFiller(t, () => []);
  const { book } = openBook(t, askedSite(requests(filler.port)));
  assert.ok(!('setStatus' in book));
  assert.deepEqual([book.statuses, book.amends], [undefined, ['comment', 'reason']]);
});
