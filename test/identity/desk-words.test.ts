/** What a person says is taken back by its number; values that somebody knows to be right, and queue manners. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import type { Asked, PeopleDesk } from '../../src/identity/contract-desk.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { systemScope } from '../../src/store/contract.ts';
import { placingWorld, ROBERT, type PlacingWorld } from './placing-world.ts';

const ANA: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };
const BEN: Asked = { ...ANA, scope: { ...ANA.scope, actor: 'client:ben' } };
const HERE: Asked = { ...ANA, scope: { ...ANA.scope, sites: ['north'] } };
const because = { reason: 'asked the patient' } as const;
const LIKE = { ...ROBERT, birthDate: '1972-11-29' };
const NAME = { family: 'Okonkwo-Bell', given: ['Robert'] };

/** Nobody's relative. */
function somebody(number: number): Partial<PatientAssertion> {
  return {
    family: ['Adeyemi', 'Haraldsen', 'Quintero', 'Brzezinski', 'Vogel'][number] ?? '',
    given: ['Walter', 'Ingrid', 'Lucia', 'Stanislaw', 'Dieter'][number] ?? '',
    birthDate: `19${String(51 + 7 * number)}-0${String(number + 2)}-1${String(number)}`,
    phone: `937-555-000${String(number)}`,
    address: {
      line: [`${String(7 + 13 * number)} ${['Elm', 'Birch', 'Cedar', 'Maple', 'Ash'][number] ?? ''} Road`],
      city: 'Troy',
      postalCode: `4537${String(number)}`,
    },
  };
}

interface World extends PlacingWorld {
  readonly desk: PeopleDesk;
  readonly north: string;
  readonly south: string;
}

async function world(t: Parameters<typeof placingWorld>[0], other: Partial<PatientAssertion> = LIKE): Promise<World> {
  const placing = await placingWorld(t);
  const north = await placing.tell('north', '1', ROBERT);
  const south = await placing.tell('south', '7', other);
  await placing.settle();
  return { ...placing, north, south, desk: peopleDesk({ store: placing.store, clock: placing.clock }) };
}

async function waiting({ desk }: World): Promise<readonly string[]> {
  return (await desk.reviews(ANA, 10, null)).pairs.map(({ state, why }) => `${state} ${why}`);
}

describe('a word that is undone', () => {
  it('leaves people, golden ids and the queue as they were, and stands in the log with its reason', async (t) => {
    const at = await world(t);
    const { desk, north, south } = at;
    const before = [await at.people(), await waiting(at)];
    const { decisions } = await desk.decide(ANA, { one: north, other: south, verdict: 'same', ...because });
    assert.equal((await at.people()).length, 1);
    at.clock.advance(1_000);
    await desk.undo(BEN, { decision: decisions[0] ?? 0, reason: 'the wrong Robert' });
    assert.deepEqual([await at.people(), await waiting(at)], before);
    await at.settle();
    assert.deepEqual([await at.people(), await waiting(at)], before);
    const told = (await desk.explain(ANA, north, south)).decisions.map(
      ({ kind, actor, reason, supersedes, holds }) => [kind, actor.id, reason, supersedes, holds], // prettier-ignore
    );
    assert.deepEqual(told, [
      ['link', 'ana', because.reason, null, false],
      ['undo', 'ben', 'the wrong Robert', decisions[0], true],
    ]);
    await assert.rejects(desk.undo(ANA, { decision: decisions[0] ?? 0, ...because }), /taken back already/);
    const log = (await desk.explain(ANA, north, south)).decisions;
    const undo = log.find(({ kind }) => kind === 'undo')?.seq ?? 0;
    await desk.undo(ANA, { decision: undo, reason: 'the right one after all' });
    assert.equal((await at.people()).length, 1);
    assert.deepEqual(await waiting(at), []);
  });

  it('takes all with it that was said at once: who was taken apart is one person again', async (t) => {
    const at = await world(t, ROBERT);
    const { desk, north, south } = at;
    const west = await at.tell('west', '3', ROBERT);
    await at.settle();
    assert.deepEqual(await at.people(), [[north, south, west].sort()]);
    const { decisions } = await desk.unmerge(ANA, { records: [west], overrule: false, ...because });
    assert.ok(decisions.length > 2);
    await at.settle();
    assert.equal((await at.people()).length, 2);
    await desk.undo(ANA, { decision: decisions.at(-1) ?? 0, ...because });
    assert.deepEqual(await at.people(), [[north, south, west].sort()]);
    assert.equal(await at.goldenOf(west), goldenIdOf(north));
    await at.settle();
    assert.equal((await at.people()).length, 1);
  });

  it('is not what somebody decided anew, what matching decided, or what the caller may not see', async (t) => {
    const at = await world(t);
    const { desk, north, south } = at;
    const pair = { one: north, other: south, ...because };
    const { decisions } = await desk.decide(ANA, { ...pair, verdict: 'same' });
    at.clock.advance(1_000);
    const { decisions: later } = await desk.decide(BEN, { ...pair, verdict: 'different' });
    const undo = { decision: decisions[0] ?? 0, ...because };
    await assert.rejects(desk.undo(ANA, undo), {
      code: 'RULE_BROKEN',
      detail: new RegExp(`\\(${String(later[0])}\\)`),
    });
    await assert.rejects(desk.undo(HERE, undo), { code: 'NOT_FOUND' });
    await assert.rejects(desk.undo(ANA, { decision: 4711, ...because }), { code: 'NOT_FOUND' });
    const west = await at.tell('west', '3', somebody(4));
    const east = await at.tell('east', '4', somebody(4));
    await at.settle();
    const [link] = (await desk.explain(ANA, west, east)).decisions;
    assert.equal(link?.actor.kind, 'hub');
    await assert.rejects(desk.undo(ANA, { decision: link.seq, ...because }), /Only what a person decided/);
  });
});

