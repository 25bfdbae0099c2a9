/**
 * What a visit owes to other systems: time closed there because the person is taken here (DESIGN section 8, step 6).
 */
import type { Interval } from '../core/instant.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import { mayWrite } from '../settings/write.ts';
import type { Mirror } from '../store/contract-bookings.ts';
import type { ApplyContext } from './apply-context.ts';
import { occupiesTime } from './occupy.ts';
import { blockBody } from './deliver-block.ts';
import { asserted } from './directory.ts';
import type { ResolvedParticipant } from './participants.ts';

export async function oweMirrors(
  context: ApplyContext,
  appointmentId: string,
  status: AppointmentStatus,
  participants: readonly ResolvedParticipant[],
  during: Interval | null,
): Promise<void> {
  const { tx, site } = context;
  if (site.mirror.length === 0) return;
  const existing = await tx.mirrors.ofAppointment(appointmentId);
  const standing = existing.filter((mirror) => mirror.state === 'owed' || mirror.state === 'placed');
  const wanted =
    during !== null && during.end > context.now && occupiesTime(status) ? targets(context, participants) : [];
  for (const mirror of standing) {
    const stays =
      during !== null &&
      mirror.during.start === during.start &&
      mirror.during.end === during.end &&
      wanted.some((target) => target.site === mirror.site && target.calendar === mirror.calendar);
    if (!stays && (during === null || participants.length > 0 || !occupiesTime(status))) await remove(context, mirror);
  }
  if (during === null) return;
  for (const target of wanted) {
    const same = standing.some(
      (mirror) =>
        mirror.site === target.site &&
        mirror.calendar === target.calendar &&
        mirror.during.start === during.start &&
        mirror.during.end === during.end,
    );
    if (same) continue;
    await tx.mirrors.put({ appointmentId, ...target, during, key: null, state: 'owed' });
    await owe(context, 'block', appointmentId, { ...target, during, key: null });
  }
}

async function remove(context: ApplyContext, mirror: Mirror): Promise<void> {
  await context.tx.mirrors.put({ ...mirror, state: 'removing' });
  await owe(context, 'unblock', mirror.appointmentId, mirror);
}

async function owe(
  context: ApplyContext,
  kind: 'block' | 'unblock',
  appointmentId: string,
  target: Pick<Mirror, 'site' | 'calendar' | 'during' | 'key'>,
): Promise<void> {
  await context.tx.outbox.add(
    {
      receiver: 'site',
      receiverId: target.site,
      kind,
      bookingId: null,
      appointmentId,
      body: blockBody(target.calendar, target.during, target.key),
      trace: context.message.trace,
    },
    context.now,
    context.now,
  );
  context.effects.deliveries = true;
}

/** Calendars of the same people at the sites that the rules name. */
function targets(
  context: ApplyContext,
  participants: readonly ResolvedParticipant[],
): { readonly site: string; readonly calendar: string }[] {
  const people = new Set(
    participants.flatMap((one) => (one.practitioner === null ? [] : [one.practitioner.practitionerId])),
  );
  return context.site.mirror.flatMap((rule) => {
    const target = context.plan.sites.find((site) => site.id === rule.to);
    if (target === undefined || rule.as !== 'block') return [];
    return Object.entries(target.resources.calendars)
      .filter(([calendar, { practitioner, location = null }]) => {
        if (practitioner === undefined || !mayWrite(target, { location })) return false;
        return people.has(context.practitioners.idOf(asserted(calendar, { practitioner }), target));
      })
      .map(([calendar]) => ({ site: target.id, calendar }));
  });
}
