/** Appointments on a real database: names that sites gave, order of news, what is sealed, what is seen. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { derivedId } from '../../src/core/ids.ts';
import type { AppointmentRow, Cause } from '../../src/store/contract-resources.ts';
import { systemScope } from '../../src/store/contract.ts';
import { at, openedStore, type Opened } from './opened.ts';

const SCOPE = systemScope('test');
const id = (name: string): string => derivedId('test', name);
const cause = (minute: number): Cause => ({ site: 'north', messageId: minute, siteTime: null, now: at(minute) });

function visit(name: string, minute: number, more: Partial<AppointmentRow> = {}, reason = 'a cough'): AppointmentRow {
  return {
    id: id(name), site: 'north', siteKey: name, during: { start: at(60), end: at(90) }, visitType: 'v', specialty: null,
    patients: [id('ana')], actors: [id('ada')], slots: [id('slot')], tokens: [], locations: [id('hall')], security: [],
    orderedAt: at(minute),
    resource: {
      resourceType: 'Appointment', status: 'booked', reasonCode: [{ text: reason }],
      participant: [{ actor: { reference: `Patient/${id('ana')}` }, status: 'accepted' }],
    },
    ...more,
  }; // prettier-ignore
}

describe('appointments', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let opened: Opened;
  before(async () => {
    opened = await openedStore({ after: (fn) => cleanups.push(fn) });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it('said again change no version, and still move the time of the newest news', async () => {
    await opened.write(async (tx) => {
      assert.equal(await tx.resources.putAppointment(visit('a', 0), cause(0)), true);
      assert.equal(await tx.resources.putAppointment(visit('a', 5), cause(5)), false);
      const stored = await tx.resources.appointment(id('a'));
      assert.deepEqual([stored?.version, stored?.orderedAt], [1, at(5)]);
    });
  });

  it('gain a version by what is not in their text: who may see them is told by columns', async () => {
    await opened.write(async (tx) => {
      await tx.resources.putAppointment(visit('b', 0), cause(0));
      for (const [n, more] of [
        { locations: [id('annex')] },
        { patients: [] },
        { actors: [] },
        { slots: [] },
        { visitType: null },
      ].entries()) {
        assert.equal(
          await tx.resources.putAppointment(visit('b', n + 1, more), cause(n + 1)),
          true,
          JSON.stringify(more),
        );
      }
    });
  });

  it('keep the first name that a site gave, and are told who bears it', async () => {
    await opened.write(async (tx) => {
      assert.equal(await tx.resources.nameAppointment('north', 'K', id('a')), id('a'));
      assert.equal(await tx.resources.nameAppointment('north', 'K', id('b')), id('a'));
      assert.equal(await tx.resources.nameAppointment('south', 'K', id('b')), id('b'));
      assert.equal(await tx.resources.appointmentByKey('north', 'K'), id('a'));
      assert.equal(await tx.resources.appointmentByKey('north', 'none'), null);
    });
  });

  it('are sealed on the disk with their reason', async () => {
    await opened.write((tx) => tx.resources.putAppointment(visit('s', 0, {}, 'a secret reason'), cause(0)));
    const { rows } = await opened.pool.query(
      `SELECT a::text AS a, h::text AS h FROM appointment a JOIN history h USING (id)`,
    );
    assert.ok(rows.length > 0);
    assert.ok(!JSON.stringify(rows).includes('secret reason'));
    const raw = await opened.pool.query(`SELECT encode(sealed, 'escape') AS s FROM appointment`);
    assert.ok(!JSON.stringify(raw.rows).includes('secret reason'));
  });

  it('are not there for those who lack a label, a place or the site', async () => {
    await opened.write((tx) => tx.resources.putAppointment(visit('l', 0, { security: ['R'] }), cause(0)));
    const sees = async (more: object): Promise<boolean> =>
      (await opened.store.read({ ...SCOPE, ...more }, (tx) => tx.resources.read('Appointment', id('l')))) !== null;
    assert.deepEqual(
      [
        await sees({}),
        await sees({ clearances: [] }),
        await sees({ sites: ['south'] }),
        await sees({ locations: [id('annex')] }),
      ],
      [true, false, false, false],
    );
  });

  it('that are read to be written are held until the end of the transaction', async () => {
    await opened.write((tx) => tx.resources.putAppointment(visit('w', 0), cause(0)));
    const order: string[] = [];
    let read!: () => void;
    const isRead = new Promise<void>((resolve) => (read = resolve));
    const first = opened.write(async (tx) => {
      await tx.resources.appointment(id('w'));
      read();
      await tx.resources.putAppointment(visit('w', 1, {}, 'first'), cause(1));
      order.push('first');
    });
    await isRead;
    const second = opened.write(async (tx) => {
      const before = await tx.resources.appointment(id('w'));
      order.push(`second saw version ${before?.version ?? 0}`);
    });
    await Promise.all([first, second]);
    assert.deepEqual(order, ['first', 'second saw version 2']);
  });
});
