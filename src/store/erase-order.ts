/** What stays of a booking of somebody who was erased: where and when, and nothing of whom and why. */
import type { Appointment } from '../fhir/types.ts';
import { visitOfNobody } from '../fhir/visit-of-nobody.ts';
import type { BookingOrder } from './contract-bookings.ts';

export function orderOfNobody(order: BookingOrder): BookingOrder {
  const { place, cancel, status, amend, appointmentJson, ...rest } = order;
  return {
    ...rest,
    ...(place === undefined ? {} : { place: placeOfNobody(place) }),
    ...(cancel === undefined ? {} : { cancel: { by: cancel.by, ...markOf(cancel) } }),
    ...(status === undefined ? {} : { status: { from: status.from, status: status.status, ...markOf(status) } }),
    ...(amend === undefined ? {} : { amend: { from: {}, to: {}, ...markOf(amend) } }),
    ...(appointmentJson === undefined
      ? {}
      : { appointmentJson: JSON.stringify(visitOfNobody(JSON.parse(appointmentJson) as Appointment)) }),
  };
}

function markOf({ placedAs }: { readonly placedAs?: string }): { readonly placedAs?: string } {
  return placedAs === undefined ? {} : { placedAs };
}

function placeOfNobody(place: NonNullable<BookingOrder['place']>): NonNullable<BookingOrder['place']> {
  const { correlation, calendar, visitType, start, end, also, had, channel } = place;
  return {
    correlation,
    calendar,
    visitType,
    start,
    end,
    channel,
    ...(also === undefined ? {} : { also }),
    ...(had === undefined ? {} : { had }),
    patient: { identifiers: [], family: '', given: '' },
  };
}
