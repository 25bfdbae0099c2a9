/** Rule 2 where a coordinator decides first. Part of check.ts. */
import { allOf, type Of } from './history.ts';
import { nameOf, type Judged, type Violation } from './judged.ts';

/**
 * Nothing of ours is at such a site that nobody approved, whatever was said of it; what was declined comes to nothing;
 * and of two who decide at once one is told that it is decided.
 */
export function approvedFirst({ events, truths, bookings }: Judged): readonly Violation[] {
  const sites = allOf(events, 'begin').flatMap(({ approval = [] }) => approval);
  const decisions = Map.groupBy(allOf(events, 'decision'), ({ booking }) => booking);
  const of = (booking: string | null): readonly Of<'decision'>[] => decisions.get(booking ?? '') ?? [];
  const unasked = truths
    .filter(({ site, correlation }) => sites.includes(site) && correlation !== null)
    .filter(({ correlation }) => !of(correlation).some(mayHaveApproved))
    .map(({ site, siteKey, correlation }): Violation => ({
      rule: 2,
      what: `${nameOf(site, siteKey)} is at the site, and nobody approved it`,
      about: [correlation ?? '', nameOf(site, siteKey)],
    }));
  const declined = bookings
    .filter(({ booking, state }) => state === 'booked' && of(booking).some((one) => isSaid(one, 'decline')))
    .map(({ booking, key, appointment }): Violation => ({
      rule: 2,
      what: `${key}: it was declined, and is booked`,
      about: [booking, key, appointment],
    }));
  const both = [...decisions].flatMap(([booking, said]): Violation[] =>
    said.some((one) => isSaid(one, 'approve')) && said.some((one) => isSaid(one, 'decline'))
      ? [{ rule: 3, what: `booking ${booking} was approved and declined`, about: [booking] }]
      : [],
  );
  return [...unasked, ...declined, ...both];
}

/** An answer that was lost, or that the hub was in trouble, says nothing. */
function mayHaveApproved({ decision, status }: Of<'decision'>): boolean {
  return decision === 'approve' && (status === null || status === 200 || status >= 500);
}

function isSaid(one: Of<'decision'>, decision: 'approve' | 'decline'): boolean {
  return one.decision === decision && one.status === 200;
}
