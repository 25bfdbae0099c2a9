import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DAY_MS, formatInstant, instant, type Instant } from '../../../src/core/instant.ts';
import type { AcuityCursor } from '../../../src/connectors/acuity/poll.ts';
import { acuityCursor } from '../../../src/connectors/acuity/poll.ts';
import type { Connector, Page, SiteMessage, SiteState } from '../../../src/connectors/contract.ts';
import type { Change } from '../../../src/mappings/contract.ts';
import { mappingFor } from '../../../src/mappings/registry.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { day, FIELD, never, oclock, openOn, startPractice, ZONE, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });
type Opened = ReturnType<typeof openOn>;

async function cycle(connector: Connector<AcuityCursor>): Promise<readonly Page<AcuityCursor>[]> {
  const pages: Page<AcuityCursor>[] = [];
  let from: AcuityCursor | null = null;
  do {
    const page: Page<AcuityCursor> | undefined = await connector.poll?.page(from, never);
    assert.ok(page !== undefined);
    pages.push(page);
    from = page.next;
  } while (pages.at(-1)?.more === true);
  return pages;
}

function statesOf(pages: readonly Page<AcuityCursor>[]): ReadonlyMap<string, SiteState> {
  const states = pages.flatMap((page) => page.messages).filter((one): one is SiteState => one.shape === 'state');
  return new Map(states.map((state) => [state.object, state]));
}

function changesOf(opened: Opened, message: SiteMessage): readonly Change[] {
  const mapped = mappingFor('acuity', message.kind)?.map(
    {
      ...message,
      object: message.shape === 'event' ? null : message.object,
      receivedAt: systemClock.now(),
      readAt: message.shape === 'state' ? message.readAt : null,
      occurredAt: null,
    },
    { site: opened.site.file, visitTypes: {} },
  );
  assert.ok(mapped?.kind === 'changes', JSON.stringify(mapped));
  return mapped.changes;
}

async function bookAt(start: Instant, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const person = { firstName: 'Noa', lastName: 'Lee', email: 'noa.lee@example.org', phone: '5555550188' };
  const datetime = formatInstant(start, ZONE);
  const answer = await practice.act('book', { calendarID: 1, appointmentTypeID: 11, datetime, ...person, ...more });
  const id = /"id":(\d+)/.exec(JSON.stringify(answer))?.[1];
  assert.ok(id !== undefined, JSON.stringify(answer));
  return id;
}

test('a cycle lists every calendar whole, brings every appointment, and proves itself only at its end', async () => {
  const opened = openOn({ after }, practice.url);
  const ids = [await bookAt(oclock(1, 9)), await bookAt(oclock(9, 9)), await bookAt(oclock(3, 9), { calendarID: 2 })];
  const before = systemClock.now();
  const pages = await cycle(opened.connector);
  const states = statesOf(pages);
  for (const id of ids) {
    const [change] = changesOf(opened, states.get(`appointment:${id}`) ?? assert.fail(`${id} is missing`));
    assert.ok(change?.kind === 'appointment' && change.status === 'booked');
  }
  for (const page of pages.slice(0, -1)) assert.equal(page.seenUpTo, null);
  const seen = pages.at(-1)?.seenUpTo ?? null;
  assert.ok(seen !== null && seen <= before && seen > before - 130_000);
  const windows = pages.flatMap((page) => page.complete ?? []);
  for (const calendar of ['1', '2']) {
    const own = windows.filter((one) => one.calendar === calendar).map((one) => one.window);
    for (const [n, window] of own.entries()) assert.equal(own[n + 1]?.start ?? window.end, window.end);
    const [start, end] = [own[0]?.start ?? 0, own.at(-1)?.end ?? 0];
    assert.ok(start <= systemClock.now() - DAY_MS && end >= systemClock.now() + 10 * DAY_MS);
  }
});

