/**
 * The network between the hub and one simulator, as TCP: it can refuse, or fall silent in the middle of an answer. The
 * simulator itself is reached by the harness directly.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Cleanup } from '../support/database.ts';

export interface Line {
  readonly port: number;
  /** `refuse`: connections end and new ones are ended. `silence`: everything is taken and nothing is passed on. */
  cut(how: 'refuse' | 'silence'): void;
  mend(): void;
  /** How many connections each way of cutting met since this was asked last. */
  struck(): Readonly<Record<string, number>>;
}

/** `target`: asked for each connection, because a simulator may not listen yet. */
export async function openLine(cleanup: Cleanup, target: () => string | null): Promise<Line> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'refuse' | 'silence' = 'open';
  let met = { refuse: 0, silence: 0 };
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
    if (state !== 'open') met[state] += 1;
    if (state === 'refuse' || url === null) incoming.destroy();
    if (state !== 'open' || url === null) return;
    const { hostname, port } = new URL(url);
    const outgoing = keep(connect({ host: hostname, port: Number(port) }));
    incoming.pipe(outgoing).pipe(incoming);
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
      const { refuse, silence } = met;
      met = { refuse: 0, silence: 0 };
      return { 'line refused': refuse, 'line silent': silence };
    },
  };
}
