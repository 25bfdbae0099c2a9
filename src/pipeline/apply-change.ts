/** Which part of the stage applies which change. */
import { HubError } from '../core/errors.ts';
import type { AppointmentChange, Change } from '../mappings/contract.ts';
import { applyAnswer } from './apply-answer.ts';
import { applyAppointment, applyGone } from './apply-appointment.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { applyPlace, applyPractitioner } from './apply-directory.ts';
import { applyPatient, applyPeople } from './apply-people.ts';
import { applyRelated } from './apply-related.ts';
import { applyBlock, applyBlockWindow, applySlotWindow } from './apply-slots.ts';
import { applyVisit } from './apply-status.ts';
import type { Attached } from './echo.ts';

export function applyChange(
  context: ApplyContext,
  change: Change,
  attached: ReadonlyMap<Change, Attached>,
): Promise<Applied> {
  switch (change.kind) {
    case 'appointment': {
      const whose = attached.get(change);
      if (whose === undefined) throw new HubError('INTERNAL', { detail: 'whose news it is was not looked up' });
      return change.onlyKnown === true ? applyKnown(context, change, whose) : applyAppointment(context, change, whose);
    }
    case 'appointment-gone':
      return applyGone(context, change);
    case 'booking-answer':
      return applyAnswer(context, change);
    case 'slots':
      return applySlotWindow(context, change);
    case 'block':
      return applyBlock(context, change);
    case 'blocks':
      return applyBlockWindow(context, change);
    case 'practitioner':
      return applyPractitioner(context, change);
    case 'place':
      return applyPlace(context, change);
    case 'patient':
      return applyPatient(context, change);
    case 'related-people':
      return applyRelated(context, change);
    case 'patient-merge':
    case 'patient-link':
    case 'patient-gone':
      return applyPeople(context, change);
    case 'visit-status':
    case 'visit-moved':
    case 'visit-renumbered':
      return applyVisit(context, change);
  }
}

async function applyKnown(context: ApplyContext, change: AppointmentChange, whose: Attached): Promise<Applied> {
  const known = await context.tx.resources.appointmentByKey(context.site.id, change.key);
  return known === null ? 'applied' : applyAppointment(context, change, whose);
}
