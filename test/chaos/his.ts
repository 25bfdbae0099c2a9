/**
 * Another system that asks by HL7 v2: one that waits on the connection, one that is answered there later, and one with
 * an address of its own. It is patient: whoever has no answer sends the same again.
 */
import { systemClock } from '../../src/core/clock.ts';
import { instant, MINUTE_MS } from '../../src/core/instant.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { during } from '../support/caller.ts';
import { srm, type Srm } from '../support/placer.ts';
import { exchange } from './exchange.ts';
import { hisMail, isOpen, keyOf, type HisAnswer, type HisCall } from './his-mail.ts';
import { placingOf, type Chosen } from './choice.ts';
import type { Requesting } from './plan.ts';
import type { World } from './world.ts';

export interface HisDeps {
  readonly world: World;
  readonly over: AbortSignal;
  readonly next: () => number;
  readonly choose: (wish: Requesting['wish']) => Chosen;
  /** Another time on the calendar of this visit. */
  readonly slotAt: (chosen: Chosen, start: number) => Slot;
  /** A visit that stands: staff and callers may meet it. */
  readonly keep: (appointment: Appointment, chosen: Chosen) => void;
}
interface Ask extends HisCall {
  readonly mode: Requesting['mode'];
  readonly habit: Requesting['habit'];
  /** Under which MSH-10, of the first, second ... sending. */
  readonly controlIds: (sending: number) => string;
  readonly message: Omit<Srm, 'controlId'>;
}

const ASK_AGAIN_MS = 300;
const TRY_AGAIN_MS = 1_000;
/** More than the hub takes until it says that it is pending: `wait_ms` and `decideWithin_ms` of config.ts. */
const ANSWER_WITHIN_MS = 9_000;
const STORED_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 100;
const THEN = { move: ['move', 'S02'], change: ['change', 'S03'], cancel: ['cancel', 'S04'] } as const;

