import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { SYSTEMS, type Slot } from '../../src/fhir/types.ts';
import {
  at,
  bookedIn,
  callerOf,
  freeSlots,
  idIn,
  patientsOf,
  siteKeyOf,
  siteOf,
  type Answer,
  type Conflict,
} from '../support/caller.ts';
import { MIDTOWN, NORTHSIDE, RAO } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { sitesOf, truthOf } from '../support/truth.ts';

const RACERS = 16;

const hub = await startHub({ after }, { sites: [MIDTOWN, NORTHSIDE] });
const caller = callerOf(hub);
const patients = await patientsOf(caller, MIDTOWN);

async function visitsAt(site: string, slot: Slot): Promise<readonly string[]> {
  const settings = (await sitesOf(hub)).find((one) => one.id === site);
  const { appointments } = await truthOf(hub, settings!);
  return appointments
    .filter((one) => one.status === 'booked' && one.correlation !== null && one.during.start === at(slot.start))
    .map((one) => one.key);
}

function race(slotOf: (racer: number) => Slot, name: string): Promise<readonly Answer[]> {
  return Promise.all(
    Array.from({ length: RACERS }, async (_, racer) => {
      const patientId = patients[racer % patients.length]!;
      return caller.settled(await caller.book({ slot: slotOf(racer), patientId, key: `${name}-${racer}` }));
    }),
  );
}

describe('two callers cannot take one slot', () => {
  test('of sixteen one has it, the others are told what else is free', async () => {
    const [slot] = await freeSlots(caller, MIDTOWN, 'therapy-50');
    const answers = await race(() => slot!, 'one-slot');
    const won = answers.filter((answer) => answer.status === 201);
    assert.equal(won.length, 1, answers.map((answer) => answer.status).join(' '));
    const key = siteKeyOf(bookedIn(won[0]!), MIDTOWN);
    assert.deepEqual(await visitsAt(MIDTOWN, slot!), [key], 'the site has one visit');
    for (const lost of answers.filter((answer) => answer !== won[0])) {
      assert.equal(lost.status, 409, lost.text);
      const { issue, contained = [] } = JSON.parse(lost.text) as Conflict;
      assert.equal(issue[0]?.code, 'conflict');
      assert.ok(contained.length > 0, 'alternatives');
      for (const offer of contained) {
        assert.equal(offer.status, 'proposed');
        const other = await caller.read<Slot>(`Slot/${idIn(offer.slot?.[0])}`);
        assert.equal(other.status, 'free');
        assert.equal(at(other.start), at(offer.start));
      }
    }
  });

  test('also when it is one person at two sites', async () => {
    const query = `Slot?schedule.actor:Practitioner.identifier=${SYSTEMS.npi}%7C${RAO.npi}&status=free&_count=500`;
    const hers = await caller.search<Slot>(`${query}&service-type=therapy-50&_sort=start`);
    const beyond = plus(at(hers[0]!.start), 24 * 3_600_000);
    const here = hers.filter((slot) => siteOf(slot) === MIDTOWN && at(slot.start) > beyond);
    const [mine, theirs] = here
      .map((slot) => [slot, hers.find((other) => siteOf(other) === NORTHSIDE && at(other.start) === at(slot.start))])
      .find(([, other]) => other !== undefined)!;
    const answers = await race((racer) => (racer % 2 === 0 ? mine! : theirs!), 'one-person');
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [
      201,
      ...Array.from({ length: RACERS - 1 }, () => 409),
    ]);
    const there = [...(await visitsAt(MIDTOWN, mine!)), ...(await visitsAt(NORTHSIDE, mine!))];
    assert.equal(there.length, 1, 'one visit at both sites together');
  });
});
