/** SIU, filled as the standard sheet's examples V1 (2.5.1), V1b (2.3) and V8, but for the habits in force. */
import { HOUR_MS, MINUTE_MS } from '../../core/instant.ts';
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import type { Block, Equipment, Patient, RoomTime, Visit } from './model.ts';
import { CLERK, endOf, isOld, msh, person, pid, place, practitionerById } from './segments.ts';
import type { Header, Letterhead } from './segments.ts';

/** What of a visit changed with this message, where the message can say so. */
export interface Change {
  /** The visit before a move. */
  readonly before?: Visit;
  /** A piece of equipment, and what happened to it (table 0206). */
  readonly equipment?: { readonly id: string; readonly action: 'A' | 'U' | 'D' };
}

/** SIU S12 to S22 and S26: the whole visit each time. */
export function siu(letter: Letterhead, header: Header, visit: Visit, patient: Patient, change: Change = {}): string {
  const action = header.event.endsWith('S12') ? 'A' : 'U';
  const { habits } = letter.settings;
  const shown: Visit = habits.statusContradicts ? { ...visit, status: 'Booked' } : visit;
  return [
    msh(letter, header, 'SIU_S12'),
    ...scheduled(letter, shown, habits.withoutPatient ? null : patient, action, { change }),
  ].join('');
}

/** SCH and everything behind it; `placer` is SCH-1 where an answer must repeat what was asked. */
export function scheduled(
  letter: Letterhead,
  visit: Visit,
  patient: Patient | null,
  action: string,
  more: { readonly placer?: readonly string[]; readonly change?: Change } = {},
): string[] {
  const { seed } = letter;
  const { moveAsGroups } = letter.settings.habits;
  const before = moveAsGroups ? more.change?.before : undefined;
  const says = saying(letter);
  const pv1 = { 1: '1', 2: 'O', 3: place(seed, visit.room), 7: practitioner(letter, visit) };
  return [
    sch(letter, visit, more.placer ?? visit.placer ?? [visit.placerId]),
    says.tq1 ? tq1(letter, visit.start, endOf(visit)) : '',
    visit.note === '' ? '' : segment('NTE', { 1: '1', 3: escape(visit.note) }),
    patient === null ? '' : pid(letter, patient),
    segment('PV1', pv1),
    ...(before === undefined ? [] : group(letter, before, 'D', 1, {})),
    ...group(letter, visit, before === undefined ? action : 'A', before === undefined ? 1 : 2, more.change ?? {}),
  ];
}

/** Which places tell the start, and how many milliseconds off the lying ones are. */
function saying(letter: Letterhead): {
  sch: boolean;
  tq1: boolean;
  ais: boolean;
  aig: boolean;
  others: boolean;
  lie: number;
} {
  const { startIn } = letter.settings.habits;
  const isAll = startIn === 'everywhere' || startIn === 'contradicting';
  return {
    sch: isAll || startIn === 'SCH-11',
    tq1: !isOld(letter) && (isAll || startIn === 'TQ1'),
    ais: isAll || startIn === 'AIS',
    aig: isAll || startIn === 'AIG',
    others: isAll,
    lie: startIn === 'contradicting' ? HOUR_MS : 0,
  };
}

function sch(letter: Letterhead, visit: Visit, placer: readonly string[]): string {
  const { seed } = letter;
  const old = isOld(letter);
  const zone = seed.clinic.timezone;
  const says = saying(letter);
  // Of those that there are TQ1 is asked first, then SCH-11 (section 4): only that one tells the truth.
  const shift = old ? 0 : says.lie;
  const coded = (code: string, name: string, system: string): string => (old ? code : components(code, name, system));
  const [start, end] = [timestamp(visit.start + shift, zone), timestamp(endOf(visit) + shift, zone)];
  return segment('SCH', {
    1: components(...placer),
    2: components(visit.id, seed.clinic.facility),
    5: components(`SCHED_${visit.practitioner}`),
    6: coded(visit.eventReason, EVENT_REASONS[visit.eventReason] ?? visit.eventReason, 'L'),
    7: isCode(visit.reason) ? coded(visit.reason, visit.reason.toLowerCase(), 'HL70276') : components('', visit.reason),
    8: coded('Normal', 'Normal', 'HL70277'),
    9: String(visit.minutes),
    10: unit(letter),
    11: says.sch ? `^^${lasts(letter, visit.minutes)}^${start}^${end}` : '',
    16: CLERK,
    20: CLERK,
    25: status(letter, visit.status),
  });
}

/** Codes are in capitals here; anything else are the words of a person. */
function isCode(reason: string): boolean {
  return /^[A-Z][A-Z0-9_-]*$/.test(reason) || reason === '';
}

const EVENT_REASONS: Readonly<Record<string, string>> = {
  NEW: 'New booking',
  RESCHED: 'Rescheduled',
  MODIFY: 'Details changed',
  PATCAN: 'Patient cancelled',
  CLINCAN: 'Clinic cancelled',
  NOSHOW: 'Patient did not come',
  DISCONT: 'Discontinued',
  ERROR: 'Entered in error',
};

function unit(letter: Letterhead): string {
  if (!letter.settings.habits.durationUnits) return '';
  return isOld(letter) ? 'min' : components('min', 'minutes', 'ISO+');
}

/** TQ-3: `M30`; a bare number where units are not said. */
function lasts(letter: Letterhead, minutes: number): string {
  return letter.settings.habits.durationUnits ? `M${minutes}` : String(minutes);
}

function status(letter: Letterhead, word: string): string {
  return isOld(letter) ? word.toUpperCase() : components(word, word, 'HL70278');
}

