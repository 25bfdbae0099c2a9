/** A desk for sets that answers what a test tells it, and keeps what it was asked. */
import type { SetAnswer, SetDesk, SetRequest } from '../../src/booking/contract-set.ts';

export interface SetDeskDouble extends SetDesk {
  answer: SetAnswer;
  readonly placed: SetRequest[];
  /** Calls about what follows a visit, by name and appointment. */
  readonly following: (readonly [what: string, appointmentId: string])[];
}

export function setDeskDouble(): SetDeskDouble {
  const desk: SetDeskDouble = {
    answer: { kind: 'pending', setId: '01930000-0000-7000-8000-000000000002' },
    placed: [],
    following: [],
    place(request) {
      desk.placed.push(request);
      return Promise.resolve(desk.answer);
    },
    cancelFollowing({ appointmentId }) {
      desk.following.push(['cancel', appointmentId]);
      return Promise.resolve(desk.answer);
    },
    moveFollowing({ appointmentId, mode }) {
      desk.following.push([`move ${mode}`, appointmentId]);
      return Promise.resolve(desk.answer);
    },
    status: () => Promise.resolve(desk.answer),
  };
  return desk;
}
