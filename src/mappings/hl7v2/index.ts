/** The mapping of HL7 v2 messages: which rule applies, and how several messages in one frame become one result. */
import { splitMessages } from '../../hl7v2/batch.ts';
import { contentDigest } from '../../hl7v2/content.ts';
import { parseMessage } from '../../hl7v2/message.ts';
import type { Change, Mapped, MapIssue, Mapping, SiteFacts, StoredMessage } from '../contract.ts';
import { mapUnplanned } from './adt-appointment.ts';
import { mapAppointment } from './appointment.ts';
import { mapBlock } from './blocks.ts';
import { EVENTS, type EventRule } from './events.ts';
import { mapPeople } from './linkage.ts';
import { mapMaster } from './master.ts';
import { mapAnswer } from './own-request.ts';
import { mapPatient } from './patient.ts';
import { feedOf, incomplete, orderingTime, Reading } from './reading.ts';

export const hl7v2Mapping: Mapping = {
  contentDigest: ({ body }, facts) => contentDigest(body, feedOf(facts).engineRewrites),
  // `HL7` is what the feed calls a frame without a message code.
  accepts: [...EVENTS.keys(), 'HL7'],
  map(message, facts) {
    const { messages } = splitMessages(message.body);
    if (messages.length <= 1) return mapOne(messages[0]?.bytes ?? message.body, message, facts);
    return together(messages.map((one) => mapOne(one.bytes, message, facts, 'own')));
  },
};

/** The time of a frame is that of its first message, as the feed reads it; each message in it has its `own`. */
function mapOne(bytes: Uint8Array, stored: StoredMessage, facts: SiteFacts, time: 'frame' | 'own' = 'frame'): Mapped {
  const { message, issues } = parseMessage(bytes, { defaultCharset: feedOf(facts).charsetWhenAbsent });
  const { messageCode, triggerEvent } = message;
  const kind = messageCode === 'ACK' || triggerEvent === '' ? messageCode : `${messageCode}^${triggerEvent}`;
  if (kind === '') return unreadable([incomplete('MSH-9', 'the message does not say what it is')]);
  const rule = EVENTS.get(kind);
  if (rule === undefined) {
    return unreadable([
      { code: 'MESSAGE_UNREADABLE', where: 'MSH-9', problem: 'there is no mapping for this kind of message' },
    ]);
  }
  const own = time === 'own' ? orderingTime(message, facts, stored.receivedAt) : null;
  const reading = new Reading(message, facts, own ?? stored.occurredAt ?? stored.receivedAt);
  for (const issue of issues) reading.warn('message', issue.text);
  const mapped = mapBy(rule, reading, kind);
  const { unlisted } = reading;
  return mapped.kind === 'ignored' || unlisted.length === 0 ? mapped : { ...mapped, unlisted };
}

function mapBy(rule: EventRule, reading: Reading, kind: string): Mapped {
  switch (rule.kind) {
    case 'appointment':
      return mapAppointment(reading);
    case 'block':
      return mapBlock(reading, rule.closed);
    case 'answer':
      return mapAnswer(reading);
    case 'patient':
      return mapPatient(reading);
    case 'people':
      return mapPeople(reading, rule.effect, rule.otherwise);
    case 'master':
      return mapMaster(reading, rule.of);
    case 'planned':
      return mapUnplanned(reading);
    case 'ignored':
      return { kind: 'ignored', because: `${kind} ${rule.because}.` };
  }
}

/** All or nothing: a frame is one row of the inbox, so a part of it that must wait keeps the rest waiting too. */
function together(parts: readonly Mapped[]): Mapped {
  const issues = parts.flatMap((part, at): readonly MapIssue[] =>
    part.kind === 'unreadable'
      ? part.issues.map((issue) => ({ ...issue, where: `message ${at + 1} of ${parts.length}, ${issue.where}` }))
      : [],
  );
  const barrier = parts.some((part) => part.kind === 'unreadable' && part.barrier === true);
  const names = new Set(parts.flatMap((part) => (part.kind === 'ignored' ? [] : (part.unlisted ?? []))));
  const unlisted = names.size === 0 ? {} : { unlisted: [...names] };
  if (issues.length > 0) return { kind: 'unreadable', issues, ...(barrier ? { barrier } : {}), ...unlisted };
  const changes = parts.flatMap((part): readonly Change[] => (part.kind === 'changes' ? part.changes : []));
  const warnings = parts.flatMap((part) => (part.kind === 'changes' ? part.warnings : []));
  if (changes.length > 0) return { kind: 'changes', changes, warnings: [...new Set(warnings)], ...unlisted };
  const because = parts.flatMap((part) => (part.kind === 'ignored' ? [part.because] : []));
  return { kind: 'ignored', because: [...new Set(because)].join(' ') };
}

function unreadable(issues: readonly MapIssue[]): Mapped {
  return { kind: 'unreadable', issues };
}
