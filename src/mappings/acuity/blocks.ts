/** Time off of one calendar in a window (body: connectors/acuity/block.ts). */
import { localInstant, parseInstant, type Instant } from '../../core/instant.ts';
import type { BlockWindowChange } from '../contract-blocks.ts';
import type { Mapped, MapIssue, StoredMessage } from '../contract.ts';
import { windowIn } from './availability.ts';
import { objectIn, rowsIn, textOf, unreadable } from './reading.ts';

export function mapBlocks(message: StoredMessage): Mapped {
  const body = objectIn(message.body);
  const window = body === null ? null : windowIn(body);
  if (body === null || window === null) return unreadable('from', 'the window is not two times in order');
  const [calendar, zone] = [textOf(body['calendar']), textOf(body['zone'])];
  const blocks = new Map<string, BlockWindowChange['blocks'][number]>();
  const issues: MapIssue[] = [];
  const lists: unknown = body['answers'];
  if (!Array.isArray(lists)) return unreadable('answers', 'the listing is missing');
  for (const row of lists.flatMap(rowsIn)) {
    const [start, end] = [timeIn(row['start'], zone), timeIn(row['end'], zone)];
    const id = row['id'];
    // A filter that was not applied must not close this calendar with another one's leave.
    const elsewhere = typeof row['calendarID'] === 'number' && String(row['calendarID']) !== calendar;
    if (elsewhere) continue;
    if (typeof id !== 'number' || start === null || end === null || end <= start) {
      issues.push({ code: 'MESSAGE_INCOMPLETE', where: 'blocks', problem: 'a block lacks its id or times in order' });
      continue;
    }
    const correlation = /(?:^|\s)slotwire:(\S+)/.exec(textOf(row['notes']))?.[1];
    // The listing reaches further back than the window, to find leave that is still running.
    if (start >= window.end || end <= window.start) continue;
    blocks.set(String(id), {
      key: String(id),
      during: { start, end },
      ...(correlation !== undefined && { correlation }),
    });
  }
  // Applying the rest would open the time of the block that cannot be read.
  if (issues.length > 0) return { kind: 'unreadable', issues };
  const at = message.readAt ?? message.receivedAt;
  return {
    kind: 'changes',
    changes: [{ kind: 'blocks', calendar, window, blocks: [...blocks.values()], at }],
    warnings: [],
  };
}

/**
 * In which form the vendor writes times of blocks is not documented: with an offset, or as local time of the calendar.
 */
function timeIn(value: unknown, zone: string): Instant | null {
  const text = textOf(value);
  const known = parseInstant(text);
  if (known !== null) return known;
  const parts = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part: string | undefined) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return null;
  return (
    localInstant({ year, month, day, hour: hour ?? 0, minute: minute ?? 0, second: second ?? 0 }, zone)?.at ?? null
  );
}
