/** Looking for a person at a site: who is known there is found, nobody is guessed, and nothing is written by it. */
import assert from 'node:assert/strict';
import type { PersonAsked, Sought } from '../../../src/connectors/contract-seek.ts';
import type { Patient } from '../../../src/fhir/types.ts';
import type { Rule } from '../connector.ts';
import { openRig } from '../harness.ts';
import { at, patientOf } from '../sight.ts';
import { SCOPE } from '../site.ts';

export const seekRules: readonly Rule[] = [
  {
    name: 'a person whom the site has is found by name and date of birth, nobody else is, and asking writes nothing',
    needs: ['seek'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
      await site.news();
      const id = await patientOf(rig, site);
      const served = await rig.store.read(SCOPE, (tx) => tx.resources.read('Patient', id));
      const { name: [name] = [], birthDate = '' } = JSON.parse(served?.json ?? '{}') as Patient;
      const person = { family: name?.family ?? '', given: name?.given?.[0] ?? '', birthDate };
      const ask = async (asked: PersonAsked): Promise<Sought> => {
        const sought = await site.connector.seek?.person(asked, new AbortController().signal);
        assert.ok(sought !== undefined);
        return sought;
      };
      const before = await site.world.everything();
      const sought = await ask(person);
      assert.ok(sought.kind === 'one');
      assert.ok(sought.message.sequenceKeys.some((key) => key.startsWith('patient:')));
      assert.deepEqual(await ask({ ...person, birthDate: '1901-02-03' }), { kind: 'none' });
      assert.deepEqual(await ask({ ...person, given: `${person.given}x` }), { kind: 'none' });
      assert.deepEqual(await site.world.everything(), before);
      // No answer is no statement: whether the person is there is not known.
      await site.world.fault({ outage: true });
      assert.equal((await ask(person)).kind, 'unknown');
      await site.world.calm();
    },
  },
];