export function his({
  world,
  over,
  next,
  choose,
  slotAt,
  keep,
}: HisDeps): (step: Requesting, key: string) => Promise<void> {
  const { history, caller, requests } = world;
  const mail = hisMail(history, requests.peer.heard);

  const struck = (what: string): void => {
    history.add({ kind: 'struck', site: 'srm', times: { [what]: 1 } });
  };
  const send = async (ask: Ask, controlId: string, sending: number): Promise<HisAnswer> => {
    mail.sent(controlId, ask);
    const isHungUp = ask.habit === 'hang up' && sending === 0;
    if (isHungUp) struck('hung up');
    const frames = ask.mode === 'same line' ? 2 : 1;
    const text = srm({ ...ask.message, controlId });
    const within_ms = ask.mode === 'later' ? STORED_WITHIN_MS : ANSWER_WITHIN_MS;
    const asked = { text, frames, within_ms, hangUp: isHungUp };
    const found = await exchange(requests.lines.srm.port, asked, over);
    let answer = mail.heard(controlId, ask, found[0] ?? null);
    for (const frame of found.slice(1)) answer = mail.heard(controlId, ask, frame);
    return answer;
  };
  /** Behind CA nobody asks again: what is stored is answered. */
  const untilTold = async (ask: Ask, controlId: string): Promise<HisAnswer> => {
    while (!over.aborted) {
      const told = mail.told(ask, controlId);
      if (told !== null) return told;
      await systemClock.sleep(LOOK_EVERY_MS, over);
    }
    return mail.told(ask, controlId) ?? { outcome: 'lost', appointment: null };
  };
  const sent = async (ask: Ask, controlId: string, sending: number): Promise<HisAnswer> => {
    if (sending > 0) struck(controlId === ask.controlIds(0) ? 'sent again' : 'sent again under another id');
    const twice = ask.habit === 'twice' && sending === 0 ? [send(ask, controlId, sending)] : [];
    const [answer] = await Promise.all([send(ask, controlId, sending), ...twice]);
    if (twice.length > 0) struck('sent twice at once');
    return ask.mode === 'later' && answer.outcome === 'heard' ? untilTold(ask, controlId) : answer;
  };
  const again = (answer: HisAnswer): Promise<void> =>
    systemClock.sleep(answer.outcome === 'pending' ? ASK_AGAIN_MS : TRY_AGAIN_MS, over);
  /** A message that went out is sent until it is answered: what it came to would else be known to nobody. */
  const untilAnsweredUnder = async (ask: Ask, controlId: string): Promise<HisAnswer> => {
    let last: HisAnswer = { outcome: 'lost', appointment: null };
    for (let sending = 1; !over.aborted; sending += 1) {
      last = await sent(ask, controlId, sending);
      if (!isOpen(last)) return last;
      await again(last);
    }
    return last;
  };
  const untilAnswered = async (ask: Ask): Promise<HisAnswer> => {
    const open = new Set<string>();
    let last: HisAnswer = { outcome: 'lost', appointment: null };
    for (let sending = 0; !over.aborted; sending += 1) {
      const controlId = ask.controlIds(sending);
      open.add(controlId);
      last = await sent(ask, controlId, sending);
      if (!isOpen(last)) {
        open.delete(controlId);
        break;
      }
      await again(last);
    }
    for (const controlId of open) last = better(last, await untilAnsweredUnder(ask, controlId));
    return last;
  };
  const asked = async (ask: Ask): Promise<HisAnswer> => {
    const answer = await untilAnswered(ask);
    if (isOpen(answer) || over.aborted || !ask.habit.startsWith('again')) return answer;
    const isRenamed = ask.habit !== 'again' && ask.action === 'book';
    if (isRenamed) return better(answer, await untilAnsweredUnder(ask, `${ask.controlIds(0)}-n`));
    struck('sent again');
    await send(ask, ask.controlIds(0), 1);
    return answer;
  };
  const deed = async (step: Requesting, key: string, chosen: Chosen, appointment: string): Promise<void> => {
    if (step.then === 'nothing') return;
    await systemClock.sleep(step.after_ms, over);
    const [action, trigger] = THEN[step.then];
    const call = next();
    const deedKey = `${key}-${trigger}`;
    const facts = { kind: 'call', call, key: deedKey, via: 'srm', appointment } as const;
    const slot = action === 'move' ? slotAt(chosen, step.start) : null;
    if (slot !== null) history.add({ ...facts, action: 'move', ...placingOf({ ...chosen, slot, home: '' }) });
    else if (action === 'change') history.add({ ...facts, action, status: null });
    else history.add({ ...facts, action: 'cancel' });
    const time = slot === null ? {} : timeOf(slot);
    const note = action === 'change' ? { note: `as ${key}` } : {};
    const message = { ...sender(step.mode), trigger, placer: key, filler: appointment, ...time, ...note };
    await asked({
      ...{ call, action, placer: key, mode: step.mode, habit: step.habit, message },
      // Another MSH-10 is another wish here, and what was moved already is moved once more.
      controlIds: () => deedKey,
    });
  };

  return async (step, key) => {
    const chosen = choose({ ...step.wish, room: false });
    const call = next();
    const facts = { kind: 'call', call, action: 'book', key: keyOf(key), via: 'srm' } as const;
    history.add({ ...facts, ...placingOf(chosen) });
    const { wanted, visitType, slot, patientId } = chosen;
    const service = wanted.types[visitType % wanted.types.length] ?? '';
    const whom = requests.numbers.get(patientId) ?? '';
    const where = { facility: wanted.site, service, calendar: wanted.calendar, patient: whom };
    const message = { ...sender(step.mode), placer: key, ...where, ...timeOf(slot) };
    const answer = await asked({
      ...{ call, action: 'book', placer: key, mode: step.mode, habit: step.habit, message },
      controlIds: (sending) => (sending % 3 === 2 ? `${key}-${sending}` : key),
    });
    if (answer.outcome !== 'booked' || answer.appointment === null) return;
    const shown = await caller.read<Appointment>(`Appointment/${answer.appointment}`).catch(() => null);
    if (shown !== null) keep(shown, chosen);
    await deed(step, key, chosen, answer.appointment);
  };
}

function sender(mode: Requesting['mode']): Pick<Srm, 'sender' | 'acks'> {
  if (mode === 'wait') return { sender: 'HIS|SOUTH' };
  return { sender: mode === 'later' ? 'LATER|SOUTH' : 'HIS|SOUTH', acks: 'AL|AL' };
}

function timeOf(slot: Slot): Pick<Srm, 'start' | 'minutes'> {
  const { start, end } = during(slot);
  return { start: instant(start), minutes: Math.round((end - start) / MINUTE_MS) };
}

/** Of two messages about one appointment: it is booked when either says so. */
function better(one: HisAnswer, other: HisAnswer): HisAnswer {
  return one.outcome === 'booked' || isOpen(other) ? one : other;
}
