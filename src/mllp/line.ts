/**
 * One outgoing MLLP connection: opened, written to, listened to, and given up. Which answer belongs to which message is
 * the sender's business (sender.ts).
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { FrameDecoder } from '../hl7v2/frame.ts';

export interface LineOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly clock: Clock;
  readonly connect_ms: number;
  readonly maxAnswer_bytes: number;
}

export interface LineEvents {
  frame(line: Line, bytes: Uint8Array): void;
  /** An answer without end: nothing on this connection can be trusted any more. */
  unreadable(line: Line): void;
  /** No answer can come any more; said once, after every frame that came before. */
  closed(line: Line): void;
}

/** The other side may be away for hours; the system notices after a few minutes at the latest. */
const KEEP_ALIVE_MS = 60_000;

export class Line {
  readonly #socket: Socket;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Resolves when the connection stands, with TLS also its greeting; `stop` gives it up before. */
  static async open(options: LineOptions, events: LineEvents, stop: AbortSignal): Promise<Line | HubError> {
    const { host, port, tls, clock, connect_ms } = options;
    const socket = tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...tls });
    const line = new Line(socket);
    line.#listen(options, events);
    const patience = new AbortController();
    const failed = await Promise.race([
      standing(socket),
      clock.sleep(connect_ms, AbortSignal.any([patience.signal, stop])).then(() => unreachable('no connection')),
    ]);
    patience.abort();
    if (failed === null && line.isUsable && !stop.aborted) return line;
    socket.destroy();
    return failed ?? unreachable('the connection was closed at once');
  }

  /** False as soon as either side has begun to close it. */
  get isUsable(): boolean {
    return !this.#ended && this.#socket.writable;
  }

  write(frame: Uint8Array): void {
    this.#socket.write(frame);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen({ maxAnswer_bytes }: LineOptions, events: LineEvents): void {
    const socket = this.#socket;
    const decoder = new FrameDecoder({ maxFrame_bytes: maxAnswer_bytes });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind === 'frame') events.frame(this, event.bytes);
        else if (event.kind === 'oversize') events.unreadable(this);
      }
    });
    const ended = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      events.closed(this);
    };
    // A receiver that closes its half only will not answer either, whatever it still reads.
    socket.on('end', ended);
    socket.on('close', ended);
  }
}

/** Null when connected, also in TLS; the error otherwise. */
async function standing(socket: Socket): Promise<HubError | null> {
  const ready = 'encrypted' in socket ? 'secureConnect' : 'connect';
  return await new Promise((resolve) => {
    socket.once(ready, () => resolve(null));
    socket.once('close', () => resolve(unreachable('the connection was closed')));
    socket.once('error', (cause: NodeJS.ErrnoException) =>
      resolve(unreachable(cause.code ?? 'the connection failed', cause)),
    );
  });
}

function unreachable(detail: string, cause?: unknown): HubError {
  return new HubError('SITE_UNREACHABLE', { detail, cause });
}
