/** Answers to SRM: the accept acknowledgement and the SRR (standard sheet sections 3, 7 and 11). */
import type { View } from '../kit/store.ts';
import { patientByMrn, seedOf, settingsOf, type Clinic } from './clinic.ts';
import { ERROR_CODES, type Denial } from './denial.ts';
import { components, escape, segment } from '../kit/hl7-encode.ts';
import type { Done } from './filler.ts';
import { dress } from './habits.ts';
import { scheduled } from './messages.ts';
import { msh, type Header, type Letterhead } from './segments.ts';
import type { Incoming } from '../kit/hl7-read.ts';

export interface Reply {
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  /** An accept acknowledgement or a refusal to process is an ACK; a decision is an SRR. */
  readonly type: 'ACK' | 'SRR';
  readonly done?: Done;
  readonly denial?: Denial;
  /** An SRR of its own wants an accept acknowledgement; an answer on the same connection wants none. */
  readonly isOwn?: boolean;
}

/** The text of an answer, in the version of the question and addressed to who asked. */
export function replyTo(clinic: Clinic, view: View, asked: Incoming, controlId: string, reply: Reply): string {
  const { header } = asked;
  const version = header.get(12) || '2.5.1';
  const own = settingsOf(clinic.seed, view);
  const style = isBefore25(version) ? '2.3' : '2.5.1';
  const enhancedAcknowledgement = reply.isOwn === true && own.enhancedAcknowledgement;
  // The same set as the question; an SRR of its own goes out as all that this system sends.
  const asks = header.raw(18);
  const isLatin = asks.startsWith('8859/1');
  const characterSet =
    reply.isOwn === true ? own.characterSet : isLatin ? '8859/1' : asks === '' ? '' : 'UNICODE UTF-8';
  // An engine in the middle is on the way of what is sent, not of what is answered.
  const habits = { ...own.habits, engine: reply.isOwn === true && own.habits.engine };
  const settings = { ...own, version: style, enhancedAcknowledgement, characterSet, habits } as const;
  const letter: Letterhead = { seed: seedOf(clinic, view), settings };
  const trigger = header.get(9, 2);
  const about: Header = {
    event: `${reply.type}^${trigger}`,
    controlId,
    sentAt: clinic.clock.now(),
    to: [components(...(header.lists(3)[0] ?? [])), components(...(header.lists(4)[0] ?? []))],
    version,
  };
  const { denial, done } = reply;
  const msa = segment('MSA', {
    1: reply.code,
    2: escape(header.get(10)),
    ...(denial === undefined ? {} : { 3: escape(denial.message) }),
  });
  const parts = [msh(letter, about, reply.type === 'ACK' ? 'ACK' : 'SRR_S01'), msa];
  if (denial !== undefined) parts.push(err(denial, style === '2.3'));
  if (done !== undefined) {
    const placer = asked.first('ARQ')?.lists(1)[0] ?? done.visit.placer ?? [];
    parts.push(...scheduled(letter, done.visit, patientByMrn(view, done.visit.mrn), 'A', { placer }));
  }
  return dress(parts.join(''), habits);
}

/** From 2.5 on: place, code, severity, own code, and texts for people; before, all of it in ERR-1. */
function err(denial: Denial, isOld: boolean): string {
  const [name = '', sequence = '1', field = ''] = denial.place.split('^');
  const meaning = ERROR_CODES[denial.code as unknown as keyof typeof ERROR_CODES];
  if (isOld) return segment('ERR', { 1: components(name, sequence, field, [denial.code, meaning, 'HL70357']) });
  return segment('ERR', {
    2: components(name, sequence, field),
    3: components(denial.code, meaning, 'HL70357'),
    4: 'E',
    5: components(denial.reason, denial.message, 'L'),
    8: escape(denial.message),
  });
}

function isBefore25(version: string): boolean {
  const [major = 2, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor < 5);
}
