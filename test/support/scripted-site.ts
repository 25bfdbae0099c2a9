/** A connector that answers what a test decides, and keeps what it was asked. */
import type {
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
import type { Instant } from '../../src/core/instant.ts';
import { SUNDAY_NOON } from './facts.ts';

/** What a site answers: each a function that a test replaces. What was asked is kept. */
export interface ScriptedSite {
  exclusive: boolean;
  showsWithin_ms: number;
  canBook: boolean;
  canFind: boolean;
  canMove: boolean;
  onPlace: (order: PlaceOrder) => Promise<WriteOutcome> | WriteOutcome;
  onCancel: (order: CancelOrder) => Promise<WriteOutcome> | WriteOutcome;
  onMove: (order: MoveOrder) => Promise<WriteOutcome> | WriteOutcome;
  onFind: (order: FindOrder) => Promise<Found> | Found;
  onBlock: (order: BlockOrder) => Promise<BlockOutcome> | BlockOutcome;
  onUnblock: (key: string) => Promise<BlockOutcome> | BlockOutcome;
  readonly placed: PlaceOrder[];
  readonly cancelled: CancelOrder[];
  readonly moved: MoveOrder[];
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
    onPlace: (order) => bookedAt(`K${(number += 1)}`, order),
    onCancel: (order) => ({
      kind: 'booked',
      at: { key: order.key, status: 'cancelled', start: SUNDAY_NOON, end: SUNDAY_NOON, calendar: '' },
    }),
    onMove: (order) => bookedAt(order.key, order),
    onFind: () => ({ kind: 'absent' }),
    onBlock: () => ({ kind: 'done', key: `B${(number += 1)}` }),
    onUnblock: (key) => ({ kind: 'done', key }),
    placed: [],
    cancelled: [],
    moved: [],
    found: [],
    blocked: [],
    unblocked: [],
    get book(): Book {
      return {
        exclusive: site.exclusive,
        showsWithin_ms: site.showsWithin_ms,
        place: async (order) => {
          site.placed.push(order);
          return site.onPlace(order);
        },
        cancel: async (order) => {
          site.cancelled.push(order);
          return site.onCancel(order);
        },
        ...(site.canMove
          ? {
              reschedule: async (order: MoveOrder) => {
                site.moved.push(order);
                return site.onMove(order);
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

export function bookedAt(key: string, order: { calendar: string; start: Instant; end: Instant }): WriteOutcome {
  return {
    kind: 'booked',
    at: { key, status: 'booked', start: order.start, end: order.end, calendar: order.calendar },
  };
}
