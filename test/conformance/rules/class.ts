/** Classes: one time, several seats. */
import assert from 'node:assert/strict';
import type { Rule } from '../connector.ts';
import { at, patientOf, slotAt } from '../sight.ts';
import { compareWithTruth } from '../truth.ts';
import { openDesk } from './booking.ts';

export const classRules: readonly Rule[] = [
  {
    name: 'the seats of a class are sold as often as there are seats, and one that is given back is sold again',
    needs: ['book', 'availability', 'poll', 'load'],
    staff: ['addClass'],
    classes: true,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig, patient } = desk;
      const { site } = rig;
      const { calendars, classType = '', staff } = site.world;
      const group = { calendar: calendars[1], visitType: classType };
      const settle = async (): Promise<void> => {
        rig.clock.jump(600_000);
        await site.settle();
        await compareWithTruth(rig, site);
      };
      await staff.addClass?.(at(1, 10), 2);
      await settle();
      const slot = await slotAt(rig, site, at(1, 10), group);
      // Nobody has two seats, so that there must be other people.
      await staff.book({ calendar: calendars[1], start: at(1, 13), person: 5 });
      await staff.book({ calendar: calendars[1], start: at(1, 14), person: 6 });
      await settle();
      const others = [await patientOf(rig, site, 1), await patientOf(rig, site, 2)] as const;
      const first = await site.place(slot.id, patient);
      const second = await site.place(slot.id, others[0]);
      assert.notEqual((await slotAt(rig, site, at(1, 10), group)).status, 'free');
      await assert.rejects(site.place(slot.id, others[1]), /conflict/);
      await site.deliver();
      assert.deepEqual([await desk.state(first), await desk.state(second)], ['booked', 'booked']);
      assert.notEqual((await slotAt(rig, site, at(1, 10), group)).status, 'free');
      await settle();
      assert.notEqual((await slotAt(rig, site, at(1, 10), group)).status, 'free');
      const cancel = await site.cancel((await site.booking(first.bookingId)).appointmentId);
      await site.deliver();
      assert.equal((await cancel.answer).kind, 'cancelled');
      await settle();
      const again = await slotAt(rig, site, at(1, 10), group);
      assert.deepEqual([again.id, again.status, again.seatsLeft], [slot.id, 'free', 1]);
      const third = await site.place(slot.id, patient);
      await site.deliver();
      assert.equal(await desk.state(third), 'booked');
      await settle();
    },
  },
  {
    name: 'a seat that staff sold meanwhile is refused, and the other seats stay bookable',
    needs: ['book', 'availability', 'poll', 'load'],
    staff: ['addClass'],
    classes: true,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { webhooks: false });
      const { rig, patient } = desk;
      const { site } = rig;
      const { calendars, classType = '', staff } = site.world;
      const group = { calendar: calendars[1], visitType: classType };
      await staff.addClass?.(at(1, 10), 1);
      rig.clock.jump(600_000);
      await site.settle();
      const slot = await slotAt(rig, site, at(1, 10), group);
      await staff.book({ ...group, start: at(1, 10), person: 5 });
      const asked = await site.place(slot.id, patient);
      await site.deliver();
      assert.equal((await asked.answer).kind, 'conflict');
      await site.settle();
      assert.notEqual((await slotAt(rig, site, at(1, 10), group)).status, 'free');
      await compareWithTruth(rig, site);
    },
  },
];