describe('an answer', () => {
  it('names no record that the caller may not see, also where decisions connect it with those asked about', async (t) => {
    const at = await world(t, ROBERT);
    const { desk, north, south } = at;
    const west = await at.tell('west', '3', LIKE);
    await at.settle();
    await desk.decide(ANA, { one: south, other: west, verdict: 'different', ...because });
    const both: Asked = { ...ANA, scope: { ...ANA.scope, sites: ['north', 'south'] } };
    const told = [
      await desk.explain(both, north, south),
      await desk.person(both, south),
      await desk.unmerge(both, { records: [south], overrule: false, ...because }),
      await desk.decide(both, { one: north, other: south, verdict: 'same', ...because }),
    ];
    for (const answer of told) assert.doesNotMatch(JSON.stringify(answer), new RegExp(west));
    assert.match(JSON.stringify(await desk.person(ANA, south)), new RegExp(west));
  });
});

describe('a value that somebody knows to be right', () => {
  it('is kept sealed, shown with who said it, goes with its record, and is withdrawn', async (t) => {
    const at = await world(t, ROBERT);
    const { desk, north, south } = at;
    const golden = goldenIdOf(north);
    const { decisions } = await desk.override(ANA, { person: golden, attribute: 'name', value: NAME, ...because });
    const again = await desk.override(ANA, { person: golden, attribute: 'name', value: NAME, ...because });
    assert.deepEqual([decisions.length, again.decisions], [1, []]);
    const shown = await desk.person(ANA, south);
    assert.deepEqual(shown.goldenId, golden);
    assert.deepEqual(
      shown.overrides.map(({ attribute, value, record, actor }) => [attribute, value, record, actor.id]),
      [['name', NAME, north, 'ana']],
    );
    const stored = JSON.stringify(await at.rows("SELECT *, encode(sealed, 'escape') FROM identity_decision"));
    assert.doesNotMatch(stored, /Okonkwo/);
    await desk.unmerge(ANA, { records: [south], overrule: false, ...because });
    assert.equal((await desk.person(ANA, south)).overrides.length, 0);
    assert.equal((await desk.person(ANA, north)).overrides.length, 1);
    at.clock.advance(1_000);
    await desk.override(BEN, { person: north, attribute: 'name', value: null, reason: 'a typing error' });
    assert.equal((await desk.person(ANA, golden)).overrides.length, 0);
    await assert.rejects(
      desk.override(BEN, { person: north, attribute: 'name', value: null, ...because }),
      /nobody said/,
    );
  });

  it('comes back when its withdrawal is undone, and an earlier value when the later one is', async (t) => {
    const at = await world(t, ROBERT);
    const { desk, north } = at;
    const say = async (value: unknown): Promise<number> => {
      at.clock.advance(1_000);
      const { decisions } = await desk.override(ANA, { person: north, attribute: 'birthDate', value, ...because });
      return decisions[0] ?? 0;
    };
    const value = async (): Promise<unknown> => (await desk.person(ANA, north)).overrides[0]?.value;
    const first = await say('1972-03-05');
    const second = await say('1972-03-06');
    const third = await say(null);
    await assert.rejects(desk.undo(ANA, { decision: second, ...because }), /anew about the same/);
    await desk.undo(ANA, { decision: third, ...because });
    assert.equal(await value(), '1972-03-06');
    await desk.undo(ANA, { decision: second, ...because });
    assert.equal(await value(), '1972-03-05');
    await desk.undo(ANA, { decision: first, ...because });
    assert.equal(await value(), undefined);
  });

  it('is refused where it does not fit, where the id stands for nobody, and where a record may not be seen', async (t) => {
    const at = await world(t, ROBERT);
    const { desk, north, south } = at;
    const say = { person: north, attribute: 'birthDate', value: '1972-02-30', ...because } as const;
    await assert.rejects(desk.override(ANA, say), { code: 'RULE_BROKEN' });
    await assert.rejects(desk.override(ANA, { ...say, person: at.north.replace(/.$/, 'x') }));
    const name = { ...say, attribute: 'name', value: NAME } as const;
    await assert.rejects(desk.override(HERE, name), { code: 'NOT_FOUND' });
    await assert.rejects(desk.person(HERE, north), { code: 'NOT_FOUND' });
    const redirected = { ...name, person: goldenIdOf(south) };
    await assert.rejects(desk.override(ANA, redirected), { code: 'RULE_BROKEN' });
  });
});

