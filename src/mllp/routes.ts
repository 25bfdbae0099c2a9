/**
 * Which site a message belongs to. Sites on one port are told apart by MSH-3, 4, 5 and 6 (first components): of those
 * that fit, the one that names most of the four counts; of equals, the one that names the earlier field. Two that name
 * the same are refused by the plan (settings/mllp-rules.ts).
 */
import type { Hl7Feed } from '../connectors/contract.ts';
import type { Header } from '../hl7v2/header.ts';
import { doorOf, SHARED } from '../settings/mllp-rules.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { admission, type Admission } from './admission.ts';

export type Hl7Site = TakingSite | RestingSite;

export interface TakingSite {
  readonly site: SiteSettings;
  readonly feed: Hl7Feed;
  readonly rests?: never;
}

/** Known, so that its messages go to nobody else, and taking none: not yet, or not until somebody says so. */
export interface RestingSite {
  readonly site: SiteSettings;
  readonly feed: Pick<Hl7Feed, 'address'>;
  readonly rests: 'starting' | 'suspended';
}

export type Route =
  | { readonly kind: 'site'; readonly found: Hl7Site; readonly admit: Admission }
  /** The names are those of a site that is reached at a port of its own. */
  | { readonly kind: 'other-port' }
  | { readonly kind: 'none' };

export type Routes = (door: string, head: Header) => Route;

interface Candidate {
  readonly found: Hl7Site;
  readonly door: string;
  /** MSH-3 to MSH-6; empty fits anything. */
  readonly names: readonly string[];
  readonly exactness: number;
  readonly admit: Admission;
}

export function routes(sites: readonly Hl7Site[]): Routes {
  const candidates = sites.map(candidate).sort(
    // Of two that are alike in everything the same one takes every message, whatever their order.
    (one, other) => other.exactness - one.exactness || (one.found.site.id < other.found.site.id ? -1 : 1),
  );
  return (door, head) => {
    const sent = [
      head.sendingApplication,
      head.sendingFacility,
      head.receivingApplication,
      head.receivingFacility,
    ] as const;
    const fitting = candidates.filter(({ names }) => names.every((name, at) => name === '' || name === sent[at]));
    const here = fitting.find((one) => one.door === door);
    const elsewhere = fitting.find((one) => one.door !== door);
    // What is sent past the port that was set up for it would pass its certificates and lists by.
    const isElsewhere = door === SHARED && elsewhere !== undefined && elsewhere.exactness > (here?.exactness ?? 0);
    if (isElsewhere) return { kind: 'other-port' };
    return here === undefined ? { kind: 'none' } : { kind: 'site', found: here.found, admit: here.admit };
  };
}

function candidate(found: Hl7Site): Candidate {
  const { from, to, listen } = found.feed.address;
  const names = [from.application, from.facility, to.application, to.facility];
  const weights = [8, 4, 2, 1];
  const named = names.map((name, at) => (name === '' ? 0 : 16 + (weights[at] ?? 0)));
  return {
    found,
    door: doorOf(found.site.id, listen),
    names,
    exactness: named.reduce((sum, one) => sum + one, 0),
    admit: admission(listen.allow),
  };
}