test('what did not change has the same digest in the next cycle, and read alone', async () => {
  const opened = openOn({ after }, practice.url);
  const id = await bookAt(oclock(1, 10), { fields: [{ id: FIELD.mrn, value: 'A-2' }] });
  const first = statesOf(await cycle(opened.connector));
  const second = statesOf(await cycle(opened.connector));
  assert.deepEqual([...first.keys()], [...second.keys()]);
  for (const [object, state] of first) assert.equal(second.get(object)?.digest, state.digest, object);
  const alone = await opened.connector.fetch?.object(`appointment:${id}`, never);
  assert.equal(alone?.digest, first.get(`appointment:${id}`)?.digest);
});

test('cancelled, no-show, moved and renamed are news; a payment is not', async () => {
  const opened = openOn({ after }, practice.url);
  const ids = await Promise.all([0, 1, 2, 3, 4].map((n) => bookAt(instant(oclock(2, 9) + n * 1_800_000))));
  const [a = '', b = '', c = '', d = '', e = ''] = ids;
  const first = statesOf(await cycle(opened.connector));
  await practice.act('cancel', { id: Number(a) });
  await practice.act('no-show', { id: Number(b) });
  await practice.act('move', { id: Number(c), datetime: formatInstant(oclock(4, 9), ZONE) });
  await practice.act('change', { id: Number(d), lastName: 'Leigh' });
  await practice.act('pay', { id: Number(e), amount: '10.00' });
  const second = statesOf(await cycle(opened.connector));
  const isNews = (id: string): boolean =>
    first.get(`appointment:${id}`)?.digest !== second.get(`appointment:${id}`)?.digest;
  assert.deepEqual([a, b, c, d, e].map(isNews), [true, true, true, true, false]);
  const statusOf = (id: string): string => {
    const [change] = changesOf(opened, second.get(`appointment:${id}`) ?? assert.fail(id));
    return change?.kind === 'appointment' ? change.status : '';
  };
  assert.deepEqual([a, b, c].map(statusOf), ['cancelled', 'noshow', 'booked']);
});

test('an account whose lists do not say what is cancelled is read by a second list, and hints as well', async (t) => {
  const silent = await startPractice(t, { listsCarryCanceled: false });
  const opened = openOn(t, silent.url);
  const person = { firstName: 'Noa', lastName: 'Lee', email: 'noa.lee@example.org' };
  const booked = async (hour: number): Promise<number> => {
    const datetime = formatInstant(oclock(1, hour), ZONE);
    const answer = await silent.act('book', { calendarID: 1, appointmentTypeID: 11, datetime, ...person });
    return Number(/"id":(\d+)/.exec(JSON.stringify(answer))?.[1]);
  };
  const [kept, cancelled, missed] = [await booked(9), await booked(10), await booked(11)];
  await silent.act('cancel', { id: cancelled });
  await silent.act('no-show', { id: missed });
  const states = statesOf(await cycle(opened.connector));
  const statuses = await Promise.all(
    [kept, cancelled, missed].map(async (id) => {
      const state = states.get(`appointment:${id}`) ?? assert.fail(`${id} is missing`);
      const [change] = changesOf(opened, state);
      const alone = await opened.connector.fetch?.object(`appointment:${id}`, never);
      assert.equal(alone?.digest, state.digest);
      return change?.kind === 'appointment' ? change.status : '';
    }),
  );
  assert.deepEqual(statuses, ['booked', 'cancelled', 'noshow']);
});

test('a list that is full is halved until it is not, and loses nothing', async (t) => {
  const busy = await startPractice(t);
  const opened = openOn(t, busy.url, { listRows: 4 });
  const person = { firstName: 'Noa', lastName: 'Lee', email: 'noa.lee@example.org' };
  for (const ahead of [0, 1, 2, 3, 4, 5]) {
    for (const hour of [9, 11]) {
      const datetime = formatInstant(oclock(ahead, hour), ZONE);
      await busy.act('book', { calendarID: 1, appointmentTypeID: 11, datetime, ...person });
    }
  }
  const pages = await cycle(opened.connector);
  const appointments = [...statesOf(pages).keys()].filter((object) => object.startsWith('appointment:'));
  assert.equal(appointments.length, 12);
  const windows = pages.flatMap((page) => page.complete ?? []).filter((one) => one.calendar === '1');
  assert.equal(windows.flatMap((one) => one.objects).length, 12);
  for (const { objects } of windows) assert.ok(objects.length < 4);
});

