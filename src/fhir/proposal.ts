/**
 * Ids of proposed Appointments. They encode the slot and the patient and are not stored (DESIGN section 9): offering
 * costs nothing, and an offer can be booked by its id alone, also after a restart.
 */
import { isUuid } from '../core/ids.ts';
import { formatInstant, type Interval } from '../core/instant.ts';
import { SYSTEMS, type Appointment } from './types.ts';

const OFFER = /^offer\.([0-9a-z]{25})\.([0-9a-z]{25})$/;
const DIGITS = 25;

export interface Offer {
  readonly slotId: string;
  readonly patientId: string;
}

/** A FHIR id has 64 characters, two UUIDs have 72: base 36 makes them 50. */
export function offerId(offer: Offer): string {
  return `offer.${shorter(offer.slotId)}.${shorter(offer.patientId)}`;
}

/** The text of proposals for one patient as it is for another; `from` must be in no other place of it. */
export function forPatient(text: string, from: string, to: string): string {
  return text.includes(from) ? text.replaceAll(shorter(from), shorter(to)).replaceAll(from, to) : text;
}

export function readOfferId(id: string): Offer | null {
  const [, slot = '', patient = ''] = OFFER.exec(id) ?? [];
  const slotId = longer(slot);
  const patientId = longer(patient);
  return slotId === null || patientId === null ? null : { slotId, patientId };
}

function shorter(uuid: string): string {
  return BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(36)
    .padStart(DIGITS, '0');
}

function longer(text: string): string | null {
  if (text.length !== DIGITS) return null;
  let value = 0n;
  for (let index = 0; index < DIGITS; index += 1) value = value * 36n + BigInt(parseInt(text.charAt(index), 36));
  const full = value.toString(16).padStart(32, '0');
  const uuid = `${full.slice(0, 8)}-${full.slice(8, 12)}-${full.slice(12, 16)}-${full.slice(16, 20)}-${full.slice(20)}`;
  return isUuid(uuid) ? uuid : null;
}

export interface OfferedSlot {
  readonly id: string;
  readonly during: Interval;
  readonly visitType: string | null;
}

export function proposedAppointment(slot: OfferedSlot, patientId: string): Appointment {
  const start = formatInstant(slot.during.start);
  const end = formatInstant(slot.during.end);
  const serviceType =
    slot.visitType === null ? {} : { serviceType: [{ coding: [{ system: SYSTEMS.visitType, code: slot.visitType }] }] };
  return {
    resourceType: 'Appointment',
    id: offerId({ slotId: slot.id, patientId }),
    status: 'proposed',
    ...serviceType,
    start,
    end,
    slot: [{ reference: `Slot/${slot.id}` }],
    participant: [{ actor: { reference: `Patient/${patientId}` }, status: 'needs-action' }],
  };
}
