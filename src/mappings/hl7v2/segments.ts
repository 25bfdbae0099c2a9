/**
 * Which resource segments (AIS, AIG, AIL, AIP) of a message count, and what each says is done with its resource: by
 * segment action code (table 0206 in AIx-2, or in RGS-2 above it) and by trigger.
 *
 * A message lists all resources of the visit, and those marked as removed are left out; or, for the triggers under
 * `changesOnly` (S18-S22 by the standard), only the resources that change, and the others stay.
 */
import type { Segment } from '../../hl7v2/segment.ts';
import type { MapIssue, ParticipantStatement } from '../contract.ts';
import { END_STATUS, RESOURCE_FIELDS, type FillerStatus } from './codes.ts';
import { part, undecided, type Reading } from './reading.ts';
import { fillerStatus } from './status.ts';
import type { Counted } from './times.ts';

const RESOURCES = ['AIS', 'AIG', 'AIL', 'AIP'] as const;

/** The visit is ended, or time is opened again: "remove" then means the end itself, and all that was taken is named. */
const NAMES_WHAT_ENDS: ReadonlySet<string> = new Set(['S15', 'S16', 'S17', 'S23', 'S24', 'S26']);

/** Statuses of a resource in an otherwise standing visit that say that it is out of it. */
const IS_OUT: ReadonlySet<FillerStatus> = new Set(['cancelled', 'entered-in-error', 'discontinued']);

/** Resource segments that count; those that are being removed (AIx-2 or the RGS-2 above them) are left out. */
export function countedSegments(reading: Reading): Counted {
  const removed = new Set<Segment>();
  if (!NAMES_WHAT_ENDS.has(reading.trigger)) {
    for (const { head, segment } of grouped(reading)) {
      if (isRemoval(head) || isRemoval(segment)) removed.add(segment);
    }
  }
  for (const name of RESOURCES) for (const segment of reading.message.all(name)) warnOfShift(reading, segment);
  return (name) => reading.message.all(name).filter((segment) => !removed.has(segment));
}

function grouped(reading: Reading): readonly { readonly head: Segment | undefined; readonly segment: Segment }[] {
  return reading.message
    .groups('RGS', { members: RESOURCES })
    .flatMap(({ head, segments }) => segments.map((segment) => ({ head, segment })));
}

/** Table 0206 D; C is what one family of senders writes for it. */
function isRemoval(segment: Segment | undefined): boolean {
  return segment !== undefined && ['D', 'C'].includes(codeOf(segment));
}

function codeOf(segment: Segment | undefined): string {
  return segment === undefined ? '' : part(segment, 2).toUpperCase();
}

function warnOfShift(reading: Reading, segment: Segment): void {
  if (['', 'A', 'D', 'U', 'X', 'C', 'S'].includes(codeOf(segment))) return;
  reading.warn(
    `${segment.name}-2`,
    'is no action code; the segment may be shifted by a field (see `fields` in the site file)',
  );
}

/** True: the message lists only what changes. One that ends the visit as a whole changes no single resource. */
export function isPartial(reading: Reading, status: FillerStatus): boolean {
  return reading.settings.changesOnly.includes(reading.trigger) && status !== 'discontinued' && !END_STATUS.has(status);
}

type Action = ParticipantStatement['action'];

/** What is done with the resource of each segment; `replace`: as stated, instead of what was known of it. */
export type ActionOf = (segment: Segment) => NonNullable<Action> | 'replace';

/** What the trigger means for a segment without an action code, where others have one or it may stand for itself. */
const UNMARKED: Readonly<Record<string, ReturnType<ActionOf>>> = { S18: 'add', S19: 'replace' };

/**
 * An issue where something is said to be removed and nothing is marked: it may be listed as what goes or what stays.
 */
export function segmentActions(reading: Reading): ActionOf | MapIssue {
  const { trigger } = reading;
  const out = trigger === 'S21' ? ('end' as const) : ('remove' as const);
  const marked = new Map<Segment, ReturnType<ActionOf>>();
  for (const { head, segment } of grouped(reading)) {
    const code = isRemoval(head) ? 'D' : codeOf(segment) || codeOf(head);
    if (code === 'D' || code === 'C' || isOut(reading, segment)) marked.set(segment, out);
    else if (code === 'A') marked.set(segment, 'add');
    else if (code === 'U') marked.set(segment, 'replace');
    else if (code === 'X') marked.set(segment, 'none');
  }
  const unmarked = UNMARKED[trigger];
  const removes = [...marked.values()].includes(out);
  const names = RESOURCES.some((name) => reading.message.all(name).length > 0);
  if (unmarked === undefined && ['S20', 'S21', 'S22'].includes(trigger) && names && !removes) {
    return undecided(
      'AIP-2',
      `${trigger} says that something is out of the visit, and no segment is marked D or has a status that says so; ` +
        'if this sender lists what stays, take the trigger out of changesOnly',
    );
  }
  return (segment) => marked.get(segment) ?? unmarked ?? 'none';
}

function isOut(reading: Reading, segment: Segment): boolean {
  const field = RESOURCE_FIELDS[segment.name]?.status;
  if (field === undefined) return false;
  const status = fillerStatus(reading, segment.repetitions(field)[0], `${segment.name}-${field}`);
  return status !== undefined && IS_OUT.has(status);
}
