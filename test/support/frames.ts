/** HL7 v2 messages sent to a whole hub by a hand of our own, where no simulator would send such. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { formatInstant, type Instant } from '../../src/core/instant.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import type { TestHub } from './hub.ts';
import { eventually } from './wait.ts';

/**
 * One frame; the answer as it came, empty when the hub hung up without one. Lines end with \n here and with \r on the
 * wire.
 */
export async function sendFrame(hub: Pick<TestHub, 'sandbox'>, text: string): Promise<string> {
  const socket = connect(hub.sandbox().mllp);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(encodeFrame(Buffer.from(text.replaceAll('\n', '\r'))));
  await eventually('the frame is answered or refused', () => answer.includes('\x1c\r') || socket.destroyed);
  socket.destroy();
  return answer;
}

export interface Siu {
  readonly controlId: string;
  readonly start: Instant;
  /** Segments behind SCH. */
  readonly lines: readonly string[];
  /** MSH-3 and MSH-4. */
  readonly sender?: string;
  readonly reason?: string;
}

/** A new visit of half an hour at Riverside. */
export function siu({ controlId, start, lines, sender = 'RIVERSIDE_SCHED|RIVERSIDE', reason = '' }: Siu): string {
  const at = formatInstant(start)
    .replace(/[-:]|Z/g, '')
    .replace('T', '');
  return [
    `MSH|^~\\&|${sender}|SLOTWIRE|HUB|20260301120000||SIU^S12^SIU_S12|${controlId}|P|2.5.1|||AL|NE`,
    `SCH|P-${controlId}^HUB|F-${controlId}^RIVERSIDE||||NEW|${reason}|Normal|30|min|^^M30^${at}+0000`,
    ...lines,
    '',
  ].join('\n');
}
