/** What docs/booking-states.md says of sets, from their machine. Part of states-page.ts. */
import type { SetState, StepState } from '../store/contract-sets.ts';
import { isSetAnswered, SET_TRANSITIONS, STEP_TRANSITIONS } from './set-states.ts';

const INTRODUCTION = `## Several visits as one booking

A set (\`$book-set\`, a series, this and all that follow) owns no time: each of its steps is a booking that takes the
path above. The set says whose turn it is and what is taken back. Its rows are the truth, so that a restart carries on
from there.`;

const SET_MEANINGS: Readonly<Record<SetState, string>> = {
  'under-way': 'Its steps are done one after the other. The caller gets 202 while it lasts.',
  undoing:
    'Of a set that is all or none one visit came to nothing; the others are taken back, the last one first. 202.',
  stuck: 'Something of it stands that the hub cannot take back: a work item asks a person. 409 or 422 names it.',
  done: 'Every step is done. 201, repeated 200.',
  partly: 'Best effort: some are done. 201, and the answer tells of each.',
  refused: 'Nothing of it stands. 409 or 422 tells of each visit.',
};

const STEP_MEANINGS: Readonly<Record<StepState, string>> = {
  held: 'Its time is held with that of all others; its turn has not come.',
  owed: 'It is its turn: its booking is sent, or waits as a booking does.',
  done: 'Its site has done it.',
  refused: 'Its booking came to nothing.',
  released: 'Its time was given back before its site did anything.',
  undoing: 'Its site is asked to cancel it again.',
  undone: 'It was done and is cancelled again.',
  stuck: 'It stands, or may stand, and the hub cannot take it back: a work item `failed-undo`.',
};

/** When a set goes from one to the other: `from to`. */
export const SET_ARROWS: Readonly<Record<string, string>> = {
  'under-way undoing': 'All or none: one visit was refused, or its time was taken.',
  'under-way done': 'The last of its visits was done.',
  'under-way partly': 'Best effort: none is open any more, and some were refused.',
  'under-way refused': 'Best effort: none of its visits was done.',
  'undoing refused': 'All that was done is taken back.',
  'undoing stuck': 'All else is taken back, and something is left that could not be.',
  'stuck refused': 'What was left is gone after all: a person or its site has cancelled it.',
};

/** The same of a step. */
export const STEP_ARROWS: Readonly<Record<string, string>> = {
  'held owed': 'The one before it is done: now its site is asked.',
  'held released': 'Another one came to nothing before its turn.',
  'held refused': 'It can no longer be asked for: its time was taken, or has come.',
  'held done': 'News of its site shows that it is done before it was its turn.',
  'owed done': 'Its booking is booked.',
  'owed refused': 'Its booking was refused or ran out.',
  'owed released': 'Another one came to nothing while this one had not been sent.',
  'owed stuck': 'Whether its site did it could not be found out: its booking is parked.',
  'done undoing': 'Another one came to nothing: its cancel is sent.',
  'done undone': 'Somebody else has cancelled it meanwhile.',
  'done stuck': 'It cannot be cancelled through the hub.',
  'undoing undone': 'Its cancel is done.',
  'undoing stuck': 'Its cancel was refused, or cannot be found out.',
  'stuck undone': 'It is gone after all.',
  'stuck refused': 'Its site turns out to have done nothing.',
};

export function setChapter(): readonly string[] {
  return [
    INTRODUCTION,
    '### States of a set',
    states(SET_TRANSITIONS, SET_MEANINGS, 'Answered', isSetAnswered),
    arrows(SET_TRANSITIONS, SET_ARROWS),
    '### States of a step',
    states(STEP_TRANSITIONS, STEP_MEANINGS, 'Settled', (state) => STEP_TRANSITIONS[state].length === 0),
    arrows(STEP_TRANSITIONS, STEP_ARROWS),
  ];
}

type Machine<S extends string> = Readonly<Record<S, readonly S[]>>;

function states<S extends string>(
  machine: Machine<S>,
  meanings: Readonly<Record<S, string>>,
  head: string,
  holds: (state: S) => boolean,
): string {
  const rows = (Object.keys(machine) as S[]).map(
    (state) => `| \`${state}\` | ${holds(state) ? 'yes' : 'no'} | ${meanings[state]} |`,
  );
  return [`| State | ${head} | What it is |`, '| --- | --- | --- |', ...rows].join('\n');
}

function arrows<S extends string>(machine: Machine<S>, when: Readonly<Record<string, string>>): string {
  const rows = (Object.keys(machine) as S[]).flatMap((from) =>
    machine[from].map((to) => `| \`${from}\` | \`${to}\` | ${when[`${from} ${to}`] ?? ''} |`),
  );
  return ['| From | To | When |', '| --- | --- | --- |', ...rows].join('\n');
}
