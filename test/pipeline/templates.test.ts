/** Slots by templates on a real database: messages turn them busy and free, and a new file changes what is to come. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, HOUR_MS, plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { BOB, during, fed, offered, visit } from '../support/builders.ts';
import { hours, MORNING, openTemplateWorld } from './template-world.ts';

const FREE = ['09:00 free', '09:30 free', '10:00 free', '10:30 free', '11:00 free', '11:30 free'];
const NINE_THIRTY = during(9, 30);

/** One of the six with another status. */
function but(time: string, status: string): readonly string[] {
  return FREE.map((text) => (text.startsWith(time) ? `${time} ${status}` : text));
}

const FIRST = '2026-11-23';

describe('slots by a template', () => {
  it('are offered as what they are: laid out by the file, and nothing that the site has said', async (t) => {
    const world = await openTemplateWorld(t);
    assert.deepEqual(await world.shown(FIRST), FREE);
    const { body, siteKey } = await world.at('09:00');
    assert.equal(siteKey, 'template:ADA@hall:CHECK:2026-11-23T09:00:00Z:30');
    assert.deepEqual(body.extension, [{ url: 'urn:slotwire:template', valueString: 'ada' }]);
    assert.equal(body.schedule.reference, `Schedule/${canonicalId.schedule('feed', 'ADA@hall')}`);
    assert.deepEqual(
      body.serviceType?.[0]?.coding?.map(({ code }) => code),
      ['check-30', 'CHECK'],
    );
    const feeds = await world.read((tx) => tx.feeds.feeds('feed'));
    assert.deepEqual(feeds, [], 'nothing was heard of the site');
  });

  it('are laid out over the horizon, the second Monday too, and asked again without a new version', async (t) => {
    const world = await openTemplateWorld(t);
    assert.equal((await world.shown()).length, 12);
    const written = await world.written();
    world.clock.advance(7 * HOUR_MS);
    await world.ask();
    assert.equal(await world.written(), written);
    assert.equal((await world.at('09:00')).version, 1);
  });

  it('turn busy by a visit, with the siblings of other types, and free when it is cancelled', async (t) => {
    const both = { ...MORNING, visitTypes: ['CHECK', 'LONG'] };
    const world = await openTemplateWorld(t, { ada: hours({ morning: both }) });
    const before = await world.at('09:30', 'CHECK:2026-11-23');
    await world.tell('feed', fed('V1', NINE_THIRTY));
    assert.deepEqual(await world.shown('CHECK:2026-11-23'), but('09:30', 'busy'));
    assert.deepEqual(await world.shown('LONG:2026-11-23'), ['09:00 busy', '10:00 free', '11:00 free']);
    assert.deepEqual((await world.appointment('feed', 'V1')).slots, [before.id]);
    assert.deepEqual(await world.shown('filled:'), []);
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', NINE_THIRTY, { status: 'cancelled', at: world.clock.now() }));
    const after = await world.at('09:30', 'CHECK:2026-11-23');
    assert.equal(after.status, 'free');
    assert.equal(after.id, before.id);
  });

  it('follow a visit that moves, also by news that names nobody', async (t) => {
    const world = await openTemplateWorld(t);
    await world.tell('feed', fed('V1', NINE_THIRTY));
    world.clock.advance(1_000);
    const moved = { participants: [], at: world.clock.now() };
    await world.tell('feed', fed('V1', during(11), moved));
    assert.deepEqual(await world.shown(FIRST), but('11:00', 'busy'));
    assert.deepEqual((await world.appointment('feed', 'V1')).slots, [(await world.at('11:00')).id]);
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', during(18), { participants: [], at: world.clock.now() }));
    assert.deepEqual(await world.shown('filled:ADA@hall'), ['18:00 busy']);
    assert.deepEqual(await world.shown('template:ADA@hall:CHECK:2026-11-23'), FREE);
  });

  it('leave a visit outside of them a slot of its own, which nobody offers when the visit is gone', async (t) => {
    const world = await openTemplateWorld(t);
    await world.tell('feed', fed('V1', during(18)));
    assert.deepEqual(await world.shown('filled:'), ['18:00 busy']);
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', during(18), { status: 'cancelled', at: world.clock.now() }));
    assert.deepEqual(await world.shown('filled:'), ['18:00 busy-unavailable']);
    assert.deepEqual(await world.shown('template:ADA@hall:CHECK:2026-11-23'), FREE);
  });

  it('at a place that no template names a visit still fills a slot of its own, which opens', async (t) => {
    const world = await openTemplateWorld(t);
    const actor = { kind: 'location', code: 'room1' } as const;
    const elsewhere = fed('V1', during(18));
    const participants = [...elsewhere.participants.slice(0, 1), { actor, status: 'accepted' as const }];
    await world.tell('feed', { ...elsewhere, participants });
    world.clock.advance(1_000);
    await world.tell('feed', { ...elsewhere, participants, status: 'cancelled', at: world.clock.now() });
    assert.deepEqual(await world.shown('filled:ADA@room1'), ['18:00 free']);
  });

  it('are there for a visit that is heard of before they are laid out, and beyond the horizon', async (t) => {
    const world = await openTemplateWorld(t, {});
    const far = plus(during(9).start, 21 * DAY_MS);
    await world.tell('feed', fed('V0', during(9)));
    assert.deepEqual(await world.shown(), ['09:00 busy']);
    await world.take({ ada: hours() });
    await world.tell('feed', fed('V1', { start: far, end: plus(far, 30 * 60_000) }));
    const { slots } = await world.appointment('feed', 'V1');
    const [slot] = await world.read(async (tx) => [await tx.resources.slot(slots[0] ?? '')]);
    assert.equal(slot?.siteKey, 'template:ADA@hall:CHECK:2026-12-14T09:00:00Z:30');
    assert.equal(slot.status, 'busy');
  });

  it('are closed by a block and opened when it goes', async (t) => {
    const world = await openTemplateWorld(t);
    const actor = { kind: 'practitioner', assertion: { code: 'ADA' } } as const;
    const block = { kind: 'block', key: 'B1', actor, during: during(10, 0, 60), at: world.clock.now() } as const;
    await world.tell('feed', { ...block, closed: true });
    assert.deepEqual(
      (await world.shown(FIRST)).filter((text) => !text.endsWith(' free')),
      ['10:00 busy-unavailable', '10:30 busy-unavailable'],
    );
    world.clock.advance(1_000);
    await world.tell('feed', { ...block, closed: false, at: world.clock.now() });
    assert.deepEqual(await world.shown(FIRST), FREE);
  });

  it('are busy where the same person is taken at another site', async (t) => {
    const world = await openTemplateWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9, 0, 50))]);
    await world.tell('north', visit('N1', 'n1', during(9, 0, 50)));
    assert.deepEqual((await world.shown(FIRST)).slice(0, 3), ['09:00 busy', '09:30 busy', '10:00 free']);
  });

  it('have room for as many visits as the block has seats', async (t) => {
    const world = await openTemplateWorld(t, { ada: hours({ morning: { ...MORNING, capacity: 2 } }) });
    await world.tell('feed', fed('V1', NINE_THIRTY));
    assert.deepEqual(await world.shown(FIRST), FREE);
    await world.tell('feed', fed('V2', NINE_THIRTY, { patients: [BOB] }));
    assert.deepEqual(await world.shown(FIRST), but('09:30', 'busy'));
    await world.tell('north', visit('N1', 'n1', during(11)));
    assert.equal((await world.at('11:00')).status, 'busy', 'who is elsewhere has no seat here');
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', NINE_THIRTY, { status: 'cancelled', at: world.clock.now() }));
    assert.equal((await world.at('09:30')).status, 'free');
  });
});

