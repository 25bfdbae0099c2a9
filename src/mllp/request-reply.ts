/** How the answer to a request (SRM) goes out: as its header asks (MSH-15, MSH-16). */
import { randomToken } from '../core/ids.ts';
import { ackCode, ackModeOf } from '../hl7v2/acknowledge.ts';
import type { Header } from '../hl7v2/header.ts';
import type { Hl7Reply } from '../store/contract-requests.ts';

/** Original mode, and senders that want the answer alone (MSH-15 NE, MSH-16 AL), wait for it on the connection. */
export function replyOf(head: Header): Hl7Reply {
  if (ackModeOf(head) === 'original') return 'connection';
  const code = ackCode(head, 'accepted');
  if (code === 'AA') return 'connection';
  return /^(NE)?$/i.test(head.component(16).trim()) ? 'none' : 'address';
}

/** MSH-16. */
export function isWanted(head: Header, code: 'AA' | 'AE' | 'AR'): boolean {
  const asked = head.component(16).trim().toUpperCase();
  if (asked === 'NE' || asked === '') return false;
  return asked === 'SU' ? code === 'AA' : asked !== 'ER' || code !== 'AA';
}

export function controlId(): string {
  return randomToken(12).slice(0, 20);
}

/** What a message that names no character set was read in, as an MSH-18 value. */
export function charsetOf(encoding: string): string {
  return encoding === 'windows-1252' || encoding === 'iso-8859-1' ? '8859/1' : '';
}
