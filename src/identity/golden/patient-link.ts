/**
 * FHIR R4 Patient.link of sites' records and of golden ids that stand for nobody now. `replaced-by` is a site's own
 * merge and nothing else: what matching or a person joined may come apart again, and both records stay in use.
 */
import type { Patient } from '../../fhir/types.ts';
import { linkElements } from '../links.ts';
import type { Resolution } from './aliases.ts';
import type { Replay } from './replay.ts';

type PatientLinks = NonNullable<Patient['link']>;

/** What its site says of it, and where more about the person is found. */
export function linksOfRecord(id: string, { clusters, links }: Replay): PatientLinks {
  const own = linkElements(id, links, (key) => key);
  const golden = clusters.find(({ members }) => members.includes(id))?.goldenId;
  return golden === undefined ? own : referring(own, golden);
}

/** Links of a site's record, and the one to its golden record. */
export function referring(own: PatientLinks, goldenId: string): PatientLinks {
  // A record that was merged away points to the one that is valid, and nowhere else.
  return own.some(({ type }) => type === 'replaced-by') ? own : [...own, refer(goldenId)];
}

/** Null for an id that stands for somebody: that one has a golden record. */
export function goldenIdPatient(id: string, resolution: Resolution): Patient | null {
  if (resolution.status === 'active') return null;
  const ids = resolution.status === 'redirected' ? [resolution.to] : resolution.into;
  return { resourceType: 'Patient', id, active: false, link: ids.map(refer) };
}

function refer(id: string): PatientLinks[number] {
  return { other: { reference: `Patient/${id}` }, type: 'refer' };
}
