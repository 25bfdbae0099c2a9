/** A short run holds every rule, and the same run of a hub with a bug in it does not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chaos } from './chaos.ts';
import { struckIn } from './coverage.ts';
import { excerpt } from './excerpt.ts';
import { wishesOf } from './wishes.ts';
import { allOf } from './history.ts';
import { PLANTED } from './planted.ts';

/** Any number; what a failure prints is repeated by `npm run chaos -- --seed 4 --seconds 12 --shared`. */
const SEED = 4;
const SHORT_MS = 12_000;
const ROOT = join(import.meta.dirname, '../..');

test('a short run through faults, a cut and a kill holds every rule', { timeout: 240_000 }, async (t) => {
  const { events, violations } = await chaos(t, { seed: SEED, duration_ms: SHORT_MS, ownDatabase: false });
  const [first] = violations;
  assert.ok(
    first === undefined,
    `seed ${SEED}: ${violations.map((one) => `rule ${one.rule}: ${one.what}`).join('\n')}\n` +
      (first === undefined ? '' : excerpt(events, first).join('\n')),
  );
  const booked = wishesOf(events).filter((wish) => wish.last?.outcome === 'booked');
  assert.ok(booked.length >= 5, `${booked.length} booked: a run in which nothing happens proves nothing`);
  assert.ok(allOf(events, 'acted').filter((one) => one.done).length >= 5);
  assert.ok(Object.keys(struckIn(events)).length > 0);
});

test('a hub that takes its own echo for foreign is found out', { timeout: 240_000 }, async (t) => {
  const planted = PLANTED.find((one) => one.name === 'echo-taken-for-foreign');
  assert.ok(planted !== undefined);
  const options = { seed: SEED, duration_ms: 4_000, ownDatabase: false, planted, quietWithin_ms: 2_000 };
  const { violations } = await chaos(t, options);
  assert.ok(violations.length > 0);
});

test('every planted bug still finds the text that it changes', async () => {
  for (const { name, edits } of PLANTED) {
    for (const { file, from } of edits) {
      const text = await readFile(join(ROOT, file), 'utf8');
      assert.equal(text.split(from).length, 2, `${name}: ${file} holds once: ${from.trim()}`);
    }
  }
});
