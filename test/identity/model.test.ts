/**
 * Random histories of one site's people and visits, through feed, mapping, stage and store, against a model of a few
 * lines that says what the standard says: who stands for whom, who is one person, whose visit is whose, and who waits.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { adt, feedWorld, merge, MRN, pid, siu, type FeedWorld } from './feed-world.ts';

const NUMBERS = [0, 1, 2, 3, 4, 5] as const;
const VISITS = ['A', 'B', 'C', 'D'] as const;

type Step =
  | { readonly do: 'state' | 'merge' | 'link' | 'unlink'; readonly one: number; readonly other: number }
  | { readonly do: 'book' | 'move'; readonly one: number; readonly other: number; readonly visit: string }
  | { readonly do: 'repeat' | 'again' | 'release'; readonly back: number };

const record = fc.constantFrom(...NUMBERS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('state' as const), one: record, other: record }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('merge' as const), one: record, other: record }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('link', 'unlink'), one: record, other: record }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('book' as const, 'move' as const),
      one: record,
      other: record,
      visit: fc.constantFrom(...VISITS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('repeat', 'again', 'release'), back: fc.nat({ max: 5 }) }) },
);

/** What the hub should know, told in the words of the standard. */
class Model {
  readonly known = new Set<number>();
  readonly into = new Map<number, number>();
  readonly linked = new Map<string, readonly [number, number]>();
  readonly visits = new Map<string, number>();
  /** People and visits that wait for a merge nobody can carry out, and what waits for it. */
  readonly #waiting = new Set<string>();
  #held: (readonly [keys: readonly string[], apply: () => void])[] = [];

