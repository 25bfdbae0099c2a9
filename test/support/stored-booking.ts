/** A booking as the store takes it, where a test is about what becomes of it and not how it came to be. */
import { randomUUID } from 'node:crypto';
import type { Instant } from '../../src/core/instant.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';

export function storedBooking(at: Instant, more: Partial<Booking> = {}): Booking {
  return {
    id: randomUUID(),
    client: 'portal',
    requestKey: randomUUID(),
    requestDigest: 'd',
    action: 'place',
    site: 'midtown',
    state: 'held',
    stateAt: at,
    appointmentId: randomUUID(),
    slotId: null,
    during: null,
    resources: [],
    patientId: null,
    siteKey: null,
    reference: null,
    refusedBecause: null,
    detail: null,
    attempts: 0,
    absences: 0,
    deadlineAt: null,
    nextCheckAt: null,
    waitsUntil: null,
    createdAt: at,
    createdBy: 'client:portal',
    order: {},
    ...more,
  };
}
