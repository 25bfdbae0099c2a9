/**
 * Writes what the mapping makes of every sample that was not checked by hand:
 * `node test/support/golden-write.ts`. What it changed is then read over like any other change; those that were
 * written by hand are left alone.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { map } from '../fixtures/siu/site.ts';
import {
  digest,
  GOLDEN_FOLDER,
  goldenName,
  NO_SAMPLES,
  outcomeOf,
  readGoldens,
  readSample,
  sampleNames,
  SITES,
  type Golden,
} from './golden.ts';

function siteFor(sample: string): Golden['site'] {
  if (/^renalware/.test(sample)) return 'adt-appointments';
  return 'plain';
}

const names = sampleNames();
if (names.length === 0) process.stderr.write(`${NO_SAMPLES}\n`);
const byHand = new Set(readGoldens().flatMap((golden) => (golden.checkedByHand === true ? [golden.sample] : [])));
for (const sample of names.filter((name) => !byHand.has(name))) {
  const bytes = readSample(sample);
  const site = siteFor(sample);
  const golden: Golden = { sample, sha256: digest(bytes), site, expected: outcomeOf(map(bytes, SITES[site])) };
  const file = join(GOLDEN_FOLDER, goldenName(sample));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
}
