/**
 * Trigger and SCH-25 together: feeds start in the middle of an appointment's life, and copies of the status grow stale.
 */
import type { Instant } from '../../core/instant.ts';
import type { AppointmentStatus } from '../../fhir/types.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import { FILLER_STATUS, RESOURCE_FIELDS, TRIGGER_STATUS, type FillerStatus } from './codes.ts';
import { part, pathOf, type Composite, type Reading } from './reading.ts';
import type { Counted } from './times.ts';

export interface Stated {
  readonly status: FillerStatus;
  /** Nothing was said about the status: a known appointment keeps its own. */
  readonly keeps: boolean;
}

/**
 * Table 0278 in any case, by code or text, the site's own words first. Undefined for nothing, and with a warning for
 * the unknown.
 */
export function fillerStatus(reading: Reading, field: Composite | undefined, where: string): FillerStatus | undefined {
  if (field === undefined) return undefined;
  const words = [part(field, 1), part(field, 2)].filter((word) => word !== '').map((word) => word.toUpperCase());
  if (words.length === 0) return undefined;
  const local = new Map(
    Object.entries(reading.settings.statusCodes).map(([code, meaning]) => [code.toUpperCase(), meaning.toUpperCase()]),
  );
  for (const word of words) {
    const known = FILLER_STATUS[local.get(word) ?? word];
    if (known !== undefined) return known;
  }
  reading.warn(where, 'has a status that is not known; list it under statusCodes');
  return undefined;
}

/**
 * By the places of the site file, else the trigger; the trigger before all where the site file says so (a stale
 * "Booked").
 */
export function statedStatus(reading: Reading, sch: Segment, counted: Counted): Stated {
  const byTrigger = TRIGGER_STATUS[reading.trigger];
  const told = toldStatus(reading, counted);
  if (told === undefined)
    return { status: tentative(reading, sch, byTrigger?.status), keeps: byTrigger?.keeps === true };
  if (byTrigger === undefined || !reading.settings.triggerWins.includes(reading.trigger)) {
    return { status: told, keeps: false };
  }
  // S16 says that a visit was stopped; that it is complete is no contradiction but the better answer.
  if (told === byTrigger.status || (byTrigger.status === 'discontinued' && told === 'fulfilled')) {
    return { status: told, keeps: false };
  }
  reading.warn('SCH-25', `contradicts the trigger ${reading.trigger}, which was followed`);
  return { status: byTrigger.status, keeps: false };
}

function toldStatus(reading: Reading, counted: Counted): FillerStatus | undefined {
  for (const path of reading.settings.fields.status) {
    const { segment: name, field } = pathOf(path);
    // That one resource is cancelled does not cancel the visit.
    if (RESOURCE_FIELDS[name] !== undefined && reading.settings.changesOnly.includes(reading.trigger)) continue;
    for (const segment of counted(name)) {
      const status = fillerStatus(reading, segment.repetitions(field)[0], path);
      if (status !== undefined) return status;
    }
  }
  return undefined;
}

/** Table 0277 "Tentative" in SCH-8: asked for, not promised. */
function tentative(reading: Reading, sch: Segment, status: FillerStatus = 'booked'): FillerStatus {
  return status === 'booked' && part(sch, 8).toUpperCase() === 'TENTATIVE' && reading.trigger !== 'S14'
    ? 'pending'
    : status;
}

/** Discontinued has no target in FHIR: a visit under way has taken place, one to come is cancelled. */
export function appointmentStatus(
  status: Exclude<FillerStatus, 'blocked'>,
  start: Instant | null,
  at: Instant,
): AppointmentStatus {
  if (status !== 'discontinued') return status;
  return start !== null && start <= at ? 'fulfilled' : 'cancelled';
}
