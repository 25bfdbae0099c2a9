/** The effective status of a slot, every combination. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instant } from '../../src/core/instant.ts';
import { effectiveStatus, seatsLeft, type Occupied, type SlotFacts } from '../../src/fhir/effective.ts';
import type { SlotStatus } from '../../src/fhir/types.ts';

const HOUR = 3_600_000;
const at = (hour: number, hours = 1): SlotFacts['during'] => ({
  start: instant(hour * HOUR),
  end: instant((hour + hours) * HOUR),
});
const SLOT: SlotFacts = { during: at(9), siteStatus: 'free', capacity: 1, seatsLeft: null, session: null };
const FIRM: Occupied = { during: at(9), occupancy: 'A', visit: 'A', origin: 'site', tentative: false };
const HOLD: Occupied = { ...FIRM, origin: 'hub', tentative: true };
const BLOCK: Occupied = { ...FIRM, visit: null, origin: 'block' };
const STATUSES: readonly SlotStatus[] = ['free', 'busy', 'busy-unavailable', 'busy-tentative', 'entered-in-error'];

describe('the effective status of a slot', () => {
  const table: readonly [string, readonly Occupied[], Readonly<Partial<Record<SlotStatus, SlotStatus>>>][] = [
    ['nothing', [], {}],
    ['a visit', [FIRM], { free: 'busy', 'busy-unavailable': 'busy', 'busy-tentative': 'busy' }],
    [
      'a mirror',
      [{ ...FIRM, origin: 'mirror' }],
      { free: 'busy', 'busy-unavailable': 'busy', 'busy-tentative': 'busy' },
    ],
    ['a hold', [HOLD], { free: 'busy-tentative' }],
    ['a block', [BLOCK], { free: 'busy-unavailable', 'busy-tentative': 'busy-unavailable' }],
    ['a hold and a block', [HOLD, BLOCK], { free: 'busy-unavailable', 'busy-tentative': 'busy-unavailable' }],
    ['a visit and a block', [BLOCK, FIRM], { free: 'busy', 'busy-unavailable': 'busy', 'busy-tentative': 'busy' }],
    [
      'a visit that only touches',
      [
        { ...FIRM, during: at(8) },
        { ...FIRM, during: at(10) },
      ],
      {},
    ],
    [
      'a visit that overlaps by a bit',
      [{ ...FIRM, during: { start: at(8).start, end: instant(9 * HOUR + 1) } }],
      { free: 'busy', 'busy-unavailable': 'busy', 'busy-tentative': 'busy' },
    ],
  ];
  for (const [what, occupied, lowered] of table) {
    for (const said of STATUSES) {
      const expected = lowered[said] ?? said;
      it(`with ${what}, where its site says ${said}, is ${expected}`, () => {
        assert.equal(effectiveStatus({ ...SLOT, siteStatus: said }, occupied), expected);
      });
    }
  }

  it('is never free where its site does not say so', () => {
    for (const said of STATUSES.filter((status) => status !== 'free')) {
      for (const occupied of [[], [FIRM], [HOLD], [BLOCK], [HOLD, FIRM, BLOCK]]) {
        assert.notEqual(effectiveStatus({ ...SLOT, siteStatus: said }, occupied), 'free');
      }
    }
  });

  it('is busy-unavailable while its site is withdrawn, and busy where it is taken', () => {
    assert.equal(effectiveStatus({ ...SLOT, withdrawn: true }, []), 'busy-unavailable');
    assert.equal(effectiveStatus({ ...SLOT, withdrawn: true }, [HOLD]), 'busy-unavailable');
    assert.equal(effectiveStatus({ ...SLOT, withdrawn: true }, [FIRM]), 'busy');
  });
});

describe('the effective status of a class', () => {
  const CLASS: SlotFacts = { ...SLOT, session: 'S', capacity: 3, seatsLeft: 3 };
  const seat = (visit: string, more: Partial<Occupied> = {}): Occupied => ({ ...FIRM, occupancy: 'S', visit, ...more });
  const held = (visit: string): Occupied => seat(visit, { origin: 'hub', tentative: true });

  it('is free while a seat is left, by the count of the site and by ours', () => {
    assert.equal(effectiveStatus(CLASS, [seat('1'), seat('2')]), 'free');
    assert.equal(effectiveStatus(CLASS, [seat('1'), seat('2'), seat('3')]), 'busy');
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: 1 }, []), 'free');
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: 0 }, []), 'busy');
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: null }, [seat('1'), seat('2')]), 'free');
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: null }, [seat('1'), seat('2'), seat('3')]), 'busy');
  });

  it('is tentatively taken when holds take the last seats', () => {
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: 1 }, [held('1')]), 'busy-tentative');
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: 2 }, [held('1')]), 'free');
  });

  it('counts a visit with two resources once', () => {
    assert.equal(effectiveStatus({ ...CLASS, seatsLeft: 2 }, [held('1'), held('1')]), 'free');
  });

  it('is taken by anything else that its person does', () => {
    assert.equal(effectiveStatus(CLASS, [FIRM]), 'busy');
    assert.equal(effectiveStatus(CLASS, [HOLD]), 'busy-tentative');
    assert.equal(effectiveStatus(CLASS, [BLOCK]), 'busy-unavailable');
  });

  it('takes an ordinary slot of the same person', () => {
    assert.equal(effectiveStatus(SLOT, [seat('1')]), 'busy');
  });

  it('has no fewer seats left than none, whichever count is behind', () => {
    assert.equal(seatsLeft({ capacity: 10, seatsLeft: 1 }, { taken: 10, uncounted: 0 }), 0);
    assert.equal(seatsLeft({ capacity: 10, seatsLeft: 1 }, { taken: 3, uncounted: 0 }), 1);
    assert.equal(seatsLeft({ capacity: 10, seatsLeft: 5 }, { taken: 5, uncounted: 2 }), 3);
    assert.equal(seatsLeft({ capacity: 4, seatsLeft: null }, { taken: 1, uncounted: 1 }), 3);
  });
});