describe('a new template', () => {
  it('takes over what visits had opened before it: no time is offered that it does not offer', async (t) => {
    const world = await openTemplateWorld(t, {});
    for (const [key, hour] of [
      ['V1', 18],
      ['V2', 19],
    ] as const) {
      await world.tell('feed', fed(key, during(hour), { visitType: { code: 'ODD' } }));
    }
    world.clock.advance(1_000);
    const { at, status } = { at: world.clock.now(), status: 'cancelled' as const };
    await world.tell('feed', fed('V1', during(18), { visitType: { code: 'ODD' }, at, status }));
    assert.deepEqual(await world.shown('filled:'), ['18:00 free', '19:00 busy']);
    await world.take({ ada: hours() });
    assert.deepEqual(await world.shown('filled:'), ['18:00 busy-unavailable', '19:00 busy']);
    world.clock.advance(1_000);
    await world.tell('feed', fed('V2', during(19), { at: world.clock.now(), status }));
    assert.deepEqual(await world.shown('filled:'), ['18:00 busy-unavailable', '19:00 busy-unavailable']);
  });

  it('gives what it no longer offers back, and offers it again under the same ids', async (t) => {
    const world = await openTemplateWorld(t);
    const before = await world.at('11:30');
    world.clock.advance(1_000);
    await world.take({ ada: hours({ morning: { ...MORNING, hours: ['08:30-11:30'] } }) });
    assert.deepEqual(await world.shown(FIRST), ['08:30 free', ...but('11:30', 'busy-unavailable')]);
    assert.equal((await world.at('09:00')).version, 1, 'what it does not touch is left alone');
    world.clock.advance(1_000);
    await world.take({ ada: hours() });
    assert.deepEqual(await world.shown(FIRST), ['08:30 busy-unavailable', ...FREE]);
    assert.equal((await world.at('11:30')).id, before.id);
  });

  it('leaves a booked visit its slot until it is cancelled; then the time is as the template says', async (t) => {
    const world = await openTemplateWorld(t);
    await world.tell('feed', fed('V1', NINE_THIRTY));
    const booked = await world.at('09:30');
    world.clock.advance(1_000);
    await world.take({ ada: hours({ morning: { ...MORNING, hours: ['10:00-12:00'] } }) });
    const kept = await world.at('09:30');
    assert.deepEqual([kept.id, kept.version, kept.status], [booked.id, booked.version, 'busy']);
    assert.equal((await world.at('09:00')).status, 'busy-unavailable');
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', NINE_THIRTY, { at: world.clock.now(), comment: 'walks slowly' }));
    assert.deepEqual((await world.appointment('feed', 'V1')).slots, [booked.id], 'news of the same visit keeps it');
    world.clock.advance(1_000);
    await world.tell('feed', fed('V1', NINE_THIRTY, { status: 'cancelled', at: world.clock.now() }));
    assert.equal((await world.at('09:30')).status, 'busy-unavailable');
  });

  it('that cuts the time anew lays its slots around the booked one', async (t) => {
    const world = await openTemplateWorld(t);
    await world.tell('feed', fed('V1', NINE_THIRTY));
    world.clock.advance(1_000);
    await world.take({ ada: hours({ morning: { ...MORNING, hours: ['09:00-11:00'], length_min: 20 } }) });
    assert.deepEqual(await world.shown('Z:20'), [
      ...['09:00 free', '09:20 busy', '09:40 busy', '10:00 free', '10:20 free', '10:40 free'],
      ...['09:00 free', '09:20 free', '09:40 free', '10:00 free', '10:20 free', '10:40 free'],
    ]);
    const old = await world.shown('CHECK:2026-11-23T09:30:00Z:30');
    assert.deepEqual(old, ['09:30 busy']);
  });

  it('changes nothing that has begun', async (t) => {
    const world = await openTemplateWorld(t);
    world.clock.advance(during(10, 10).start - world.clock.now());
    await world.take({ ada: hours({ morning: { ...MORNING, hours: ['11:00-12:00'] } }) });
    assert.deepEqual(await world.shown(FIRST), [
      ...['09:00 free', '09:30 free', '10:00 free', '10:30 busy-unavailable', '11:00 free', '11:30 free'],
    ]);
  });

  it('that is gone, or speaks of other types and places, takes all its slots along', async (t) => {
    const world = await openTemplateWorld(t);
    world.clock.advance(1_000);
    await world.take({ ada: hours({ morning: MORNING }, { location: 'room1' }) });
    assert.ok((await world.shown('ADA@hall')).every((text) => text.endsWith(' busy-unavailable')));
    assert.equal((await world.shown('ADA@room1')).length, 12);
    world.clock.advance(1_000);
    await world.take({});
    assert.ok((await world.shown()).every((text) => text.endsWith(' busy-unavailable')));
  });

  it('opens what is released when its time comes', async (t) => {
    const reserved = {
      ...MORNING,
      visitTypes: ['LONG'],
      release: { before_h: 12, visitTypes: ['CHECK'], close: false },
    };
    const world = await openTemplateWorld(t, { ada: hours({ morning: reserved }) });
    assert.deepEqual(await world.shown('CHECK'), []);
    world.clock.advance(8 * HOUR_MS);
    await world.ask();
    assert.deepEqual(await world.shown('CHECK'), []);
    world.clock.advance(HOUR_MS);
    await world.ask();
    assert.deepEqual(await world.shown('CHECK:2026-11-23'), FREE, 'nine hours after noon, twelve before nine');
  });
});
