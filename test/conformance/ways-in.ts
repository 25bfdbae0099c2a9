/** How a site reaches the rig's hub: webhooks over HTTP and frames over MLLP, verified and stored by the real parts. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connector, RawRequest } from '../../src/connectors/contract.ts';
import type { Clock } from '../../src/core/clock.ts';
import { ERRORS } from '../../src/core/error-catalogue.ts';
import { asHubError, HubError } from '../../src/core/errors.ts';
import { hl7Intake } from '../../src/mllp/intake.ts';
import { startListener, type Listener } from '../../src/mllp/listener.ts';
import type { Hl7Site } from '../../src/mllp/routes.ts';
import type { Receiver } from '../../src/pipeline/receive.ts';
import type { Cleanup } from '../support/database.ts';

export interface Intake {
  /** Without the site id. */
  readonly url: string;
  /** Every webhook as it arrived, oldest first. */
  readonly heard: readonly { readonly site: string; readonly request: RawRequest }[];
}

/** Verifies and stores one webhook; the status that the vendor is answered with. */
export async function receiveWebhook(
  site: string,
  connector: Connector,
  receiver: Receiver,
  clock: Clock,
  request: RawRequest,
): Promise<number> {
  const { webhook } = connector;
  if (webhook === undefined) throw new HubError('WEBHOOK_UNSUPPORTED', { site });
  const verdict = webhook.verify(request, clock.now());
  if (!verdict.genuine) throw verdict.error;
  const read = webhook.read(request);
  if ('handshake' in read) return read.handshake.status;
  if (read.messages.length > 0) await receiver.store(site, 'webhook', read.messages, null);
  return 200;
}

export async function openIntake(
  cleanup: Cleanup,
  receive: (site: string, request: RawRequest) => Promise<number>,
): Promise<Intake> {
  const heard: { site: string; request: RawRequest }[] = [];
  const take = async (incoming: IncomingMessage): Promise<number> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    );
    const url = incoming.url ?? '/';
    const request = { method: incoming.method ?? 'POST', url, headers, body: Buffer.concat(parts), remoteAddress: '' };
    const site = url.split('/').at(-1) ?? '';
    heard.push({ site, request });
    return receive(site, request);
  };
  const server = createServer((incoming, outgoing) => {
    take(incoming).then(
      (status) => outgoing.writeHead(status).end(),
      (error: unknown) => outgoing.writeHead(ERRORS[asHubError(error).code].http).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/intake`, heard };
}

export interface Mllp {
  readonly host: string;
  readonly port: number;
  /** Acknowledgement codes in the order of the answers. */
  readonly answered: readonly string[];
  /** Stores one frame; the answer as text, null when the sender wants none. */
  receive(frame: Uint8Array): Promise<string | null>;
}

export async function openMllp(
  cleanup: Cleanup,
  clock: Clock,
  receiver: Receiver,
  sites: () => readonly Hl7Site[],
): Promise<Mllp> {
  const answered: string[] = [];
  const intake = hl7Intake({ clock, receiver, sites, answered: (_site, code) => answered.push(code) });
  const listener: Listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    limits: { maxFrame_bytes: 1_048_576, idle_ms: 600_000, maxConnections: 16, maxPending_frames: 16 },
    clock,
    receive: intake,
    onEvent: () => undefined,
  });
  cleanup.after(() => listener.close(0));
  return {
    host: listener.host,
    port: listener.port,
    answered,
    async receive(frame) {
      const answer = await intake(frame);
      return answer === null ? null : Buffer.from(answer).toString('utf8');
    },
  };
}
