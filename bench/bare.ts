/** What the hardware and the libraries allow, when nothing of the hub is in the way. */
import { createServer, type Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { systemClock } from '../src/core/clock.ts';

export interface Rate {
  readonly perSecond: number;
  readonly each_ms: readonly number[];
}

/** Runs `work` in `callers` loops until the time is over or `most` were done. */
export interface Pace {
  readonly callers: number;
  readonly seconds: number;
  readonly most?: number;
  /** Each caller rests for so long after each call, so that what a call leaves to be done is done before the next. */
  readonly rest_ms?: number;
}

export async function repeat(options: Pace, work: (caller: number) => Promise<unknown>): Promise<Rate> {
  const each_ms: number[] = [];
  const began = systemClock.monotonic();
  const end = began + options.seconds * 1000;
  let begun = 0;
  const loop = async (caller: number): Promise<void> => {
    while (systemClock.monotonic() < end && begun < (options.most ?? Number.POSITIVE_INFINITY)) {
      begun += 1;
      const from = systemClock.monotonic();
      await work(caller);
      each_ms.push(systemClock.monotonic() - from);
      if (options.rest_ms !== undefined) await setTimeout(options.rest_ms);
    }
  };
  await Promise.all(Array.from({ length: options.callers }, (_one, caller) => loop(caller)));
  return { perSecond: (each_ms.length * 1000) / (systemClock.monotonic() - began), each_ms };
}

const ROW = 'x'.repeat(1000);

/** Rows of 1 kB, `rowsEach` in one statement that commits by itself. */
export async function bareInserts(
  url: string,
  options: { readonly callers: number; readonly seconds: number; readonly rowsEach: number },
): Promise<Rate> {
  const clients = await Promise.all(
    Array.from({ length: options.callers }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error('no callers');
  await first.query('CREATE TABLE IF NOT EXISTS bare_row (id bigserial PRIMARY KEY, body text NOT NULL)');
  const values = [Array.from({ length: options.rowsEach }, () => ROW)];
  const text = 'INSERT INTO bare_row (body) SELECT unnest($1::text[])';
  try {
    return await repeat(options, (caller) => (clients[caller] ?? first).query({ name: 'bare', text, values }));
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

const END = Buffer.from([0x1c, 0x0d]);

/**
 * Answers each frame with one that never changes, reads nothing of it and stores nothing. For a process of its own: see
 * bare-server.ts.
 */
export function acknowledger(): Server {
  const answer = Buffer.from('\u000bMSH|^~\\&|HUB|HUB|S|S|20260101||ACK|1|P|2.5.1\rMSA|CA|C0\r\u001c\r', 'latin1');
  return createServer({ noDelay: true }, (socket) => {
    let last = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      // A frame may end with the first byte of the next chunk.
      if (last === END[0] && chunk[0] === END[1]) socket.write(answer);
      for (let at = chunk.indexOf(END); at !== -1; at = chunk.indexOf(END, at + END.length)) socket.write(answer);
      last = chunk.at(-1) ?? 0;
    });
  });
}