test('a single day that fills a list stops the poll with a sentence that names the setting', async (t) => {
  await bookAt(oclock(1, 16));
  await assert.rejects(
    cycle(openOn(t, practice.url, { listRows: 1 }).connector),
    (error: Error & { code?: string }) => {
      return error.code === 'SITE_PAGE_FULL' && error.message.includes('listRows');
    },
  );
});

test('a stopped cycle goes on where it was; a change of calendars starts it over', async () => {
  const opened = openOn({ after }, practice.url);
  const first = await opened.connector.poll?.page(null, never);
  assert.ok(first !== undefined);
  const again = await openOn({ after }, practice.url).connector.poll?.page(first.next, never);
  assert.equal(again?.next.index, 2);
  assert.equal(again.next.cycleStartedAt, first.next.cycleStartedAt);
  const parsed = acuityCursor.parse(1, { ...first.next });
  assert.deepEqual(parsed, first.next);
  const elsewhere = await opened.connector.poll?.page({ ...first.next, plan: 'another' }, never);
  assert.equal(elsewhere?.next.index, 1);
});

test('a cursor that an operator mistyped is refused', () => {
  for (const wrong of [{ index: -1 }, { index: 'x' }, { cycleStartedAt: 'yesterday' }, { plan: 3 }]) {
    assert.throws(() => acuityCursor.parse(1, wrong), { code: 'CURSOR_UNREADABLE' });
  }
  assert.throws(() => acuityCursor.parse(2, {}), { code: 'CURSOR_UNREADABLE' });
  assert.equal(acuityCursor.parse(1, {}).index, 0);
});

test('an appointment deleted by the staff is absent from its window and gone when asked for', async () => {
  const opened = openOn({ after }, practice.url);
  const id = await bookAt(oclock(3, 14));
  await practice.act('delete-from-ui', { id: Number(id) });
  const windows = (await cycle(opened.connector)).flatMap((page) => page.complete ?? []);
  assert.ok(!windows.flatMap((one) => one.objects).includes(`appointment:${id}`));
  const state = await opened.connector.fetch?.object(`appointment:${id}`, never);
  assert.ok(state !== undefined);
  const [change] = changesOf(opened, state);
  assert.ok(change?.kind === 'appointment-gone' && change.key === id);
});

test('what cannot be read alone is refused by fetch', async () => {
  const { fetch } = openOn({ after }, practice.url).connector;
  assert.ok(fetch !== undefined);
  await assert.rejects(fetch.object('blocks:1', never), { code: 'SITE_CANNOT' });
});

test('open times are those that the site itself would give away, in the zone of each calendar', async () => {
  const opened = openOn({ after }, practice.url);
  const { availability } = opened.connector;
  assert.ok(availability !== undefined);
  assert.deepEqual(await availability.pairs(never), [
    { calendar: '1', visitType: '11' },
    { calendar: '2', visitType: '11' },
    { calendar: '1', visitType: '12' },
  ]);
  const window = day(3, 3);
  const slots = (await practice.truth('slots')) as readonly {
    calendarID: number;
    appointmentTypeID: number;
    start: string;
  }[];
  for (const [calendar, visitType] of [
    ['1', '11'],
    ['2', '11'],
  ] as const) {
    const state = await availability.ask({ calendar, visitType, window }, 'patient', never);
    const [change] = changesOf(opened, state);
    assert.ok(change?.kind === 'slots');
    const open = slots
      .filter((slot) => String(slot.calendarID) === calendar && String(slot.appointmentTypeID) === visitType)
      .map((slot) => Date.parse(slot.start))
      .filter((start) => start >= window.start && start < window.end);
    assert.deepEqual(change.slots.map((slot) => slot.during.start as number).sort(), open.sort());
    assert.ok(open.length > 0);
  }
});

