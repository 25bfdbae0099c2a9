/** Rule 3 for those who ask by HL7 v2. Part of check.ts. */
import { allOf } from './history.ts';
import type { Judged, Violation } from './judged.ts';
import { OPEN, type Wish } from './wishes.ts';

/** One message has one answer, however often it is sent; whoever was told booked is not told later that it is not. */
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
      const different = new Set(answers.map(({ outcome, appointment = '' }) => `${outcome} ${appointment}`.trim()));
      if (different.size > 1) return tell(`message ${message ?? ''} was answered ${[...different].join(', then ')}`);
    }
    const first = said.findIndex(({ outcome }) => outcome === 'booked');
    const after = first === -1 ? undefined : said.slice(first).find(({ outcome }) => outcome !== 'booked');
    return after === undefined ? [] : tell(`${after.outcome} was said after booked`);
  });
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