function tq1(letter: Letterhead, start: number, end: number): string {
  const { offsets } = letter.settings;
  const zone = letter.seed.clinic.timezone;
  return segment('TQ1', { 1: '1', 7: timestamp(start, zone, offsets), 8: timestamp(end, zone, offsets) });
}

function practitioner(letter: Letterhead, visit: Visit): string {
  return person(letter, practitionerById(letter.seed, visit.practitioner));
}

function group(letter: Letterhead, visit: Visit, action: string, set: number, change: Change): string[] {
  const { seed } = letter;
  const { habits } = letter.settings;
  const type = seed.visitTypes.find((one) => one.code === visit.visitType);
  const says = saying(letter);
  const id = String(set);
  const role = isOld(letter) ? 'DR' : components('ATND', 'Attending', 'L');
  const timing = (first: number, isSaid: boolean): Record<number, string> =>
    resourceTiming(letter, visit.start + says.lie, visit, first, isSaid);
  const { family, given, id: code } = practitionerById(seed, visit.practitioner);
  const name = components(code, `${family}, ${given}`, 'L');
  const who =
    habits.practitionerIn === 'AIG'
      ? segment('AIG', { 1: id, 2: action, 3: name, 4: components('P', 'Provider', 'L'), ...timing(8, says.aig) })
      : segment('AIP', { 1: id, 2: action, 3: practitioner(letter, visit), 4: role, ...timing(6, says.others) });
  const equipment = (visit.equipment ?? []).map((one, index) => aig(letter, visit, one, index + 2, change));
  return [
    segment('RGS', { 1: id, 2: action, 3: `G${set}` }),
    segment('AIS', { 1: id, 2: action, 3: components(visit.visitType, type?.text ?? '', 'L'), ...timing(4, says.ais) }),
    ...equipment,
    habits.startIn === 'AIG' && habits.practitionerIn === 'AIP'
      ? segment('AIG', { 1: id, 2: action, 3: name, 4: components('P', 'Provider', 'L'), ...timing(8, true) })
      : '',
    segment('AIL', { 1: id, 2: action, 3: place(seed, visit.room), 4: 'C', ...timing(6, says.others) }),
    ...(visit.rooms ?? []).map((one, index) => ail(letter, visit, one, { set: index + 2, action })),
    who,
  ];
}

/** Start, duration, unit, substitution and status stand in this order in every resource segment. */
function resourceTiming(
  letter: Letterhead,
  start: number,
  visit: Visit,
  first: number,
  isSaid: boolean,
): Record<number, string> {
  return {
    [first]: isSaid ? timestamp(start, letter.seed.clinic.timezone) : '',
    [first + 3]: String(visit.minutes),
    [first + 4]: unit(letter),
    [first + 5]: 'No',
    [first + 6]: status(letter, visit.status),
  };
}

/** A room besides says its own start: some readers know no offsets. */
function ail(
  letter: Letterhead,
  visit: Visit,
  { room, offset, minutes }: RoomTime,
  { set, action }: { readonly set: number; readonly action: string },
): string {
  return segment('AIL', {
    1: String(set),
    2: action,
    3: place(letter.seed, room),
    4: 'O',
    6: timestamp(visit.start + offset * MINUTE_MS, letter.seed.clinic.timezone),
    9: String(minutes),
    10: unit(letter),
    11: 'No',
    12: status(letter, visit.status),
  });
}

/** Equipment has its own offset and duration within the visit. */
function aig(letter: Letterhead, visit: Visit, equipment: Equipment, set: number, change: Change): string {
  const action = change.equipment?.id === equipment.id ? change.equipment.action : 'X';
  return segment('AIG', {
    1: String(set),
    2: action,
    3: components(equipment.id, equipment.text, 'L'),
    4: components('EQUIPMENT', 'Equipment', 'L'),
    9: String(equipment.offset),
    10: unit(letter),
    11: String(equipment.minutes),
    12: unit(letter),
    14: status(letter, visit.status),
  });
}

/** S23, S24: time of a practitioner blocked or freed; no patient (example V8). */
export function blockMessage(letter: Letterhead, header: Header, block: Block): string {
  const { seed } = letter;
  const zone = seed.clinic.timezone;
  const minutes = Math.round((block.end - block.start) / MINUTE_MS);
  const word = header.event.endsWith('S23') ? 'Blocked' : 'Cancelled';
  const start = timestamp(block.start, zone);
  const who = practitionerById(seed, block.practitioner);
  const timing = (first: number): Record<number, string> => ({
    [first]: start,
    [first + 3]: String(minutes),
    [first + 4]: unit(letter),
  });
  const byGeneral = letter.settings.habits.practitionerIn === 'AIG';
  const name = components(who.id, `${who.family}, ${who.given}`, 'L');
  return [
    msh(letter, header, 'SIU_S12'),
    segment('SCH', {
      2: components(block.id, seed.clinic.facility),
      5: components(`SCHED_${block.practitioner}`),
      6: components('BLOCK', block.reason, 'L'),
      9: String(minutes),
      10: unit(letter),
      11: `^^${lasts(letter, minutes)}^${start}^${timestamp(block.end, zone)}`,
      16: CLERK,
      20: CLERK,
      25: components(word, word, 'HL70278'),
    }),
    isOld(letter) ? '' : tq1(letter, block.start, block.end),
    segment('RGS', { 1: '1', 2: 'A', 3: 'G1' }),
    byGeneral
      ? segment('AIG', { 1: '1', 2: 'A', 3: name, 4: components('P', 'Provider', 'L'), ...timing(8) })
      : segment('AIP', {
          1: '1',
          2: 'A',
          3: person(letter, who),
          4: components('ATND', 'Attending', 'L'),
          ...timing(6),
        }),
  ].join('');
}
