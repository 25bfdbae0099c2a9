/** SIU in the order of the vendor's example: MSH SCH NTE PID PV1 {RGS AIS AIG AIP} (sheet 4.1). */
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import { departmentById, practitionerById, visitTypeByCode } from './hospital.ts';
import { msh, pid, type Letter } from './letter.ts';
import type { Patient, Visit } from './model.ts';
import { endOf } from './templates.ts';

/** SCH-25: a code list that each site makes for itself. */
const STATUSES: Readonly<Record<Visit['status'], readonly [string, string]>> = {
  booked: ['1', 'SCH'],
  arrived: ['2', 'ARR'],
  cancelled: ['3', 'CAN'],
  noshow: ['4', 'NOS'],
  deleted: ['5', 'DEL'],
};

export function siu(letter: Letter, visit: Visit, patient: Patient): string {
  return [msh(letter, 'SIU_S12'), ...scheduled(letter, visit, patient)].join('');
}

/** Everything from SCH on, as answers to requests carry it too. */
export function scheduled(letter: Letter, visit: Visit, patient: Patient): string[] {
  const department = departmentById(letter.seed, visit.department);
  return [
    sch(letter, visit),
    visit.note === '' ? '' : segment('NTE', { 1: '1', 3: escape(visit.note) }),
    pid(letter, patient),
    segment('PV1', { 1: '1', 2: 'O', 3: escape(department.name), 19: visit.csn }),
    ...groups(letter, visit),
  ];
}

function sch({ seed, settings }: Letter, visit: Visit): string {
  const zone = seed.site.timezone;
  const end = settings.endInSch11 ? minuteOf(endOf(visit), zone) : '';
  return segment('SCH', {
    1: components(...visit.placer),
    2: visit.csn,
    6: escape(visit.reason),
    9: String(visit.minutes),
    10: 'MIN',
    11: components('', '', '', minuteOf(visit.start, zone), end),
    25: components(...STATUSES[visit.status]),
  });
}

/** One group, or by setting one for the visit type and one for the people. */
function groups(letter: Letter, visit: Visit): string[] {
  const { seed, settings } = letter;
  const department = departmentById(seed, visit.department);
  const type = visitTypeByCode(seed, visit.visitType);
  const start = minuteOf(visit.start, seed.site.timezone);
  const rgs = (number: number): string =>
    segment('RGS', { 1: String(number), 3: components(department.id, department.name) });
  const people = visit.practitioners.map((id, index) => {
    const { family, given, role = ['1', 'MD'] } = practitionerById(seed, id);
    return segment('AIP', {
      1: String(index + 1),
      3: components(id, family, given),
      4: components(...role),
      ...{ 6: start, 7: '0', 8: 'MIN', 9: String(visit.minutes), 10: 'MIN' },
    });
  });
  const place = segment('AIL', { 1: '1', 3: components(department.name), 6: start });
  return [
    rgs(1),
    segment('AIS', { 1: '1', 3: components(type.code, type.name) }),
    ...(settings.twoGroups ? [rgs(2)] : []),
    ...(settings.locationSegment ? [place] : []),
    ...people,
  ];
}

/** `202612010900` on the site's own clock. */
function minuteOf(at: number, zone: string): string {
  return timestamp(at, zone).slice(0, 12);
}
