/** What a sender is connected to in a test. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { FrameDecoder } from '../../src/hl7v2/frame.ts';

export interface Receiver {
  readonly port: number;
  readonly sockets: Socket[];
  readonly frames: Uint8Array[];
}

/**
 * Does as the test says with each frame. `allowHalfOpen`: it may go on speaking to a sender that has closed its side.
 */
export async function receiver(
  t: TestContext,
  take: (frame: Uint8Array, socket: Socket) => void,
  allowHalfOpen = false,
): Promise<Receiver> {
  const sockets: Socket[] = [];
  const frames: Uint8Array[] = [];
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const decoder = new FrameDecoder({ maxFrame_bytes: 100_000 });
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame') continue;
        frames.push(event.bytes);
        take(event.bytes, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, frames };
}
