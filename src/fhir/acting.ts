/**
 * Who acts for the patient of a visit: a RelatedPerson among its participants. Sites tell of none (SIU_S12 and SRM_S01
 * have no NK1, Acuity has no such field), so that what a caller named is the hub's own word and is carried along.
 */
import type { Appointment, AppointmentParticipant } from './types.ts';

const TYPE = 'RelatedPerson/';

export function isActing({ actor }: AppointmentParticipant): boolean {
  return actor?.reference?.startsWith(TYPE) === true;
}

/** As it stands in the visit from the moment at which it is asked for: whoever acts has said that they do. */
export function acting(id: string): AppointmentParticipant {
  return { actor: { reference: `${TYPE}${id}` }, status: 'accepted' };
}

/** Their ids. */
export function actingIn({ participant }: Pick<Appointment, 'participant'>): readonly string[] {
  return participant.filter(isActing).map(({ actor }) => actor?.reference?.slice(TYPE.length) ?? '');
}

/** With these, and no others, behind all who take part. */
export function withActing(visit: Appointment, those: readonly AppointmentParticipant[]): Appointment {
  const others = visit.participant.filter((one) => !isActing(one));
  const isAsItWas = those.length === 0 && others.length === visit.participant.length;
  return isAsItWas ? visit : { ...visit, participant: [...others, ...those] };
}

/** The same in the column by which visits are searched (`actors`), which was that of `before`. */
export function actorsWith(
  actors: readonly string[],
  before: Pick<Appointment, 'participant'> | null,
  visit: Appointment,
): readonly string[] {
  const gone = new Set(before === null ? [] : actingIn(before));
  return [...new Set([...actors.filter((id) => !gone.has(id)), ...actingIn(visit)])];
}
