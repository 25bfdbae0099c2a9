/**
 * Slots that the hub itself laid out by the templates of a site file (pipeline/template-window.ts writes them). They
 * take the way of any site's answer, so that windows, replays and vanished slots are the same for both.
 */
import { instant, type Instant } from '../../core/instant.ts';
import type { Mapped, Mapping, SlotStatement, StoredMessage } from '../contract.ts';

export const TEMPLATE_WINDOW = 'template-window';

/** Instants in epoch milliseconds. */
interface Body {
  readonly calendar: string;
  readonly visitType: string;
  readonly from: number;
  readonly to: number;
  readonly slots: readonly BodySlot[];
}
interface BodySlot {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly template: string;
  readonly capacity: number;
  readonly overbook: number;
  readonly channel?: 'patient' | 'staff';
  readonly session?: string;
}

export const templateMapping: Mapping = {
  accepts: [TEMPLATE_WINDOW],
  map: (message) => mapWindow(message),
};

function mapWindow(message: StoredMessage): Mapped {
  const body = bodyOf(message.body);
  if (body === null) {
    const problem = 'this is not what the hub writes for a template; resync the site to have it written anew';
    return { kind: 'unreadable', issues: [{ code: 'MESSAGE_UNREADABLE', where: 'body', problem }] };
  }
  const { calendar, visitType, from, to } = body;
  const window = { start: instant(from), end: instant(to) };
  const at: Instant = message.readAt ?? message.receivedAt;
  const slots = body.slots.map(statement);
  return {
    kind: 'changes',
    changes: [{ kind: 'slots', calendar, visitType, window, slots, at, template: true }],
    warnings: [],
  };
}

function statement({ key, start, end, template, capacity, overbook, channel, session }: BodySlot): SlotStatement {
  const marks = { ...(overbook === 0 ? {} : { overbook }), ...(channel === undefined ? {} : { channel }) };
  return {
    key,
    during: { start: instant(start), end: instant(end) },
    status: 'free',
    capacity,
    ...(session === undefined ? {} : { session }),
    template: { name: template, ...marks },
  };
}

function bodyOf(bytes: Uint8Array): Body | null {
  try {
    const body = JSON.parse(Buffer.from(bytes).toString('utf8')) as Body | null;
    const isWhole =
      typeof body?.calendar === 'string' &&
      typeof body.visitType === 'string' &&
      Number.isFinite(body.from) &&
      Number.isFinite(body.to) &&
      Array.isArray(body.slots) &&
      body.slots.every((slot: BodySlot) => typeof slot.key === 'string' && slot.start < slot.end);
    return isWhole ? body : null;
  } catch {
    return null;
  }
}
