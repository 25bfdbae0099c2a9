/**
 * Asks who a system has (QBP Q22) and reads what it says (RSP K22): the Patient Demographics Query of IHE (ITI TF-2,
 * 3.21), HL7 v2.5 chapters 3 and 5. Pure.
 */
import type { Message } from './message.ts';
import type { RequestHeader } from './request-facts.ts';
import { mshSegment } from './request-write.ts';
import { repeat, writeMessage, writeText, type SegmentInput } from './write.ts';

export interface PersonQuery {
  /** QPD-2: the answer names it. */
  readonly tag: string;
  readonly family: string;
  readonly given: string;
  /** `YYYY-MM-DD` */
  readonly birthDate: string;
}

export function writePersonQuery(header: RequestHeader, query: PersonQuery): Uint8Array {
  return writeMessage(segmentsOf(header, query), { charset: header.charset });
}

/** The same before it is put into bytes. */
export function personQueryText(header: RequestHeader, query: PersonQuery): string {
  return writeText(segmentsOf(header, query));
}

function segmentsOf(header: RequestHeader, { tag, family, given, birthDate }: PersonQuery): readonly SegmentInput[] {
  const asked = repeat(['@PID.5.1.1', family], ['@PID.5.2', given], ['@PID.7', birthDate.replaceAll('-', '')]);
  return [mshSegment(header, ['QBP', 'Q22', 'QBP_Q21']), ['QPD', ['IHE PDQ Query'], tag, asked], ['RCP', 'I']];
}

/** unreadable: it is no whole answer to this query. failed: the system could not or would not look. */
export type PersonAnswer = 'one' | 'none' | 'several' | 'failed' | 'unreadable';

/** How many people an answer names. */
export function personAnswer(message: Message, tag: string): PersonAnswer {
  const qak = message.first('QAK');
  const { messageCode, triggerEvent } = message;
  if (messageCode !== 'RSP' || triggerEvent !== 'K22' || (qak?.component(1, 1) ?? '') !== tag) return 'unreadable';
  const status = qak?.component(2, 1) ?? '';
  const people = message.all('PID').length;
  if (status === 'NF') return people === 0 ? 'none' : 'unreadable';
  if (status !== 'OK') return 'failed';
  // DSC-1: there is more than this message holds.
  if (people > 1 || (message.first('DSC')?.component(1, 1) ?? '') !== '') return 'several';
  return people === 1 ? 'one' : 'none';
}