describe('the queue', () => {
  it('lets a claim lapse, and nobody else decide before', async (t) => {
    const at = await world(t);
    const { desk, north, south } = at;
    await desk.claim(ANA, north, south);
    const word = { one: north, other: south, verdict: 'same', ...because } as const;
    await assert.rejects(desk.decide(BEN, word), /ana has taken this pair/);
    await assert.rejects(desk.claim(BEN, north, south), { code: 'RULE_BROKEN' });
    at.clock.advance(3_599_000);
    await desk.claim(ANA, north, south);
    at.clock.advance(3_599_000);
    await assert.rejects(desk.claim(BEN, north, south), { code: 'RULE_BROKEN' }, 'claimed again: it lasts longer');
    at.clock.advance(2_000);
    await desk.claim(BEN, north, south);
    at.clock.advance(3_600_000);
    assert.equal(await at.write(({ identity }) => identity.lapseClaims(at.clock.now())), 1);
    assert.deepEqual(await waiting(at), ['open review']);
    await desk.decide(ANA, word);
  });

  it('is listed by when pairs are due, page after page, without those that the caller may not see', async (t) => {
    const at = await world(t);
    for (let number = 1; number <= 4; number += 1) {
      const one = somebody(number);
      at.clock.advance(3_600_000);
      await at.tell(number === 2 ? 'east' : 'north', `2${String(number)}`, one);
      await at.tell('south', `3${String(number)}`, { ...one, birthDate: '1929-11-29' });
      await at.settle();
    }
    const all = await at.desk.reviews(ANA, 10, null);
    const due = all.pairs.map(({ dueAt }) => dueAt);
    assert.deepEqual([due.length, due, all.next], [5, due.toSorted((a, b) => a - b), null]);
    const both: Asked = { ...ANA, scope: { ...ANA.scope, sites: ['north', 'south'] } };
    const seen: string[] = [];
    let next: Parameters<PeopleDesk['reviews']>[2] = null;
    do {
      const page = await at.desk.reviews(both, 2, next);
      seen.push(...page.pairs.map(({ lo }) => lo));
      next = page.next;
    } while (next !== null);
    assert.deepEqual(seen, all.pairs.filter((_pair, place) => place !== 2).map(({ lo }) => lo)); // prettier-ignore
  });

  it('shows the evidence of a pair as a waterfall from two records at random to its total', async (t) => {
    const { desk, north, south } = await world(t);
    const { waterfall, score, probability, thresholds, review } = await desk.explain(ANA, north, south);
    const { start, steps, total } = waterfall;
    assert.ok(start <= 0 && Math.abs(total - start - score) < 1e-6);
    assert.ok(Math.abs(probability - 1 / (1 + 2 ** -total)) < 1e-9);
    assert.equal(steps.at(-1)?.sum, total);
    assert.deepEqual(waterfall.thresholds, { review: thresholds.review + start, auto: thresholds.auto + start });
    const opened = review?.evidence as { readonly waterfall: typeof waterfall; readonly guards: readonly string[] };
    assert.deepEqual([opened.waterfall.steps.length, opened.guards], [steps.length, ['birth-differs']]);
  });
});
