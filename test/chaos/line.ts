/**
 * The network between the hub and one simulator, as TCP: it can refuse, or fall silent in the middle of an answer. The
 * simulator itself is reached by the harness directly.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Cleanup } from '../support/database.ts';

/**
 * `refuse`: connections end and new ones are ended. `silence`: everything is taken and nothing is passed on. `deaf`:
 * what is asked passes and what is answered does not come back.
 */
export type Cut = 'refuse' | 'silence' | 'deaf';

export interface Line {
  readonly port: number;
  cut(how: Cut): void;
  mend(): void;
  /** How many connections each way of cutting met since this was asked last. */
  struck(): Readonly<Record<string, number>>;
}

/** `target`: asked for each connection, because a simulator may not listen yet. */
export async function openLine(cleanup: Cleanup, target: () => string | null): Promise<Line> {
  const sockets = new Set<Socket>();
  let state: 'open' | Cut = 'open';
  let met = { refuse: 0, silence: 0, deaf: 0 };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((incoming) => {
    keep(incoming);
    const url = target();
    if (state === 'refuse' || state === 'silence') met[state] += 1;
    if (state === 'refuse' || url === null) incoming.destroy();
    if (state === 'refuse' || state === 'silence' || url === null) return;
    const { hostname, port } = new URL(url);
    const outgoing = keep(connect({ host: hostname, port: Number(port) }));
    incoming.pipe(outgoing);
    outgoing.on('data', (chunk: Buffer) => {
      if (state === 'deaf') met.deaf += 1;
      else incoming.write(chunk);
    });
    incoming.once('close', () => outgoing.destroy());
    outgoing.once('close', () => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(async () => {
    endAll();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut(how) {
      state = how;
      if (how === 'deaf') return;
      met[how] += Math.floor(sockets.size / 2);
      if (how === 'refuse') endAll();
      else for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      state = 'open';
      // What was cut in the middle is not taken up again.
      endAll();
    },
    struck() {
      const { refuse, silence, deaf } = met;
      met = { refuse: 0, silence: 0, deaf: 0 };
      return { 'line refused': refuse, 'line silent': silence, 'answer lost': deaf };
    },
  };
}
