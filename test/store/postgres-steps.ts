/** A wire between the hub and its database that a test can cut, and a server that says what a test wants. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Wire {
  /** The database's URL, through the wire. */
  readonly url: string;
  /** Cuts both ends as soon as the hub has sent these words, and before an answer to them passes. */
  cutAfter(words: string): void;
}

/**
 * `refuse`: answers a first message that holds these words with an error, as PgBouncer does with start parameters that
 * it does not know.
 */
export async function wire(t: TestContext, url: string, refuse?: string): Promise<Wire> {
  const { port, hostname } = new URL(url);
  let fatal: string | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((hub) => {
    const database = connect(Number(port), hostname);
    let first = true;
    let cut = false;
    for (const socket of [hub, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        hub.destroy();
        database.destroy();
      });
    }
    hub.on('data', (chunk) => {
      if (first && refuse !== undefined && chunk.includes(refuse)) {
        hub.end(errorMessage('FATAL', '08P01', `unsupported startup parameter: ${refuse}`));
        return;
      }
      first = false;
      cut ||= fatal !== null && chunk.includes(fatal);
      database.write(chunk);
    });
    database.on('data', (chunk) => {
      if (cut) hub.destroy();
      else hub.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, cutAfter: (words) => (fatal = words) };
}

/** A server that lets everyone in and answers every statement with one text value. */
export async function serverThatAnswers(t: TestContext, value: string): Promise<string> {
  const server = createServer((hub) => {
    hub.on('error', () => undefined);
    hub.once('data', () => {
      hub.write(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]));
      hub.on('data', () => {
        const field = Buffer.concat([text('v'), int32(0), int16(0), int32(23), int16(4), int32(-1), int16(0)]);
        const row = Buffer.concat([int16(1), int32(value.length), Buffer.from(value)]);
        const parts = [message('T', Buffer.concat([int16(1), field])), message('D', row)];
        hub.write(Buffer.concat([...parts, message('C', text('SELECT 1')), message('Z', Buffer.from('I'))]));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `postgres://anyone:x@127.0.0.1:${(server.address() as AddressInfo).port}/any`;
}

function errorMessage(severity: string, code: string, said: string): Buffer {
  return message('E', Buffer.concat([text(`S${severity}`), text(`C${code}`), text(`M${said}`), Buffer.from([0])]));
}

function message(kind: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
