/** The time around a visit: padding, and the way between places, whichever of two visits was booked first. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import { tooClose, travel_min, type Stay } from '../../src/booking/travel.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Plan, SiteSettings, TravelSettings } from '../../src/settings/shape.ts';
import { during, fed, offered, openWorld, SCOPE, slotKey, testPlan, testSites } from '../support/builders.ts';
import type { World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const MATRIX: TravelSettings = {
  matrix: [{ from: 'north/north-clinic', to: 'south/south-clinic', minutes: 30 }],
  otherwise_min: 0,
};
const PADDED = { 'therapy-50': { padBefore_min: 5, padAfter_min: 10, needs: [] } };

function sites(north: Partial<SiteSettings> = {}, south: Partial<SiteSettings> = {}): readonly SiteSettings[] {
  const [one, two, feed] = testSites();
  return [{ ...one, ...north }, { ...two, ...south }, feed];
}

function planWith(travel: TravelSettings | undefined, of: readonly SiteSettings[] = sites()): Plan {
  return testPlan(of, travel === undefined ? {} : { travel });
}

function stay(site: string, location: string | null, time: Stay['during'], visitType = 'therapy-50'): Stay {
  const locations = location === null ? [] : [canonicalId.location(site, location)];
  return { during: time, site, visitType, locations };
}

describe('the way between two places', () => {
  const north = stay('north', 'north-clinic', during(9));
  const south = stay('south', 'south-clinic', during(10));

  it('is that of the matrix, in both directions unless the way back is listed', () => {
    const plan = planWith(MATRIX);
    assert.deepEqual([travel_min(plan, north, south), travel_min(plan, south, north)], [30, 30]);
    const back = { from: 'south/south-clinic', to: 'north/north-clinic', minutes: 45 };
    const both = planWith({ ...MATRIX, matrix: [...MATRIX.matrix, back] });
    assert.deepEqual([travel_min(both, north, south), travel_min(both, south, north)], [30, 45]);
  });

  it('is estimated by the straight line where both are on the map, and what is set otherwise where they are not', () => {
    const on = (site: SiteSettings, key: string, latitude: number, longitude: number): SiteSettings => {
      const place = site.locations[key];
      assert.ok(place !== undefined);
      return { ...site, locations: { ...site.locations, [key]: { ...place, latitude, longitude } } };
    };
    const [one, two, feed] = testSites();
    // Chicago, Willis Tower to O'Hare: 25.6 km.
    const map = [on(one, 'north-clinic', 41.8789, -87.6359), on(two, 'south-clinic', 41.9742, -87.9073), feed];
    const plan = planWith({ matrix: [], estimate: { speed_km_per_h: 30, fixed_min: 10 }, otherwise_min: 7 }, map);
    const minutes = travel_min(plan, north, south);
    assert.ok(minutes >= 58 && minutes <= 62, String(minutes));
    assert.equal(travel_min(plan, stay('north', 'annex', during(9)), south), 7);
  });

  it('is none within one place, to a room of it, to a visit by video, or to a virtual place', () => {
    const [one, two, feed] = testSites();
    const room = { name: 'Room', timeZone: 'UTC', room: true, codes: [], partOf: 'north-clinic' };
    const virtual = { name: 'Video', timeZone: 'UTC', room: false, codes: [], virtual: true };
    const of = [{ ...one, locations: { ...one.locations, r1: room, video: virtual } }, two, feed];
    const plain = planWith({ ...MATRIX, otherwise_min: 20 }, of);
    const visitTypes = {
      ...plain.hub.visitTypes,
      tele: { ...plain.hub.visitTypes['check-30']!, modality: 'video' as const },
    };
    const plan: Plan = { ...plain, hub: { ...plain.hub, visitTypes } };
    assert.equal(travel_min(plan, north, stay('north', 'north-clinic', during(11))), 0);
    assert.equal(travel_min(plan, north, stay('north', 'r1', during(11))), 0);
    assert.equal(travel_min(plan, stay('north', 'r1', during(9)), south), 30, 'a room is where its clinic is');
    assert.equal(travel_min(plan, stay('north', 'video', during(9)), south), 0);
    assert.equal(travel_min(plan, stay('north', 'north-clinic', during(9), 'tele'), south), 0);
    assert.equal(travel_min(plan, stay('north', 'annex', during(9)), north), 20);
  });

  it('is none where one of them is not known; a site with one place is there', () => {
    const plan = planWith(MATRIX);
    assert.equal(travel_min(plan, stay('north', null, during(9)), south), 0);
    assert.equal(travel_min(plan, north, stay('south', null, during(10))), 30);
  });

  it('and the padding of both visits must lie between them, before as behind', () => {
    const plan = planWith(MATRIX, sites({ visits: PADDED }));
    const at = (minute: number): Stay => stay('south', 'south-clinic', during(10, minute, 30));
    const mine = stay('north', 'north-clinic', during(9, 0, 50));
    // 9:50, ten minutes of padding, half an hour on the way.
    assert.equal(tooClose(plan, mine, [at(29)]), 'travel');
    assert.equal(tooClose(plan, mine, [at(30)]), null);
    assert.equal(tooClose(plan, at(29), [mine]), 'travel');
    assert.equal(tooClose(plan, at(30), [mine]), null);
    const next = stay('north', 'north-clinic', during(10, 0, 50));
    assert.equal(tooClose(plan, mine, [next]), 'padding');
    assert.equal(tooClose(plan, mine, [stay('north', 'north-clinic', during(10, 5, 50))]), null);
  });
});

describe('a booking of a practitioner who works at two places', () => {
  const NINE = canonicalId.slot('north', slotKey('n1', 't50', during(9).start));
  const southAt = (hour: number, minute: number): string =>
    canonicalId.slot('south', slotKey('s1', 't50', during(hour, minute).start));

  async function openDay(
    t: Cleanup,
    options: Parameters<typeof openWorld>[1],
  ): Promise<{ world: World; people: readonly string[] }> {
    const world = await openWorld(t, options);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9, 0, 50))]);
    await world.offer('south', 's1', 't50', [
      offered('s1', 't50', during(7, 50, 50)),
      offered('s1', 't50', during(10, 0, 50)),
      offered('s1', 't50', during(10, 20, 50)),
    ]);
    return { world, people: [...(await world.crowd('north', 1)), ...(await world.crowd('south', 3))] };
  }

  it('is refused when the way to the next visit is too long, with the reason and other times', async (t) => {
    const { world, people } = await openDay(t, { hub: { travel: MATRIX } });
    const [ana = '', bob = '', cy = ''] = people;
    assert.equal((await world.book(NINE, ana)).state, 'booked');
    const answer = await world.desk.place(world.placing(southAt(10, 0), bob), SCOPE);
    assert.ok(answer.kind === 'conflict');
    assert.match(answer.error.detail, /another place in time/);
    assert.doesNotMatch(answer.error.detail, /north|Lopez/);
    assert.equal((await world.book(southAt(10, 20), cy)).state, 'booked');
  });

  it('is refused too when the visit behind it was there first', async (t) => {
    const { world, people } = await openDay(t, { hub: { travel: MATRIX } });
    const [ana = '', bob = ''] = people;
    assert.equal((await world.book(southAt(10, 0), bob)).state, 'booked');
    assert.equal((await world.desk.place(world.placing(NINE, ana), SCOPE)).kind, 'conflict');
  });

  it('looks at visits before it as well, at holds, and at what a site told itself', async (t) => {
    const { world, people } = await openDay(t, { hub: { travel: MATRIX } });
    const [ana = '', bob = ''] = people;
    await hold(world.resolveDeps, world.placing(southAt(7, 50), bob), SCOPE);
    assert.equal((await world.desk.place(world.placing(NINE, ana), SCOPE)).kind, 'conflict');
  });

  it('counts a visit whose place is not known as being where this one is', async (t) => {
    const { world, people } = await openDay(t, { hub: { travel: { ...MATRIX, otherwise_min: 60 } } });
    const [ana = ''] = people;
    const nowhere = fed('F1', during(10));
    const [who] = nowhere.participants;
    assert.ok(who !== undefined);
    await world.tell('feed', { ...nowhere, participants: [who] });
    assert.equal((await world.book(NINE, ana)).state, 'booked');
  });

  it('keeps the padding that its type wants, also against a visit of another site', async (t) => {
    const { world, people } = await openDay(t, { sites: sites({ visits: PADDED }) });
    const [ana = ''] = people;
    await world.tell('feed', fed('F1', during(9, 55)));
    const answer = await world.desk.place(world.placing(NINE, ana), SCOPE);
    assert.ok(answer.kind === 'conflict');
    assert.match(answer.error.detail, /kept free between visits/);
  });

  it('is moved only to where its practitioner can be, and its own old time is no neighbour', async (t) => {
    const { world, people } = await openDay(t, { hub: { travel: MATRIX } });
    const [ana = '', bob = ''] = people;
    const early = await world.book(NINE, ana);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9, 20, 50))]);
    const later = canonicalId.slot('north', slotKey('n1', 't50', during(9, 20).start));
    assert.equal((await world.book(southAt(10, 20), bob)).state, 'booked');
    const answer = await world.desk.move(world.moving(early.appointmentId, later), SCOPE);
    assert.ok(answer.kind === 'conflict');
    assert.match(answer.error.detail, /another place in time/);
  });
});
