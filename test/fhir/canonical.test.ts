/** Canonical resources and their ids from facts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalId, filledSlotKey } from '../../src/fhir/canonical-ids.ts';
import * as canonical from '../../src/fhir/canonical.ts';
import { during, siteOf, testSites } from '../support/builders.ts';

const [north] = testSites();

describe('ids', () => {
  it('are functions of the site and its key, so that the same record is found again', () => {
    assert.equal(canonicalId.slot('north', 'k'), canonicalId.slot('north', 'k'));
    const all = [
      canonicalId.slot('north', 'k'),
      canonicalId.slot('south', 'k'),
      canonicalId.slot('north', 'l'),
      canonicalId.appointment('north', 'k'),
      canonicalId.patient('north', 'k'),
      canonicalId.location('north', 'k'),
      canonicalId.schedule('north', 'k'),
      canonicalId.session('north', 'k'),
      canonicalId.device('north', 'k'),
      canonicalId.practitionerAtSite('north', 'k'),
      canonicalId.practitionerByNpi('k'),
      canonicalId.healthcareService('k'),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  it('of parts that run into each other differ', () => {
    assert.notEqual(canonicalId.slot('ab', 'c'), canonicalId.slot('a', 'bc'));
  });

  it('of a person with an NPI are the same at every site, of one without are each site’s own', () => {
    assert.notEqual(canonicalId.practitionerAtSite('north', 'ada'), canonicalId.practitionerAtSite('south', 'ada'));
    assert.notEqual(canonicalId.practitionerRole('north', 'p'), canonicalId.practitionerRole('south', 'p'));
  });

  it('of a filled slot name its schedule and its time', () => {
    assert.notEqual(filledSlotKey('a', during(9)), filledSlotKey('a', during(9, 0, 45)));
    assert.notEqual(filledSlotKey('a', during(9)), filledSlotKey('b', during(9)));
  });
});

describe('resources', () => {
  it('have the elements that FHIR R4 requires', () => {
    const schedule = canonical.schedule(north, 'n1', [{ type: 'Practitioner', id: 'p' }], { name: 'Ada' });
    assert.deepEqual(schedule.actor, [{ reference: 'Practitioner/p' }]);
    const facts = {
      key: 'k',
      scheduleId: 's',
      during: during(9),
      status: 'free',
      zone: 'UTC',
      serviceType: null,
    } as const;
    const slot = canonical.slot(north, { ...facts, specialty: null });
    assert.deepEqual(
      [slot.schedule.reference, slot.status, slot.start, slot.end],
      ['Schedule/s', 'free', '2026-11-23T09:00:00Z', '2026-11-23T09:30:00Z'],
    );
    assert.ok(!('serviceType' in slot) && !('specialty' in slot), 'an element that is empty is left out');
    assert.ok(!('name' in canonical.practitioner({ id: 'p', npi: null, code: 'x' })));
  });

  it('tell times with the offset of the place, before and after the clocks change', () => {
    const slot = (time: ReturnType<typeof during>): string =>
      canonical.slot(north, {
        key: 'k',
        scheduleId: 's',
        during: time,
        status: 'free',
        zone: 'Europe/Berlin',
        serviceType: null,
        specialty: null,
      }).start;
    assert.equal(slot(during(9)), '2026-11-23T10:00:00+01:00');
  });

  it('keep a site’s own codes under a system of that site', () => {
    const here = canonical.visitTypeConcept(north, 't50', null);
    const there = canonical.visitTypeConcept(siteOf('south'), 't50', null);
    assert.notDeepEqual(here.coding?.[0]?.system, there.coding?.[0]?.system);
    assert.equal(here.coding?.length, 1);
    assert.equal(canonical.visitTypeConcept(north, 't50', 'therapy-50').coding?.length, 2);
  });

  it('are found by an identifier with its system and with any', () => {
    const tokens = canonical.identifierTokens([{ system: 'urn:a', value: '1' }, { value: '2' }, { system: 'urn:b' }]);
    assert.deepEqual(tokens, ['identifier:urn:a|1', 'identifier:*|1', 'identifier:|2', 'identifier:*|2']);
  });
});
