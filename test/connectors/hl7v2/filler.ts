/** A site that takes requests, as far as these tests need one: real sockets, and answers that a test composes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { hl7v2 } from '../../../src/connectors/hl7v2/index.ts';
import type { Hl7v2Settings, RequestSettings } from '../../../src/connectors/kit/hl7/wire.ts';
import type { Book, Budget, CancelOrder, Connector, PlaceOrder } from '../../../src/connectors/contract.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { plus } from '../../../src/core/instant.ts';
import { encodeFrame, FrameDecoder } from '../../../src/hl7v2/frame.ts';
import { header } from '../../../src/hl7v2/header.ts';
import { lendSender } from '../../../src/hub-answers.ts';
import type { SiteSettings } from '../../../src/settings/shape.ts';
import { at, hl7Settings, hl7Site, place as location } from '../../fixtures/siu/site.ts';

export const never = new AbortController().signal;
export const BOOKING = '0199a3c1-7d40-7abc-8def-0123456789ab';
export const START = at('2026-03-14T15:00:00Z');

export const ORDER: PlaceOrder = {
  correlation: BOOKING,
  calendar: 'HEART',
  visitType: 'CARDFU',
  start: START,
  end: plus(START, 1_800_000),
  patient: {
    identifiers: [{ system: 'urn:oid:1.2.3', value: 'MRN123', type: 'MR' }],
    family: 'Doe',
    given: 'Jane',
    birthDate: '1980-01-02',
    phone: '+1 217 555 0101',
    email: 'jane@example.org',
  },
  channel: 'patient',
};

export const CANCEL: CancelOrder = {
  key: 'F-1001^HOSP_A',
  correlation: '0199a3c1-7d40-7abc-9def-ba9876543210',
  placedAs: BOOKING,
  by: 'patient',
};

export function requests(port: number, more: Partial<RequestSettings> = {}): RequestSettings {
  return {
    host: '127.0.0.1',
    port,
    application: 'SLOTWIRE',
    facility: 'HUB',
    namespace: 'SLOTWIRE',
    version: '2.5.1',
    charset: 'UNICODE UTF-8',
    times: 'with-offset',
    acknowledgement: 'original',
    enteredBy: 'SLOTWIRE',
    roles: 'AIP',
    connectWithin_ms: 5_000,
    answerWithin_ms: 5_000,
    decideWithin_ms: 5_000,
    keepOpen_s: 60,
    showsWithin_s: 60,
    bookedBy: 'answer',
    finds: 'none',
    registers: 'none',
    refusals: {},
    ...more,
  };
}

export function askedSite(
  wanted: RequestSettings,
  settings: Partial<Hl7v2Settings> = {},
  file: Partial<SiteSettings> = {},
): SiteSettings {
  const parties = { sendingApplication: 'EPICSIM', sendingFacility: 'HOSP_A' };
  return hl7Site({
    settings: { ...hl7Settings({ ...parties, ...settings, requests: wanted }) },
    locations: { cardiology: location('America/Chicago', ['CARD^R1'], true) },
    resources: {
      calendars: {},
      practitioners: { HEART: { practitioner: 'local:heart', name: 'Dr. Henry Heart', location: 'cardiology' } },
      devices: {},
    },
    ...file,
  });
}

interface Cleanup {
  after(work: () => Promise<void> | void): void;
}

export interface Filler {
  readonly port: number;
  /** Every request as it came, segments apart. */
  readonly asked: string[][];
  readonly sockets: Socket[];
}

/** What is answered to a request: the frames to send, nothing for silence. */
export type Answers = (request: Uint8Array, socket: Socket) => readonly string[];

export async function startFiller(t: Cleanup, answers: Answers, tls?: TlsOptions): Promise<Filler> {
  const asked: string[][] = [];
  const sockets: Socket[] = [];
  const serve = (socket: Socket): void => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    const decoder = new FrameDecoder({ maxFrame_bytes: 100_000 });
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame') continue;
        asked.push(
          Buffer.from(event.bytes)
            .toString('utf8')
            .split('\r')
            .filter((line) => line !== ''),
        );
        for (const one of answers(event.bytes, socket)) socket.write(encodeFrame(Buffer.from(one, 'utf8')));
      }
    });
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked, sockets };
}

/** An SRR, or with `type` another answer, to this request. */
export function srr(request: Uint8Array, code: string, more: readonly string[] = [], type = 'SRR^S01^SRR_S01'): string {
  const own = `R${Math.floor(performance.now() * 1e6)}`;
  const lines = [
    `MSH|^~\\&|EPICSIM|HOSP_A|SLOTWIRE|HUB|20260301120001-0600||${type}|${own}|P|2.5.1`,
    `MSA|${code}|${header(request).raw(10)}`,
    ...more,
  ];
  return lines.map((line) => `${line}\r`).join('');
}

export interface Opened {
  readonly site: SiteSettings;
  readonly connector: Connector;
  readonly book: Book;
  /** What came on the connection when nobody waited for it. */
  readonly late: Uint8Array[];
}

export function openBook(t: Cleanup, site: SiteSettings): Opened {
  const late: Uint8Array[] = [];
  const budget: Budget = {
    take: () => Promise.reject(new Error('a feed has no budget')),
    pause: () => undefined,
    spec: { perSecond: 1, concurrent: 1, reservedForBookings: 0 },
  };
  const connector = hl7v2.open(
    { id: site.id, file: site, settings: site.settings as unknown as Hl7v2Settings },
    {
      clock: systemClock,
      budget: () => budget,
      webhookUrl: null,
      hl7Sender: lendSender(systemClock, (bytes) => late.push(bytes)),
      backendToken: () => assert.fail('this kind asks for no token'),
    },
  );
  t.after(() => connector.close());
  const { book } = connector;
  if (book === undefined) throw new Error('the site takes no requests');
  return { site, connector, book, late };
}
