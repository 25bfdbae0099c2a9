/**
 * Questions that many ask at once, answered by one reading. Whoever asks while a reading is under way waits for the
 * next one: an answer was always read after its question was asked, and is never an old one.
 */
export function askedTogether<Ask, Answer>(
  /** Answers in the order of the questions. */
  read: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
  most = 256,
): (ask: Ask) => Promise<Answer> {
  let waiting: {
    readonly ask: Ask;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (e: unknown) => void;
  }[] = [];
  let reading = false;
  const round = async (): Promise<void> => {
    reading = true;
    while (waiting.length > 0) {
      const mine = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const answers = await read(mine.map(({ ask }) => ask));
        mine.forEach(({ resolve }, at) => resolve(answers[at] as Answer));
      } catch (error) {
        for (const { reject } of mine) reject(error);
      }
    }
    reading = false;
  };
  return (ask) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ ask, resolve, reject });
    // Those who ask in the same turn of the event loop are read together.
    if (!reading) {
      reading = true;
      setImmediate(() => {
        round().catch(reject);
      });
    }
    return promise;
  };
}
