/** SIU messages of invented people, in the shape of the standard's example V1, and MLLP frames around them. */
import { connect, type Socket } from 'node:net';
import { DateTime } from 'luxon';
import { systemClock } from '../src/core/clock.ts';
import { HL7, PRACTITIONERS } from './clinic.ts';

export const PATIENTS = 200;
const QUARTER_MIN = 15;

const START = Buffer.from([0x0b]);
const END = Buffer.from([0x1c, 0x0d]);

/** Visit `n`: another appointment, another quarter of an hour of its practitioner, a patient who comes back. */
export function siu(n: number): Buffer {
  const base = DateTime.fromMillis(systemClock.now(), { zone: HL7.zone }).startOf('day').plus({ days: 1 });
  const start = base.plus({ minutes: QUARTER_MIN * Math.floor(n / PRACTITIONERS) });
  const at = (time: DateTime): string => time.toFormat('yyyyMMddHHmmss');
  const end = start.plus({ minutes: QUARTER_MIN });
  const who = `P${n % PRACTITIONERS}^HEART^HENRY^^^DR^MD`;
  const patient = n % PATIENTS;
  const timing = `||${at(start)}|||${QUARTER_MIN}|min^minutes^ISO+|No|Booked^Booked^HL70278`;
  const sent = at(DateTime.fromMillis(systemClock.now(), { zone: HL7.zone }));
  return Buffer.from(
    [
      `MSH|^~\\&|${HL7.application}|${HL7.facility}|HUB|HUB|${sent}||` +
        `SIU^S12^SIU_S12|C${n}|P|2.5.1|||AL|NE||UNICODE UTF-8`,
      `SCH|P-${n}^HUB|F-${n}^${HL7.facility}|||SCHED|NEW^New booking^L|` +
        'CHECKUP^Check-up^HL70276|Normal^Normal^HL70277|' +
        `${QUARTER_MIN}|min^minutes^ISO+|^^M${QUARTER_MIN}^${at(start)}^${at(end)}|||||` +
        '9001^CLERK^ANN||||9001^CLERK^ANN|||||Booked^Booked^HL70278',
      `TQ1|1||||||${at(start)}|${at(end)}`,
      `NTE|1||Bring list of medicines\\.br\\Fasting: no`,
      `PID|1||M${patient}^^^BENCH^MR||BENCH^BEA${patient}^Q^^^^L||19800102|F|||` +
        '1 MAIN ST^^SPRINGFIELD^IL^62701^USA^H||^PRN^PH^^1^217^5550101',
      `PV1|1|O|MAIN^^^${HL7.facility}||||${who}`,
      'RGS|1|A|G1',
      `AIS|1|A|OFFICE^Office visit^L|${at(start)}|||${QUARTER_MIN}|min^minutes^ISO+|No|Booked^Booked^HL70278`,
      `AIL|1|A|MAIN^^^${HL7.facility}|C|${timing}`,
      `AIP|1|A|${who}|ATND^Attending^L|${timing}`,
      '',
    ].join('\r'),
  );
}

/** Appointments of a feed that goes on for ever: they come again and again, each time in another message. */
const COMING_BACK = 2_000;
const kept = new Map<number, string>();

/** Message `n` of that feed, made quickly: the text of its visit under a control id of its own. */
export function siuAgain(n: number): Buffer {
  const visit = n % COMING_BACK;
  const text = kept.get(visit) ?? siu(visit).toString();
  kept.set(visit, text);
  return Buffer.from(text.replace(`|C${visit}|`, `|C${n}|`));
}

export function framed(message: Buffer): Buffer {
  return Buffer.concat([START, message, END]);
}

/** A connection that sends one frame and waits for the one that answers it. */
export interface Sender {
  exchange(frame: Buffer): Promise<Buffer>;
  close(): void;
}

export function openSender(port: number): Promise<Sender> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(senderOn(socket));
    });
  });
}

function senderOn(socket: Socket): Sender {
  let waiting: { readonly resolve: (answer: Buffer) => void; readonly reject: (error: Error) => void } | null = null;
  let received: Buffer = Buffer.alloc(0);
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = null;
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection was closed')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (!received.subarray(-2).equals(END)) return;
    const answer = received;
    received = Buffer.alloc(0);
    waiting?.resolve(answer);
    waiting = null;
  });
  return {
    exchange: (frame) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(frame);
      }),
    close: () => socket.destroy(),
  };
}
