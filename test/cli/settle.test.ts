/** A person's word on a parked booking, through the operations API and the command line. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ByHand } from '../../src/booking/by-hand.ts';
import { HubError } from '../../src/core/errors.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { Scope } from '../../src/store/contract.ts';
import { startTestHub, TOKENS, type TestHub } from '../http/hub.ts';
import { NOON } from '../store/opened.ts';
import { slotwire, type Said } from './terminal.ts';

const ID = randomUUID();
const hub: TestHub = await startTestHub({ after });
const words: (readonly [actor: string, ByHand])[] = [];

/** As booking/by-hand.ts answers; the rules are tested there. */
function settled(scope: Scope, word: ByHand): Promise<Booking> {
  if (word.bookingId !== ID) return Promise.reject(new HubError('NOT_FOUND', { detail: 'there is no such booking' }));
  if (words.length > 0) return Promise.reject(new HubError('RULE_BROKEN', { detail: 'only a parked booking' }));
  words.push([scope.actor, word]);
  const known = { id: ID, action: 'place', site: 'a', state: word.as, stateAt: NOON, createdAt: NOON, during: null };
  return Promise.resolve({
    ...known,
    order: { appointmentJson: 'Jane Secret' },
    patientId: 'p-1',
  } as unknown as Booking);
}

before(() => {
  hub.settleBooking = settled;
});

const settle = (token: string, id: string, body: unknown): ReturnType<TestHub['request']> =>
  hub.request(`/ops/api/bookings/${id}/settle`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['booking', 'settle', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin });

test('only an admin settles, and only with a word that can be written down', async () => {
  const word = { as: 'booked', reason: 'front desk' };
  assert.equal((await settle(TOKENS.scheduler, ID, word)).status, 403);
  assert.equal((await settle(TOKENS.admin, 'seven', word)).status, 404);
  for (const wrong of [{ as: 'maybe', reason: 'x' }, { as: 'booked' }, { as: 'booked', reason: ' ' }, [], null])
    assert.equal((await settle(TOKENS.admin, ID, wrong)).status, 400, JSON.stringify(wrong));
  assert.equal((await settle(TOKENS.admin, ID, { ...word, key: 'two words' })).status, 400);
  assert.equal((await settle(TOKENS.admin, randomUUID(), word)).status, 404);
  assert.deepEqual(words, []);
});

test('the command line hands on who, what, why and the number, and says how the booking stands', async () => {
  assert.equal((await run(ID, '--as', 'maybe', '--reason', 'x')).code, 2);
  assert.equal((await run(ID, '--as', 'booked')).code, 2);
  const said = await run(ID, '--as', 'booked', '--reason', 'front desk, by telephone', '--key', 'K-77');
  assert.deepEqual([said.code, said.err, said.out], [0, '', `Booking ${ID} is booked.`]);
  const [[actor, word] = ['', null]] = words;
  assert.match(actor, /^client:/);
  const { requestId = '', ...rest } = word ?? {};
  assert.notEqual(requestId, '');
  assert.deepEqual(rest, { bookingId: ID, as: 'booked', reason: 'front desk, by telephone', key: 'K-77' });
});

test('a second word is refused, and what was ordered is never shown', async () => {
  const again = await run(ID, '--as', 'refused', '--reason', 'front desk');
  assert.equal(again.code, 1);
  assert.match(again.err, /only a parked booking/);
  words.length = 0;
  const { status, text } = await settle(TOKENS.admin, ID, { as: 'refused', reason: 'front desk' });
  assert.equal(status, 200);
  assert.doesNotMatch(text, /Secret|p-1/);
});
