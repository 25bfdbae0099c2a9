/** What a message says, apart from what every system on its way writes anew. */
import { sha256 } from '../core/ids.ts';
import { messageBytes } from './batch.ts';
import { parseMessage } from './message.ts';
import type { Segment } from './segment.ts';

/**
 * Equal for two messages that differ only in segment ends and in the fields left out (`MSH-7`): a message and its
 * re-send by an interface engine that stamps time and control id anew. Values are compared as sent, still escaped.
 */
export function contentDigest(bytes: Uint8Array, leftOut: readonly string[]): string {
  const without = new Set(leftOut);
  const lines = messageBytes(bytes).flatMap((part) =>
    parseMessage(part).message.segments.map((segment) => said(segment, without)),
  );
  return sha256(Buffer.from(lines.join('\r'), 'utf8'));
}

function said(segment: Segment, without: ReadonlySet<string>): string {
  const fields: string[] = [segment.name];
  for (let n = 1; n <= segment.fieldCount; n += 1) {
    fields.push(without.has(`${segment.name}-${n}`) ? '' : segment.rawField(n).trimEnd());
  }
  // A sender that leaves out the empty fields at the end says the same as one that writes them.
  while (fields.at(-1) === '') fields.pop();
  return fields.join('\u0000');
}
