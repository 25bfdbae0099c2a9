/**
 * What ADT says of a visit under way. SIU has no word for arrival (hl7v2-scheduling.md sections 2 and 9): an arrival,
 * an end, and that either was a mistake are told by ADT, with the number of the visit.
 */
import type { AppointmentStatus } from '../../fhir/types.ts';
import type { PatientAssertion } from '../contract.ts';
import type { VisitName, VisitStatus } from '../contract-people.ts';
import { visitNumber } from './identifiers.ts';
import { fieldOf, part, pathOf, said, type Reading } from './reading.ts';

/** `registered`: arrived or checked in, as the site file says. */
type Becomes = AppointmentStatus | 'registered';

interface StatusRule {
  readonly becomes: Becomes;
  /** A visit in another status stays: a cancelled one is not revived by somebody who comes all the same. */
  readonly from: readonly AppointmentStatus[];
}

const EXPECTED: readonly AppointmentStatus[] = ['proposed', 'pending', 'booked', 'waitlist', 'noshow'];
const HERE: readonly AppointmentStatus[] = ['arrived', 'checked-in'];

export const ADT_STATUS: Readonly<Record<string, StatusRule>> = {
  A01: { becomes: 'arrived', from: EXPECTED },
  A04: { becomes: 'registered', from: EXPECTED },
  A10: { becomes: 'arrived', from: EXPECTED },
  A11: { becomes: 'booked', from: HERE },
  A32: { becomes: 'booked', from: HERE },
  A03: { becomes: 'fulfilled', from: [...EXPECTED, ...HERE] },
  A13: { becomes: 'arrived', from: ['fulfilled'] },
};

/** Null: the message says nothing of the status, or names no visit. */
export function visitStatus(reading: Reading, people: readonly PatientAssertion[]): VisitStatus | null {
  const rule = ADT_STATUS[reading.trigger];
  if (rule === undefined) return null;
  const visit = visitName(reading);
  if (visit.length === 0) return null;
  return {
    kind: 'visit-status',
    at: reading.at,
    reason: `ADT^${reading.trigger}`,
    visit,
    of: people.map(({ key }) => key),
    status: rule.becomes === 'registered' ? reading.settings.registered : rule.becomes,
    from: rule.from,
  };
}

/**
 * By the places of the site file. PV1-19 is a visit number and nothing else; what another field holds, only the site
 * knows.
 */
export function visitName(reading: Reading): VisitName {
  return reading.settings.visitKey.flatMap((path): VisitName => {
    const { segment: name, field, component } = pathOf(path);
    for (const segment of reading.message.all(name)) {
      if (path === 'PV1-19') {
        const found = visitNumber(reading, fieldOf(segment, 19));
        if (found !== null) return [found];
      } else {
        const value =
          component === 1 ? partOf(segment.repetitions(field)[0]) : said(segment.component(field, component));
        if (value !== '') return [{ value }];
      }
    }
    return [];
  });
}

function partOf(field: Parameters<typeof part>[0] | undefined): string {
  return field === undefined ? '' : part(field, 1);
}
