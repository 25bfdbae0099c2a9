/**
 * MLLP in: SRM one after the other per connection, each answered before the next is read. Under the fault outage the
 * port is closed, so that callers are refused as by a machine that is down.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { HubError } from '../../core/errors.ts';
import type { Faults } from './faults.ts';
import { frame, FrameReader } from './frames.ts';
import { encodingOf } from './hl7-read.ts';

export interface Answered {
  readonly text: string;
  /** After the answer was written, or when it never will be. */
  readonly after: () => void;
}

export interface RequestPortOptions {
  readonly faults: Faults;
  /** Null: the connection is cut without an answer. */
  readonly answer: (text: string) => Promise<Answered | null>;
}

export class RequestPort {
  readonly #options: RequestPortOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #host = '';
  #port = 0;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: RequestPortOptions) {
    this.#options = options;
    options.faults.onChange(() => this.#adjust());
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#host, port: this.#port };
  }

  /** `ports` are tried in order; 0 is any free one. @throws HubError PORT_IN_USE */
  async start(host: string, ports: readonly number[]): Promise<void> {
    this.#host = host;
    let failure: unknown;
    for (const port of ports) {
      try {
        await this.#listen(port);
        return;
      } catch (error) {
        failure = error;
      }
    }
    const detail = `requests: ${failure instanceof Error ? failure.message : 'no port'}`;
    throw new HubError('PORT_IN_USE', { detail, cause: failure });
  }

  async stop(): Promise<void> {
    await this.#changing;
    await this.#close();
  }

  #adjust(): void {
    const isDown = (this.#options.faults.report().switches as Record<string, unknown>)['outage'] === true;
    this.#changing = this.#changing.then(async () => {
      if (isDown) await this.#close();
      else if (this.#server === null && this.#port > 0) await this.#listen(this.#port);
    });
    // A port that somebody took meanwhile stays closed: callers are refused, as during the outage.
    this.#changing = this.#changing.catch(() => undefined);
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    if (this.#options.faults.take('outage', 'SRM')) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const reader = new FrameReader();
    let working: Promise<void> = Promise.resolve();
    socket.on('data', (part: Buffer) => {
      for (const data of reader.push(part)) {
        working = working.then(() => this.#one(socket, data)).catch(() => void socket.destroy());
      }
    });
  }

  async #one(socket: Socket, data: Buffer): Promise<void> {
    if (socket.destroyed) return;
    const encoding = encodingOf(data);
    const answered = await this.#options.answer(data.toString(encoding));
    if (answered === null) {
      socket.destroy();
      return;
    }
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.write(frame(Buffer.from(answered.text, encoding)), () => resolve());
    });
    answered.after();
  }
}