test('a class is one slot with its seats, and its seat bookings name the same session', async () => {
  const opened = openOn({ after }, practice.url);
  const ask = async (): Promise<Change | undefined> => {
    const asked = { calendar: '1', visitType: '12', window: day(4) };
    const state = await opened.connector.availability?.ask(asked, 'patient', never);
    return state === undefined ? undefined : changesOf(opened, state)[0];
  };
  const free = await ask();
  assert.ok(free?.kind === 'slots');
  assert.deepEqual(
    free.slots.map((slot) => [slot.capacity, slot.left, slot.during.start]),
    [[2, 2, oclock(4, 18)]],
  );
  const id = await bookAt(oclock(4, 18), { appointmentTypeID: 12 });
  const less = await ask();
  assert.equal(less?.kind === 'slots' && less.slots[0]?.left, 1);
  const seat = await opened.connector.fetch?.object(`appointment:${id}`, never);
  assert.ok(seat !== undefined);
  const [change] = changesOf(opened, seat);
  assert.equal(change?.kind === 'appointment' && change.session, free.slots[0]?.key);
});

test('a type that was withdrawn offers nothing', async (t) => {
  const other = await startPractice(t);
  await other.act('change-type', { appointmentTypeID: 11, active: false });
  const opened = openOn(t, other.url);
  const asked = { calendar: '1', visitType: '11', window: day(3) };
  const state = await opened.connector.availability?.ask(asked, 'patient', never);
  assert.ok(state !== undefined);
  const [change] = changesOf(opened, state);
  assert.deepEqual(change?.kind === 'slots' && change.slots, []);
});

test('time off is seen by polling, also when it began long before, and opens again', async () => {
  const opened = openOn({ after }, practice.url);
  const times = (from: Instant, to: Instant) => ({ start: formatInstant(from, ZONE), end: formatInstant(to, ZONE) });
  const leave = { calendarID: 2, ...times(instant(systemClock.now() - 100 * DAY_MS), oclock(6, 12)) };
  const answer = await practice.act('block', leave);
  const id = /"id":(\d+)/.exec(JSON.stringify(answer))?.[1] ?? '';
  const blocked = async (): Promise<readonly string[]> => {
    const state = statesOf(await cycle(opened.connector)).get('blocks:2');
    assert.ok(state !== undefined);
    const [change] = changesOf(opened, state);
    return change?.kind === 'blocks' ? change.blocks.map((block) => block.key) : [];
  };
  assert.deepEqual(await blocked(), [id]);
  await practice.act('unblock', { id: Number(id) });
  assert.deepEqual(await blocked(), []);
});

test('the load brings the clients and what is booked beyond the horizon', async () => {
  const opened = openOn({ after }, practice.url);
  const id = await bookAt(oclock(40, 9));
  const messages: SiteMessage[] = [];
  for await (const batch of opened.connector.load?.run(never) ?? []) messages.push(...batch);
  const objects = messages.map((message) => (message.shape === 'state' ? message.object : ''));
  assert.ok(objects.includes(`appointment:${id}`));
  const patients = messages.filter((message) => message.kind === 'client').flatMap((one) => changesOf(opened, one));
  assert.ok(patients.some((change) => change.kind === 'patient' && change.patient.family === 'Lee'));
});

test('every ability stops when told to', async () => {
  const { connector } = openOn({ after }, practice.url);
  const stopped = AbortSignal.abort();
  const asked = { calendar: '1', visitType: '11', window: day(3) };
  const stopping = { code: 'STOPPING' };
  await assert.rejects(connector.poll?.page(null, stopped) ?? Promise.resolve(), stopping);
  await assert.rejects(connector.fetch?.object('appointment:1', stopped) ?? Promise.resolve(), stopping);
  await assert.rejects(connector.availability?.ask(asked, 'patient', stopped) ?? Promise.resolve(), stopping);
});

test('the throttle of the edge, a 403 of bare HTML, is waited out and not taken for missing rights', async () => {
  const { connector } = openOn({ after }, practice.url);
  await practice.faults({ htmlForbidden: { times: 1 } });
  assert.ok((await connector.poll?.page(null, never)) !== undefined);
});
