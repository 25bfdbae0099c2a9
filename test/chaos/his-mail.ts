/**
 * What another system hears of its requests (SRM): answers (SRR) and news (SIU), as the outcome that they are to it.
 * Answers go into the history as they come, each once however often it is sent.
 */
import { placeKey } from '../../src/mllp/request-visit.ts';
import { answerIn, type Answered } from '../support/placer.ts';
import type { History, Outcome } from './history.ts';
import { DONE, type Action } from './requests.ts';
import { OPEN } from './wishes.ts';

export type HisAction = Extract<Action, 'book' | 'move' | 'change' | 'cancel'>;

export interface HisCall {
  readonly call: number;
  readonly action: HisAction;
  /** ARQ-1 */
  readonly placer: string;
}
export interface HisAnswer {
  readonly outcome: Outcome;
  readonly appointment: string | null;
}

export interface HisMail {
  /** From now on messages with this MSH-10 are of this call. */
  readonly sent: (controlId: string, call: HisCall) => void;
  /** Writes it down. */
  readonly heard: (controlId: string, call: HisCall, frame: string | null) => HisAnswer;
  /**
   * What was told of this message at the address of the client, or of its appointment by news, for good; `lost`, once:
   * to be sent again; null: nothing yet.
   */
  readonly told: (call: HisCall, controlId: string) => HisAnswer | null;
}

const NEWS: Readonly<Record<HisAction, Readonly<Record<string, Outcome>>>> = {
  book: { S12: 'booked', S15: 'refused' },
  move: { S13: 'moved', S14: 'refused' },
  change: { S14: 'changed' },
  cancel: { S15: 'cancelled', S14: 'refused' },
};

/** The request key that the hub makes of ARQ-1. */
export function keyOf(placer: string): string {
  return placeKey({ id: placer, namespace: 'HIS' });
}

export function isOpen({ outcome }: HisAnswer): boolean {
  return OPEN.includes(outcome);
}

/** `letters`: what came to the address of the client, in order, repeats too. */
export function hisMail(history: History, letters: readonly Uint8Array[]): HisMail {
  const byControlId = new Map<string, HisCall>();
  const byPlacer = new Map<string, HisCall[]>();
  const answered = new Map<string, HisAnswer>();
  const decided = new Map<number, HisAnswer>();
  const notNow = new Set<string>();
  const known = new Set<string>();
  let read = 0;

  const write = (call: HisCall, answer: HisAnswer, more: object): HisAnswer => {
    const named = answer.appointment === null ? {} : { appointment: answer.appointment };
    history.add({ kind: 'answer', call: call.call, outcome: answer.outcome, status: null, ...named, ...more });
    return answer;
  };
  const open = (letter: Answered): void => {
    const own = letter.message.first('MSH')?.field(10) ?? '';
    if (known.has(own)) return;
    known.add(own);
    const about = letter.message.first('MSA')?.field(2) ?? '';
    const asked = byControlId.get(about);
    if (asked !== undefined) {
      const answer = write(asked, outcomeOf(letter, asked.action), { message: about });
      if (answer.outcome === 'lost') notNow.add(about);
      if (!isOpen(answer) && !answered.has(about)) answered.set(about, answer);
      return;
    }
    const trigger = letter.message.first('MSH')?.component(9, 2) ?? '';
    const placer = letter.message.first('SCH')?.component(1, 1) ?? '';
    const call = byPlacer.get(placer)?.findLast(({ action }) => trigger in NEWS[action]);
    if (call === undefined) return;
    const outcome = NEWS[call.action][trigger] ?? 'refused';
    const isNot = call.action === 'change' && letter.notes.length > 0;
    const answer = { outcome: isNot ? ('refused' as const) : outcome, appointment: letter.filler };
    write(call, answer, {});
    if (!decided.has(call.call)) decided.set(call.call, answer);
  };

  return {
    sent(controlId, call) {
      byControlId.set(controlId, call);
      const all = byPlacer.get(call.placer) ?? [];
      if (!all.includes(call)) byPlacer.set(call.placer, [...all, call]);
    },
    heard(controlId, call, frame) {
      const answer = frame === null ? LOST : outcomeOf(answerIn(frame), call.action);
      return write(call, answer, { message: controlId });
    },
    told(call, controlId) {
      for (; read < letters.length; read += 1) {
        const letter = letters[read];
        if (letter !== undefined) open(answerIn(letter));
      }
      return answered.get(controlId) ?? decided.get(call.call) ?? (notNow.delete(controlId) ? LOST : null);
    },
  };
}

const LOST: HisAnswer = { outcome: 'lost', appointment: null };

/** CA says only that it is stored; AR and CR say that the same may be sent again. */
function outcomeOf({ code, status, filler, message }: Answered, action: HisAction): HisAnswer {
  const appointment = filler === '' ? null : filler;
  if (code === 'CA') return { outcome: 'heard', appointment: null };
  if (code === 'AA') return { outcome: status === 'Pending' ? 'pending' : DONE[action], appointment };
  if (code !== 'AE' && code !== 'CE') return LOST;
  const isTaken = /taken/i.test(message.first('ERR')?.component(5, 1) ?? '');
  return { outcome: isTaken ? 'taken' : 'refused', appointment: null };
}
