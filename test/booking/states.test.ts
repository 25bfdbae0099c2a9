/** The machine as a table, and what a site is sent. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calendarOf, patientFacts } from '../../src/booking/order.ts';
import { comingFrom, isSettled, TRANSITIONS } from '../../src/booking/states.ts';
import { ARROWS, statesPage } from '../../src/booking/states-page.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Patient } from '../../src/fhir/types.ts';
import type { BookingState } from '../../src/store/contract-bookings.ts';
import { siteOf, testSites } from '../support/builders.ts';

const STATES = Object.keys(TRANSITIONS) as BookingState[];

describe('the states of a booking', () => {
  it('that are settled are left by nothing, and are told for ever', () => {
    assert.deepEqual(STATES.filter(isSettled).sort(), ['booked', 'expired', 'refused']);
  });

  it('all lead to an end', () => {
    const ends = (state: BookingState, seen: ReadonlySet<BookingState>): boolean =>
      isSettled(state) || TRANSITIONS[state].some((next) => !seen.has(next) && ends(next, new Set([...seen, next])));
    for (const state of STATES) assert.ok(ends(state, new Set([state])), state);
  });

  it('let a booking be sent only from where it provably is not at the site', () => {
    assert.deepEqual(comingFrom('sent').sort(), ['held', 'queued', 'unsent']);
  });

  it('let a hold run out only before the site was asked', () => {
    assert.deepEqual(comingFrom('expired').sort(), ['awaiting-approval', 'held']);
  });

  it('let what is parked be settled by news, and by nothing else', () => {
    assert.deepEqual([...TRANSITIONS.parked].sort(), ['booked', 'refused']);
  });
});

describe('the page about them', () => {
  it('has a sentence for every arrow, and for none that is not there', () => {
    const arrows = STATES.flatMap((from) => TRANSITIONS[from].map((to) => `${from} ${to}`));
    assert.deepEqual(Object.keys(ARROWS).sort(), arrows.sort());
    for (const state of STATES) assert.ok(statesPage().includes(`| \`${state}\` |`), state);
  });
});

describe('what a site is sent of a patient', () => {
  const site = siteOf('north', {
    identifiers: {
      mrn: { system: 'urn:mrn', type: 'MR', useForWriteBack: true },
      ssn: { system: 'urn:ssn', type: 'SS', useForWriteBack: false },
    },
  });
  const ana: Patient = {
    resourceType: 'Patient',
    name: [{ family: 'Lopez', given: ['Ana', 'Maria'] }],
    birthDate: '1980-02-03',
    telecom: [
      { system: 'phone', value: '1' },
      { system: 'email', value: 'a@b' },
    ],
    identifier: [
      { system: 'urn:mrn', value: 'M1' },
      { system: 'urn:ssn', value: 'S1' },
      { system: 'urn:other', value: 'O1' },
    ],
  };

  it('is the chosen record, with the identifiers of this site that its file allows', () => {
    const facts = patientFacts(ana, [ana], site, 'demographics');
    assert.deepEqual(facts, {
      identifiers: [{ system: 'urn:mrn', value: 'M1', type: '' }],
      family: 'Lopez', given: 'Ana', birthDate: '1980-02-03', phone: '1', email: 'a@b',
    }); // prettier-ignore
    assert.deepEqual(patientFacts(ana, [], site, 'demographics').identifiers, []);
  });

  it('is refused where the site knows people by its own id and has none of this one, or the name is not whole', () => {
    const refused = (error: unknown): boolean => error instanceof HubError && error.code === 'RULE_BROKEN';
    assert.throws(() => patientFacts(ana, [], site, 'id'), refused);
    assert.equal(patientFacts(ana, [ana], site, 'id').identifiers.length, 1);
    assert.throws(() => patientFacts({ ...ana, name: [{ family: 'Lopez' }] }, [ana], site, 'id'), refused);
  });
});

describe('the calendar of a slot', () => {
  it('is the one whose schedule it lies in', () => {
    const [north] = testSites();
    assert.equal(calendarOf(north, canonicalId.schedule('north', 'n2')), 'n2');
    assert.equal(calendarOf(north, canonicalId.schedule('south', 'n2')), null);
  });
});
