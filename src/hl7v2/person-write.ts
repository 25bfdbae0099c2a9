/**
 * Asks a system to register a person: ADT A28 (a person, no visit) or A04 (an outpatient), HL7 v2 chapter 3. Versions
 * before 2.5 call the structure of an A28 by its event. Pure.
 */
import type { RequestHeader, RequestPatient } from './request-facts.ts';
import { mshSegment, pidSegment, timeText } from './request-write.ts';
import { writeMessage, writeText, type SegmentInput } from './write.ts';

export interface Registration {
  readonly event: 'A28' | 'A04';
  readonly patient: RequestPatient;
}

export function writeRegistration(header: RequestHeader, registration: Registration): Uint8Array {
  return writeMessage(segmentsOf(header, registration), { charset: header.charset });
}

/** The same before it is put into bytes. */
export function registrationText(header: RequestHeader, registration: Registration): string {
  return writeText(segmentsOf(header, registration));
}

function segmentsOf(header: RequestHeader, { event, patient }: Registration): readonly SegmentInput[] {
  const isOld = header.version < '2.5';
  const structure = event === 'A04' ? 'ADT_A01' : isOld ? 'ADT_A28' : 'ADT_A05';
  return [
    mshSegment(header, ['ADT', event, structure]),
    ['EVN', event, timeText(header, header.at)],
    pidSegment(patient, 1),
    // PV1 is required, and N says that there is no visit (A28).
    ['PV1', '1', event === 'A28' ? 'N' : 'O'],
  ];
}