  /** Now, or when what it waits for is out of the way. */
  inTurn(keys: readonly string[], apply: () => void): void {
    const waits = keys.some((key) => this.#waiting.has(key));
    if (waits) for (const key of keys) this.#waiting.add(key);
    if (waits) this.#held.push([keys, apply]);
    else apply();
  }

  /** A person sets aside what could not be carried out. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    this.#waiting.clear();
    for (const [keys, apply] of held) this.inTurn(keys, apply);
  }

  chain(one: number): readonly number[] {
    const next = this.into.get(one);
    return next === undefined ? [one] : [one, ...this.chain(next)];
  }

  standsFor(one: number): number {
    return this.chain(one).at(-1) ?? one;
  }

  merge(from: number, into: number): void {
    if (from === into) {
      this.known.add(from);
    } else if (this.chain(into).includes(from)) {
      for (const one of [from, into]) this.#waiting.add(`p${one}`);
    } else {
      this.known.add(from).add(into);
      this.into.set(from, into);
    }
  }

  unlink(one: number, other: number): void {
    this.linked.delete([one, other].sort().join());
    if (this.chain(one).includes(other)) this.into.delete(one);
    else if (this.chain(other).includes(one)) this.into.delete(other);
  }

  person(one: number): ReadonlySet<number> {
    const found = new Set([one]);
    for (let size = 0; size < found.size;) {
      size = found.size;
      for (const [a, b] of [...this.into, ...this.linked.values()]) {
        if (found.has(a) || found.has(b)) found.add(a).add(b);
      }
    }
    return found;
  }
}

function keysOf(now: Exclude<Step, { readonly back: number }>): readonly string[] {
  if (now.do === 'state') return [`p${now.one}`];
  return [`p${now.one}`, now.do === 'book' ? `v${now.visit}` : `p${now.other}`];
}

function apply(model: Model, now: Exclude<Step, { readonly back: number }>): void {
  const { one, other } = now;
  if (now.do === 'merge') {
    model.merge(one, other);
    return;
  }
  model.known.add(one);
  if (now.do === 'book') model.visits.set(now.visit, model.standsFor(one));
  if (now.do === 'move') {
    const owner = model.visits.get(now.visit);
    // Taken from the person of MRG-1; a visit of somebody else with that number is another visit.
    const meant = owner !== undefined && [one, other].some((each) => model.person(each).has(owner));
    if (meant) model.visits.set(now.visit, model.standsFor(one));
  }
  if (now.do !== 'link' && now.do !== 'unlink') return;
  model.known.add(other);
  if (one === other) return;
  if (now.do === 'link') model.linked.set([one, other].sort().join(), [one, other]);
  else model.unlink(one, other);
}

it('any history of people and visits comes to what the standard says', async (t) => {
  const world = await feedWorld(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      run += 1;
      const history = new History(world, run);
      const model = new Model();
      for (const now of steps) await history.tell(now, model);
      await compare(world, history, model);
    }),
    { numRuns: 25, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
  );
});

/** Messages of one run, whose record and visit numbers no other run has. */
class History {
  readonly #sent: { readonly message: string; readonly keys: readonly string[]; readonly decides: boolean }[] = [];
  readonly #world: FeedWorld;
  readonly #run: number;
  #minute = 0;

  constructor(world: FeedWorld, run: number) {
    this.#world = world;
    this.#run = run;
  }

  mrn(one: number): string {
    return `R${this.#run}P${one}`;
  }
  visit(name: string): string {
    return `R${this.#run}V${name}`;
  }

  async tell(now: Step, model: Model): Promise<void> {
    if ('back' in now) {
      await this.#oldNews(now, model);
      return;
    }
    this.#minute += 1;
    const message = this.#message(now);
    const keys = keysOf(now);
    // A merge that closes a ring is no decision: under another control id it would be parked a second time.
    const decides = (now.do === 'link' || now.do === 'unlink') && now.one !== now.other;
    this.#sent.push({ message, keys, decides });
    await this.#world.tell(message);
    model.inTurn(keys, () => apply(model, now));
  }

  async #oldNews(now: Extract<Step, { readonly back: number }>, model: Model): Promise<void> {
    if (now.do === 'release') {
      for (const { id } of await this.#world.parked()) await this.#world.setAside(id);
      await this.#world.apply();
      model.release();
      return;
    }
    const old = this.#sent.at(-1 - now.back);
    // The same bytes are known.
    if (now.do === 'repeat') await this.#world.tell(...(old === undefined ? [] : [old.message]));
    if (old === undefined || now.do === 'repeat' || !old.decides) return;
    // Under another control id a decision is still the one that was made, and waits where it must.
    await this.#world.tell(old.message.replace(/\|C(\d+)\|/, (_all, id: string) => `|C${id}-${this.#minute}|`));
    model.inTurn(old.keys, () => undefined);
  }

  #message(now: Exclude<Step, { readonly back: number }>): string {
    const two = (number: number): string => String(number).padStart(2, '0');
    const time = `20261122${two(Math.floor(this.#minute / 60))}${two(this.#minute % 60)}00`;
    const [one, other] = [this.mrn(now.one), this.mrn(now.other)];
    const same = (mrn: string): string => pid(mrn, { born: '19800102' });
    switch (now.do) {
      case 'state':
        return adt(this.#minute % 2 === 0 ? 'A28' : 'A31', time, same(one));
      case 'merge':
        return merge(time, one, other);
      case 'link':
        return adt('A24', time, same(one), same(other));
      case 'unlink':
        return adt('A37', time, same(one), same(other));
      case 'book':
        return siu('S12', time, this.visit(now.visit), one);
      case 'move': {
        const number = `V-${this.visit(now.visit)}^^^HOSP_A^VN`;
        const segments = [`MRG|${MRN(other)}||||${number}\r`, `PV1|1|O|CARD${'|'.repeat(16)}${number}\r`];
        return adt('A45', time, same(one), ...segments);
      }
    }
  }
}

async function compare(world: FeedWorld, history: History, model: Model): Promise<void> {
  const ids = new Map<string, number>();
  for (const one of NUMBERS) ids.set((await world.patientId(history.mrn(one))) ?? `none ${one}`, one);
  for (const one of NUMBERS) {
    const patient = await world.patient(history.mrn(one));
    assert.equal(patient !== null, model.known.has(one), `record ${one} is known`);
    if (patient === null) continue;
    assert.equal(patient.active, !model.into.has(one), `record ${one} is in use`);
    const replacedBy = patient.link?.find(({ type }) => type === 'replaced-by')?.other.reference;
    const expected = model.into.has(one) ? model.standsFor(one) : undefined;
    assert.equal(ids.get(replacedBy?.replace('Patient/', '') ?? ''), expected, `what stands for record ${one}`);
    const person = model.person(one);
    const visits = [...model.visits].filter(([, whose]) => person.has(whose)).map(([name]) => history.visit(name));
    assert.deepEqual(await world.found(history.mrn(one)), visits.sort(), `visits found by record ${one}`);
  }
}
