/** Rule 3 for those who ask by HL7 v2. Part of check.ts. */
import { allOf, type Of } from './history.ts';
import type { Judged, Violation } from './judged.ts';
import { OPEN, type Wish } from './wishes.ts';

/**
 * One message has one answer, however often it is sent, and a no may become a yes by another message about the same;
 * whoever was told booked is not told later that it is not.
 */
export function messageAnsweredOnce({ events }: Judged): readonly Violation[] {
  const byCall = Map.groupBy(allOf(events, 'answer'), (one) => one.call);
  return allOf(events, 'call').flatMap((call): Violation[] => {
    if (!('via' in call)) return [];
    const said = (byCall.get(call.call) ?? []).filter(({ outcome }) => !OPEN.includes(outcome));
    const tell = (what: string): Violation[] => [{ rule: 3, what: `${call.key}: ${what}`, about: [call.key] }];
    const byMessage = Map.groupBy(
      said.filter(({ message }) => message !== undefined),
      ({ message }) => message,
    );
    for (const [message, answers] of byMessage) {
      const anew = answers.filter((one) => !isOverruled(one, answers, byCall.get(call.call) ?? []));
      const different = new Set(anew.map(({ outcome, appointment = '' }) => `${outcome} ${appointment}`.trim()));
      if (different.size > 1) return tell(`message ${message ?? ''} was answered ${[...different].join(', then ')}`);
    }
    const first = said.findIndex(({ outcome }) => outcome === 'booked');
    const after = first === -1 ? undefined : said.slice(first).find(({ outcome }) => outcome !== 'booked');
    return after === undefined ? [] : tell(`${after.outcome} was said after booked`);
  });
}

/**
 * A no that the hub was right to take back: the same message came again after another one about the appointment had
 * gone out, which was booked (docs/hl7v2.md, "The same request again"); or was still open then and is another no by
 * now, of which it cannot be told from outside when it was decided. Without one, whoever was refused stays refused.
 */
function isOverruled(one: Of<'answer'>, same: readonly Of<'answer'>[], all: readonly Of<'answer'>[]): boolean {
  if (one.outcome !== 'taken' && one.outcome !== 'refused') return false;
  const now = same.find((other) => other.n > one.n && other.outcome !== one.outcome);
  if (now === undefined) return false;
  const others = Map.groupBy(
    all.filter(({ message }) => message !== undefined && message !== one.message),
    ({ message }) => message,
  );
  return [...others.values()].some(
    (other) =>
      other.some(({ n }) => n < now.n) &&
      other.some(({ n, outcome, appointment }) => {
        const isSame = outcome === now.outcome && appointment === now.appointment;
        return isSame && (outcome === 'booked' || n > one.n);
      }),
  );
}

/**
 * The run ended while another message about it was under way, sent after the last answer and never answered: what its
 * sender was told before is not the last word.
 */
export function isAskedAnew({ answers, last }: Wish): boolean {
  const isAnswered = (message: string): boolean =>
    answers.some((one) => one.message === message && !OPEN.includes(one.outcome));
  return answers.some(({ n, message }) => n > (last?.n ?? -1) && message !== undefined && !isAnswered(message));
}
