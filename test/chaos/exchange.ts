/** One frame over a line that may fail in any way, and what comes back on the same connection. */
import { connect } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';

const END_OF_FRAME = '\x1c\r';

export interface Exchange {
  /** As placer.ts writes it: lines end with \n. */
  readonly text: string;
  /** So many frames are waited for. */
  readonly frames: number;
  readonly within_ms: number;
  /** Closes the connection as soon as the frame is written. */
  readonly hangUp: boolean;
}

/** The frames that came until there were enough, the connection ended, or it took too long. */
export async function exchange(port: number, asked: Exchange, over: AbortSignal): Promise<readonly string[]> {
  const socket = connect({ host: '127.0.0.1', port });
  let heard = '';
  const ended = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      heard += chunk;
      if (framesIn(heard).length >= asked.frames) resolve();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
  });
  socket.write(encodeFrame(Buffer.from(asked.text.replaceAll('\n', '\r'))), () => {
    if (asked.hangUp) socket.end();
  });
  const late = new AbortController();
  await Promise.race([ended, systemClock.sleep(asked.within_ms, AbortSignal.any([late.signal, over]))]);
  late.abort();
  socket.destroy();
  return asked.hangUp ? [] : framesIn(heard);
}

function framesIn(heard: string): readonly string[] {
  return heard.split(END_OF_FRAME).slice(0, -1);
}
