/** A connector that answers what a test decides, and keeps what it was asked. */
import type {
  AskedTime,
  Availability,
  AvailabilityWindow,
  Block,
  BlockOrder,
  BlockOutcome,
  Book,
  CancelOrder,
  FindOrder,
  Found,
  MoveOrder,
  PlaceOrder,
  WriteOutcome,
} from '../../src/connectors/contract.ts';
import type { AmendOrder, SettableStatus, StatusOrder } from '../../src/connectors/contract-book.ts';
import type { Amendment } from '../../src/fhir/amendment.ts';
import type { Clock } from '../../src/core/clock.ts';
import { sha256 } from '../../src/core/ids.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { SlotStatement } from '../../src/mappings/contract.ts';
import { SUNDAY_NOON } from './facts.ts';

/** What a site answers: each a function that a test replaces. What was asked is kept. */
export interface ScriptedSite {
  exclusive: boolean;
  showsWithin_ms: number;
  canBook: boolean;
  canFind: boolean;
  canMove: boolean;
  /** Whether it can be asked for a time before there is a booking. */
  canBegin: boolean;
  resources: 'one' | 'several';
  statuses: readonly SettableStatus[];
  amends: readonly (keyof Amendment)[];
  onPlace: (order: PlaceOrder) => Promise<WriteOutcome> | WriteOutcome;
  onCancel: (order: CancelOrder) => Promise<WriteOutcome> | WriteOutcome;
  onMove: (order: MoveOrder) => Promise<WriteOutcome> | WriteOutcome;
  onStatus: (order: StatusOrder) => Promise<WriteOutcome> | WriteOutcome;
  onAmend: (order: AmendOrder) => Promise<WriteOutcome> | WriteOutcome;
  onFind: (order: FindOrder) => Promise<Found> | Found;
  onBlock: (order: BlockOrder) => Promise<BlockOutcome> | BlockOutcome;
  /** What is open in a window that is asked for; null: the site cannot be asked. */
  onAsk: ((window: AvailabilityWindow) => Promise<readonly SlotStatement[]> | readonly SlotStatement[]) | null;
  readonly asked: AvailabilityWindow[];
  onUnblock: (key: string) => Promise<BlockOutcome> | BlockOutcome;
  readonly placed: PlaceOrder[];
  /** Asked for before there was a booking; what became of each, in order. */
  readonly begun: { readonly time: AskedTime; readonly then: ('placed' | 'closed')[] }[];
  readonly cancelled: CancelOrder[];
  readonly moved: MoveOrder[];
  readonly statused: StatusOrder[];
  readonly amended: AmendOrder[];
  readonly found: FindOrder[];
  readonly blocked: BlockOrder[];
  readonly unblocked: string[];
  readonly book: Book;
  readonly block: Block;
}

export function scriptedSite(): ScriptedSite {
  let number = 0;
  /** Blocks of ours that the site shows. */
  const standing = new Map<string, string>();
  const site: ScriptedSite = {
    exclusive: true,
    showsWithin_ms: 1_000,
    canBook: true,
    canFind: true,
    canMove: true,
    canBegin: false,
    resources: 'one',
    statuses: ['booked', 'arrived', 'checked-in', 'fulfilled', 'noshow'],
    amends: ['comment', 'reason'],
    onPlace: (order) => bookedAt(`K${(number += 1)}`, order),
    onCancel: (order) => ({
      kind: 'booked',
      at: { key: order.key, status: 'cancelled', start: SUNDAY_NOON, end: SUNDAY_NOON, calendar: '' },
    }),
    onMove: (order) => bookedAt(order.key, order),
    onStatus: ({ key }) => stands(key),
    onAmend: ({ key }) => stands(key),
    onFind: () => ({ kind: 'absent' }),
    onBlock: () => ({ kind: 'done', key: `B${(number += 1)}` }),
    onUnblock: (key) => ({ kind: 'done', key }),
    onAsk: null,
    asked: [],
    placed: [],
    begun: [],
    cancelled: [],
    moved: [],
    statused: [],
    amended: [],
    found: [],
    blocked: [],
    unblocked: [],
    get book(): Book {
      return {
        exclusive: site.exclusive,
        resources: site.resources,
        showsWithin_ms: site.showsWithin_ms,
        place: async (order) => {
          site.placed.push(order);
          return site.onPlace(order);
        },
        cancel: async (order) => {
          site.cancelled.push(order);
          return site.onCancel(order);
        },
        ...(site.canBegin
          ? {
              begin: (time: AskedTime) => {
                const one: (typeof site.begun)[number] = { time, then: [] };
                site.begun.push(one);
                return {
                  place: async (order: PlaceOrder) => {
                    one.then.push('placed');
                    site.placed.push(order);
                    return site.onPlace(order);
                  },
                  close: () => one.then.push('closed'),
                };
              },
            }
          : {}),
        ...(site.canMove
          ? {
              reschedule: async (order: MoveOrder) => {
                site.moved.push(order);
                return site.onMove(order);
              },
            }
          : {}),
        ...(site.statuses.length > 0
          ? {
              statuses: site.statuses,
              setStatus: async (order: StatusOrder) => {
                site.statused.push(order);
                return site.onStatus(order);
              },
            }
          : {}),
        ...(site.amends.length > 0
          ? {
              amends: site.amends,
              amend: async (order: AmendOrder) => {
                site.amended.push(order);
                return site.onAmend(order);
              },
            }
          : {}),
        ...(site.canFind
          ? {
              find: async (order: FindOrder) => {
                site.found.push(order);
                return site.onFind(order);
              },
            }
          : {}),
      };
    },
    get block(): Block {
      return {
        showsWithin_ms: site.showsWithin_ms,
        place: async (order) => {
          site.blocked.push(order);
          const outcome = await site.onBlock(order);
          if (outcome.kind === 'done') standing.set(order.correlation, outcome.key);
          return outcome;
        },
        remove: async (key) => {
          site.unblocked.push(key);
          for (const [correlation, one] of standing) if (one === key) standing.delete(correlation);
          return site.onUnblock(key);
        },
        find: (order) => {
          const key = standing.get(order.correlation);
          return Promise.resolve(key === undefined ? { kind: 'absent' } : { kind: 'found', key });
        },
      };
    },
  };
  return site;
}

/** A change that leaves the time alone: the hub looks at nothing but that it is done. */
export function stands(key: string): WriteOutcome {
  return { kind: 'booked', at: { key, status: 'booked', start: SUNDAY_NOON, end: SUNDAY_NOON, calendar: '' } };
}

export function bookedAt(key: string, order: { calendar: string; start: Instant; end: Instant }): WriteOutcome {
  return {
    kind: 'booked',
    at: { key, status: 'booked', start: order.start, end: order.end, calendar: order.calendar },
  };
}

/** Its answers to questions for open time, as messages of these tests. */
export function askedOf(site: ScriptedSite, clock: Clock): Availability {
  return {
    window_days: 1,
    pairs: () => Promise.resolve([]),
    async ask(asked) {
      const readAt = clock.now();
      site.asked.push(asked);
      const { calendar, visitType, window } = asked;
      const slots = (await site.onAsk?.(asked)) ?? [];
      const text = JSON.stringify({ changes: [{ kind: 'slots', at: readAt, calendar, visitType, window, slots }] });
      const object = `slots:${calendar}:${visitType}`;
      const said = { shape: 'state', kind: 'test', object, sequenceKeys: [object] } as const;
      const digest = sha256(JSON.stringify(slots));
      return { ...said, digest, contentType: 'application/json', body: Buffer.from(text), readAt };
    },
  };
}
