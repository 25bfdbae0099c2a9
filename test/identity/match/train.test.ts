import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../../src/identity/match/evaluation.ts';
import { readModel } from '../../../src/identity/match/model.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import type { Person } from '../../../src/identity/match/person.ts';
import { train, type Trained } from '../../../src/identity/match/train.ts';
import { truthByLabel } from '../../../src/identity/match/truth.ts';
import { anotherRecord, makePerson, randomOf, recordOf } from '../../support/people.ts';

const MODEL = SHIPPED_MODEL;
const random = randomOf(41);
const people = Array.from({ length: 1_500 }, () => makePerson(random));
const left = people.map((person) => normalised(recordOf(person)));
const right = people.map((person) => normalised(anotherRecord(random, person)));
const labels = people.map((_one, at) => String(at));

function trained(lefts: readonly Person[] = left, rights: readonly Person[] | null = right): Trained {
  const more = { from: MODEL, name: 'test', trainedOn: 'made-up people', randomPairs: 50_000, seed: 1 };
  return train({ ...more, left: lefts, right: rights });
}

test('the share of true pairs is found without labels', () => {
  const { lambda, matchesPerRecord } = trained();
  assert.ok(Math.abs(lambda * 1_500 - 1) < 0.05, String(lambda * 1_500));
  assert.ok(Math.abs(matchesPerRecord - 1) < 0.05);
});

test('rates come near those that the labels would give', () => {
  const { model } = trained();
  const [surname] = model.fields.family['exact'] ?? [0];
  const kept = people.filter((_one, at) => left[at]?.family.whole === right[at]?.family.whole).length / people.length;
  assert.ok(Math.abs(surname - kept) < 0.02, `${surname}, not ${kept}`);
  // One day in 36,500, of 70 years somewhat more.
  const [, birthday] = model.fields.birth['exact'] ?? [0, 0];
  assert.ok(birthday > 1e-5 && birthday < 1e-4, String(birthday));
});

test('every rate of the result is a share, the model carries its hash, and the same files give the same model', () => {
  const one = trained();
  assert.equal(readModel(JSON.parse(JSON.stringify(one.model))).sha256, one.model.sha256);
  assert.equal(trained().model.sha256, one.model.sha256);
  assert.deepEqual(one.model.budgets, MODEL.budgets);
  const [first, second] = one.moved;
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(Math.abs(first.to - first.from) >= Math.abs(second.to - second.from));
});

test('fields that no record has keep their rates', () => {
  const { model } = trained();
  assert.deepEqual(model.fields.person, MODEL.fields.person);
});

test('a trained model links no wrong pair of the people it was not trained on', () => {
  const { model } = trained(left.slice(0, 750), right.slice(0, 750));
  const rest = {
    left: left.slice(750),
    right: right.slice(750),
    truth: truthByLabel(labels.slice(750), labels.slice(750)),
  };
  const { auto, autoAndReview } = evaluate(rest, { model, today: 20261122 });
  assert.equal(auto.wrong, 0);
  assert.ok(autoAndReview.recall > 0.99, String(autoAndReview.recall));
});
