/**
 * Several bookings as one. A set owns no time: each of its steps is a booking that takes the path of states.ts; the set
 * only says whose turn it is, and what is taken back. Rows are the truth: whoever looks at them carries on from there.
 *
 *  The set:
 *
 *   (asked) --> under-way --+--> done       every step is done
 *     |                     +--> partly     best effort: some are
 *     |                     +--> refused    best effort: none is
 *     v                     +--> undoing    all: one was refused, so the others are taken back, the last one first
 *  conflict                        |
 *                                  +--> refused             nothing of it stands
 *                                  +--> stuck --> refused   something stands that the hub cannot take back: a work item
 *                                                           asks a person; when it is gone after all, it is refused
 *  A step:
 *
 *   held --> owed --> done --> undoing --> undone
 *    |         |        |         |          ^
 *    |         |        |         +-> stuck -+       its cancel was refused, or cannot be found out
 *    |         |        +-----------> stuck, undone  it cannot be cancelled; it was cancelled by somebody else
 *    +---------+--> released                         given back before its site did anything
 *    +---------+--> refused                          its booking came to nothing
 */
import type { SetState, StepState } from '../store/contract-sets.ts';

export const SET_TRANSITIONS: Readonly<Record<SetState, readonly SetState[]>> = {
  'under-way': ['undoing', 'done', 'partly', 'refused'],
  undoing: ['refused', 'stuck'],
  stuck: ['refused'],
  done: [],
  partly: [],
  refused: [],
};

export const STEP_TRANSITIONS: Readonly<Record<StepState, readonly StepState[]>> = {
  held: ['owed', 'released', 'refused', 'done'],
  owed: ['done', 'refused', 'released', 'stuck'],
  done: ['undoing', 'undone', 'stuck'],
  undoing: ['undone', 'stuck'],
  stuck: ['undone', 'refused'],
  released: [],
  refused: [],
  undone: [],
};

/** What the caller is told stands; a set that is stuck may still come to nothing, which is what they were told. */
export function isSetAnswered(state: SetState): boolean {
  return state !== 'under-way' && state !== 'undoing';
}

/** States from which `to` may be reached: the expected states of the UPDATE. */
export function setComingFrom(to: SetState): SetState[] {
  return (Object.keys(SET_TRANSITIONS) as SetState[]).filter((state) => SET_TRANSITIONS[state].includes(to));
}
export function stepComingFrom(to: StepState): StepState[] {
  return (Object.keys(STEP_TRANSITIONS) as StepState[]).filter((state) => STEP_TRANSITIONS[state].includes(to));
}
