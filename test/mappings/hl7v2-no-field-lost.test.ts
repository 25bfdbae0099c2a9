/**
 * No field that the table names is read and dropped: in a copy of every sample that is applied, each such value is
 * changed to another plausible one, and what the message becomes must change too. Where it does not, the table of
 * excuses says why; where another field speaks first, that one is taken away and the rule must hold then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { map } from '../fixtures/siu/site.ts';
import { NO_SAMPLES, readGoldens, readSample, sampleNames, SITES } from '../support/golden.ts';
import { mutated, placesOf, Text, type Place } from '../support/hl7-mutation.ts';
import { excuseFor, EXCUSES, type Excuse } from '../support/hl7-excuses.ts';

const samples = new Set(sampleNames());
const applied = readGoldens().filter(({ sample, expected }) => samples.has(sample) && expected.outcome === 'applied');

/** The same site with all that a site file can turn on: what some want and others do not is read here. */
function eager(site: SiteSettings): SiteSettings {
  const settings = {
    ...site.settings,
    diagnoses: true,
    notes: ['SCH', 'AIS'],
    adtAppointments: 'a05-a38',
    visitKey: ['PV1-19', 'PV1-50'],
  };
  return { ...site, settings, sensitivity: { ...site.sensitivity, codes: { VIP: ['R'], 'PV1-16=N': ['N'] } } };
}

test('every value that the table of fields names changes what the message becomes', (context) => {
  if (samples.size === 0) {
    context.diagnostic(NO_SAMPLES);
    return;
  }
  const used = new Set<Excuse>();
  const lost: string[] = [];
  let changed = 0;
  let excused = 0;
  for (const { sample, site } of applied) {
    const text = Text.of(readSample(sample));
    const sites = [SITES[site], eager(SITES[site])];
    const become = (one: Text): string => JSON.stringify(sites.map((each) => map(one.bytes(), each)));
    const before = become(text);
    const differs = (place: Place, from: Text, was: string): boolean => become(mutated(from, place)) !== was;
    for (const place of placesOf(text)) {
      if (differs(place, text, before)) {
        changed += 1;
        continue;
      }
      const excuse = excuseFor(text, place, (others, whether) => {
        const without = text.without(others, place);
        const was = become(without);
        return whether ? become(without.with(place, '')) !== was : differs(place, without, was);
      });
      if (excuse === undefined) lost.push(`${sample} ${place.path}.${place.component} (${place.ordinal})`);
      else {
        used.add(excuse);
        excused += 1;
      }
    }
  }
  context.diagnostic(`${changed} values changed the outcome, ${excused} are excused`);
  assert.deepEqual(lost, []);
  assert.deepEqual(
    EXCUSES.filter((excuse) => !used.has(excuse)).map(({ because }) => because),
    [],
  );
  assert.ok(changed > excused);
});
