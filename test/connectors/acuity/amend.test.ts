/** Status by labels and by the mark of a no-show, comment by notes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { AmendOrder, StatusOrder } from '../../../src/connectors/contract-book.ts';
import type { Book, WriteOutcome } from '../../../src/connectors/contract.ts';
import { LABEL, never, oclock, openOn, order, startPractice, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });
const MAPPED = { labels: LABEL, comments: true };
let hour = 9;

function bookOn(more: Parameters<typeof openOn>[2] = MAPPED): Book {
  const { book } = openOn({ after }, practice.url, more).connector;
  assert.ok(book !== undefined);
  return book;
}
const book = bookOn();

async function placed(): Promise<string> {
  hour += 1;
  const [day, at] = [4 + Math.floor(hour / 8), 9 + (hour % 8)];
  const outcome = await book.place(order({ correlation: `bk_${hour}`, start: oclock(day, at) }), never);
  assert.ok(outcome.kind === 'booked', JSON.stringify(outcome));
  return outcome.at.key;
}
type Row = Readonly<Record<string, unknown>>;
async function row(key: string): Promise<Row> {
  const found = (await practice.appointments()).find((one) => String(one['id']) === key);
  assert.ok(found !== undefined);
  return found;
}
const status = (key: string, to: StatusOrder['status'], from: StatusOrder['from'] = 'booked'): StatusOrder => {
  return { key, correlation: 'c', from, status: to };
};
const amendment = (key: string, to: AmendOrder['to'], from: AmendOrder['from'] = {}): AmendOrder => {
  return { key, correlation: 'c', from, to };
};
const set = (order_: StatusOrder): Promise<WriteOutcome> => {
  assert.ok(book.setStatus !== undefined);
  return book.setStatus(order_, never);
};
const amend = (order_: AmendOrder): Promise<WriteOutcome> => {
  assert.ok(book.amend !== undefined);
  return book.amend(order_, never);
};
const stands = async (wanted: StatusOrder | AmendOrder): Promise<string | undefined> => {
  const found = await book.find?.({ ...order(), key: wanted.key, wanted }, never);
  assert.ok(found?.kind === 'found', JSON.stringify(found));
  return found.stands;
};
function refusal(outcome: WriteOutcome): string {
  assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
  return outcome.detail;
}

test('without labels in the site file a no-show is all that can be set, and nothing can be amended', () => {
  const bare = bookOn({});
  assert.deepEqual(bare.statuses, ['noshow']);
  assert.ok(!('amend' in bare) && bare.amends === undefined);
  assert.deepEqual(bookOn({ labels: { arrived: LABEL.arrived } }).statuses, ['arrived', 'noshow']);
  assert.deepEqual(bookOn({ comments: true }).amends, ['comment']);
  assert.deepEqual(book.amends, ['comment', 'attendance']);
});

test('a status is set by its label, read back, and setting it again writes nothing', async () => {
  const key = await placed();
  const before = (await row(key))['fields'];
  for (const [to, from] of [
    ['arrived', 'booked'],
    ['checked-in', 'arrived'],
    ['fulfilled', 'checked-in'],
  ] as const) {
    const outcome = await set(status(key, to, from));
    assert.ok(outcome.kind === 'booked' && outcome.at.state !== undefined, JSON.stringify(outcome));
    assert.equal((await row(key))['labelID'], LABEL[to]);
  }
  assert.deepEqual((await row(key))['fields'], before, 'nothing else was touched');
  const told = async (): Promise<number> =>
    Number(((await practice.truth('calls')) as Row)['PUT /api/v1/appointments/:id 200'] ?? 0);
  const calls = await told();
  assert.equal((await set(status(key, 'fulfilled', 'checked-in'))).kind, 'booked');
  assert.equal(await told(), calls);
});

test('an arrival is taken back by the label that means booked', async () => {
  const key = await placed();
  await set(status(key, 'arrived'));
  assert.equal((await set(status(key, 'booked', 'arrived'))).kind, 'booked');
  assert.equal((await row(key))['labelID'], LABEL.booked);
});

test('a no-show is a cancel with a mark and the reason, and cannot be taken back', async () => {
  const key = await placed();
  const outcome = await set({ ...status(key, 'noshow'), reason: 'did not call' });
  assert.equal(outcome.kind, 'booked');
  const { canceled, noShow, cancelNote } = await row(key);
  assert.deepEqual([canceled, noShow, cancelNote], [true, true, 'did not call']);
  assert.equal((await set(status(key, 'noshow'))).kind, 'booked', 'again is no error');
  assert.match(refusal(await set(status(key, 'arrived', 'noshow'))), /cannot take that back. Place a new booking/);
});

test('a visit that is cancelled at the site is not marked as a no-show', async () => {
  const key = await placed();
  await practice.act('cancel', { id: key });
  assert.match(refusal(await set(status(key, 'noshow'))), /cancelled or marked/);
  assert.equal((await row(key))['noShow'], false);
});

test('a label of the clinic’s own is not written over, nor what staff have made of the visit since', async () => {
  const key = await placed();
  await practice.act('change', { id: key, labels: [{ id: 9099 }] });
  assert.match(refusal(await set(status(key, 'arrived'))), /label of the clinic’s own/);
  assert.equal((await row(key))['labelID'], 9099);
  await practice.act('change', { id: key, labels: [{ id: LABEL.fulfilled }] });
  assert.match(refusal(await set(status(key, 'arrived'))), /stands otherwise/);
  assert.equal((await row(key))['labelID'], LABEL.fulfilled);
});

test('the comment is the notes, which are replaced whole, and not where somebody else has written there', async () => {
  const key = await placed();
  assert.equal((await amend(amendment(key, { comment: 'ramp' }, { comment: 'as booked' }))).kind, 'booked');
  assert.equal((await row(key))['notes'], 'ramp');
  assert.equal((await amend(amendment(key, { comment: 'lift' }, { comment: 'ramp' }))).kind, 'booked');
  await practice.act('change', { id: key, notes: 'call first' });
  assert.match(refusal(await amend(amendment(key, { comment: 'x' }, { comment: 'lift' }))), /stands otherwise/);
  assert.equal((await row(key))['notes'], 'call first');
});

test('that the patient comes is a label; with a comment it is one call; and it is not asked of who has arrived', async () => {
  const key = await placed();
  const both = amendment(key, { comment: 'ramp', attendance: 'accepted' }, { attendance: 'needs-action' });
  assert.equal((await amend(both)).kind, 'booked');
  const { notes, labelID } = await row(key);
  assert.deepEqual([notes, labelID], ['ramp', LABEL.confirmed]);
  assert.equal((await set(status(key, 'arrived'))).kind, 'booked', 'a label of ours gives way');
  const back = amendment(key, { attendance: 'needs-action' }, { attendance: 'accepted' });
  assert.match(refusal(await amend(back)), /stands otherwise/);
});

test('a lost answer is unknown, and the record tells whether it was done, not done, or done otherwise since', async () => {
  const key = await placed();
  const wanted = status(key, 'arrived');
  await practice.faults({ dropAnswer: { times: 1, match: 'PUT /api/v1/appointments' } });
  assert.equal((await set(wanted)).kind, 'unknown');
  assert.equal(await stands(wanted), 'as-asked');
  const next = status(key, 'fulfilled', 'arrived');
  await practice.faults({ silentDrop: { times: 1, match: 'PUT /api/v1/appointments' } });
  assert.equal((await set(next)).kind, 'unknown', 'a yes that does not show is no yes');
  assert.equal(await stands(next), 'as-before');
  await practice.act('cancel', { id: key });
  assert.equal(await stands(next), 'otherwise');
  assert.equal(await stands(amendment(key, { comment: 'x' })), 'otherwise');
  const gone = await book.find?.({ ...order(), key: '1', wanted: { ...next, key: '1' } }, never);
  assert.equal(gone?.kind, 'absent');
});

test('where the reads are old the change is not believed', async () => {
  const key = await placed();
  await practice.faults({ staleReads: 5_000 });
  const outcome = await set(status(key, 'arrived'));
  await practice.faults({ staleReads: 0 });
  assert.notEqual(outcome.kind, 'booked');
});

test('labels that the account does not have are found before the first day', async () => {
  const { connector } = openOn({ after }, practice.url, { labels: { arrived: LABEL.arrived, booked: 4711 } });
  const results = (await connector.check(never)).filter(({ what }) => what.startsWith('label'));
  assert.deepEqual(
    results.map(({ what, ok }) => [what, ok]),
    [
      ['label arrived', true],
      ['label booked', false],
    ],
  );
});
