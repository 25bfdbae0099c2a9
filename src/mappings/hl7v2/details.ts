/** Of an appointment everything but who, where and when: reason, comment, kind, what it belongs to, labels. */
import type { Segment } from '../../hl7v2/segment.ts';
import { parseTime } from '../../hl7v2/time.ts';
import type { AppointmentStatus } from '../../fhir/types.ts';
import type { AppointmentChange, CodedText } from '../contract.ts';
import { NO_APPOINTMENT_TYPE, REASON_SNOMED } from './codes.ts';
import { linkedIdentifiers } from './identifiers.ts';
import { part, pathOf, said, type Reading } from './reading.ts';

type Details = Pick<
  AppointmentChange,
  | 'reason'
  | 'diagnoses'
  | 'cancelationReason'
  | 'comment'
  | 'appointmentType'
  | 'parents'
  | 'group'
  | 'orders'
  | 'created'
  | 'security'
  | 'moves'
>;

export function details(reading: Reading, sch: Segment, status: AppointmentStatus): Details {
  return {
    ...words(reading, sch, status),
    ...appointmentType(reading, sch),
    ...diagnoses(reading),
    ...linkedIdentifiers(reading, sch),
    ...created(reading),
    ...security(reading),
    // A move may give the visit another id; then the old one is looked for.
    ...(reading.trigger === 'S13' ? { moves: true as const } : {}),
  };
}

/** SCH-8 as a FHIR appointment type: how the visit came about (table 0276 or 0277, or the site's own). */
function appointmentType(reading: Reading, sch: Segment): Pick<AppointmentChange, 'appointmentType'> {
  const stated = saysWhen(reading, 8) ? undefined : reading.coded(sch, 8);
  if (stated === undefined || NO_APPOINTMENT_TYPE.has(part(sch, 8).toUpperCase())) return {};
  return { appointmentType: stated };
}

/** DG1-3 and DG1-4. Health data: they stay in the stored message unless the site file says otherwise. */
function diagnoses(reading: Reading): Pick<AppointmentChange, 'diagnoses'> {
  if (!reading.settings.diagnoses) return {};
  const found = reading.message.all('DG1').flatMap((dg1): readonly CodedText[] => {
    const coded = reading.coded(dg1, 3);
    const text = part(dg1, 4);
    if (coded === undefined) return text === '' ? [] : [{ coding: [], text }];
    return [text === '' ? coded : { ...coded, text }];
  });
  return found.length === 0 ? {} : { diagnoses: found };
}

/** Reason, cancellation reason and comment. */
function words(
  reading: Reading,
  sch: Segment,
  status: AppointmentStatus,
): Pick<AppointmentChange, 'reason' | 'cancelationReason' | 'comment'> {
  const reason = saysWhen(reading, 7) ? undefined : withSnomed(reading.coded(sch, 7));
  // FHIR app-4: a reason for cancelling stands on nothing else; on other triggers SCH-6 says why the message was sent.
  const cancelationReason =
    status === 'cancelled' && !saysWhen(reading, 6) && !isShifted(reading, sch) ? reading.coded(sch, 6) : undefined;
  const comment = notes(reading, sch).join('\n');
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(cancelationReason === undefined ? {} : { cancelationReason }),
    ...(comment === '' ? {} : { comment }),
  };
}

/**
 * The site file has this field of SCH for a time, a length (with its unit behind it) or the status: then it is neither
 * a reason nor a type, whatever the standard says it is.
 */
function saysWhen(reading: Reading, n: number): boolean {
  const { start, duration, status } = reading.settings.fields;
  const read = [...start, ...duration, ...status].map(pathOf);
  const units = duration.map(pathOf).map(({ segment, field }) => ({ segment, field: field + 1 }));
  return [...read, ...units].some(({ segment, field }) => segment === 'SCH' && field === n);
}

/**
 * A sender that leaves out fields has the start where the reason belongs; a reason that is a time would be nonsense.
 */
function isShifted(reading: Reading, sch: Segment): boolean {
  const text = part(sch, 6);
  const shifted = text.length >= 12 && parseTime(text) !== null;
  if (shifted) reading.warn('SCH-6', 'holds a time, so it is not read as a reason; the fields of SCH may be shifted');
  return shifted;
}

/** Table 0276 has SNOMED CT codes in the guide; both are kept. */
function withSnomed(reason: CodedText | undefined): CodedText | undefined {
  const table = 'http://terminology.hl7.org/CodeSystem/v2-0276';
  const code = reason?.coding.find(({ system }) => system === table)?.code;
  const snomed = code === undefined ? undefined : REASON_SNOMED[code.toUpperCase()];
  if (reason === undefined || snomed === undefined) return reason;
  return { ...reason, coding: [{ system: 'http://snomed.info/sct', code: snomed }, ...reason.coding] };
}

/** NTE-3 of the notes behind SCH (TQ1 may stand between) and, where the site wants them, behind AIS; one line each. */
function notes(reading: Reading, sch: Segment): readonly string[] {
  const { notes: wanted } = reading.settings;
  const heads = wanted.includes('SCH') ? [sch, ...reading.message.all('TQ1')] : [];
  if (wanted.includes('AIS')) heads.push(...reading.message.all('AIS'));
  return heads
    .flatMap((head) => reading.message.following(head, 'NTE'))
    .flatMap((note) => {
      const lines = note.repetitions(3).map((line) => said(line.text));
      // The standard's own example has the words one field early, and senders have copied it.
      return lines.length > 0 ? lines : [said(note.field(2))].filter((text) => text.includes(' '));
    })
    .filter((line) => line !== '');
}

/** MSH-7 of the first news; applying never changes it later. */
function created(reading: Reading): { readonly created?: AppointmentChange['at'] } {
  if (reading.trigger !== 'S12') return {};
  const at = reading.time(reading.first('MSH-7'), 'MSH-7', reading.site.timeZone);
  return at === null ? {} : { created: at };
}

/**
 * PV1-16 and PD1-12 by the site file, as `PV1-16=VIP` or `VIP`. PD1-12 = Y asks by the standard that the record be
 * protected: where the site file does not say how, it is restricted rather than shown.
 */
export function security(reading: Reading): { readonly security?: readonly string[] } {
  const { codes } = reading.site.sensitivity;
  const labels = new Set<string>();
  for (const [name, field] of [
    ['PV1', 16],
    ['PD1', 12],
  ] as const) {
    // prettier-ignore
    for (const segment of reading.message.all(name)) {
      const code = part(segment, field);
      if (code === '') continue;
      const where = `${name}-${field}`;
      const listed = codes[`${where}=${code}`] ?? codes[code];
      const protect = name === 'PD1' && code.toUpperCase() === 'Y' ? ['R'] : [];
      if (listed === undefined && name === 'PV1') reading.warn(where, 'has a code that is not under sensitivity.codes');
      for (const label of listed ?? protect) labels.add(label);
    }
  }
  return labels.size === 0 ? {} : { security: [...labels] };
}
