/** A site whose people are erased: the feed world with the desk, what empties messages, and all that is stored. */
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { memory, type Memory } from '../../src/identity/placing/memory.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import type { Asked, PeopleDesk } from '../../src/identity/contract-desk.ts';
import { hl7v2Mapping } from '../../src/mappings/hl7v2/index.ts';
import { emptying } from '../../src/pipeline/empty-messages.ts';
import { identifyStage } from '../../src/pipeline/identify.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { Served } from '../../src/store/contract-resources.ts';
import { textOf, type BodyRow } from '../../src/store/sealed-rows.ts';
import { hl7Site } from '../fixtures/siu/site.ts';
import type { Cleanup } from '../support/database.ts';
import { testPlan } from '../support/facts.ts';
import { feedWorld, type FeedWorld } from './feed-world.ts';

export const ADMIN: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };

export interface ErasingWorld extends FeedWorld {
  readonly desk: PeopleDesk;
  /** Of people who were placed. */
  readonly memory: Memory;
  /** Empties all messages that are to be emptied. */
  sweep(): Promise<void>;
  /** Places all records. */
  settle(): Promise<void>;
  served(id: string, version?: number): Promise<Served | null>;
  /** Every row of every table, with what the hub's keys open of it. */
  everything(): Promise<string>;
}

export async function erasingWorld(cleanup: Cleanup): Promise<ErasingWorld> {
  const world = await feedWorld(cleanup);
  const { store, clock, pool, keys } = world;
  const events = { swept: () => undefined, placed: () => undefined, keyCapped: () => undefined };
  const plan = testPlan([hl7Site()]);
  const empty = emptying({ store, clock, events, plan: () => plan, mappingOf: () => hl7v2Mapping });
  const remembered = memory();
  const placing = patientPlacing(undefined, { memory: remembered });
  const stage = identifyStage({ store, clock, events, placing });
  const opened = (row: Readonly<Record<string, unknown>>, key: string, body: string): string => {
    const [keyId, hex] = [row[key], row[body]];
    if (typeof keyId !== 'string' || typeof hex !== 'string') return '';
    const bytes = (text: unknown): Buffer | null =>
      typeof text === 'string' ? Buffer.from(text.slice(2), 'hex') : null;
    const sealed = bytes(hex) ?? Buffer.alloc(0);
    if ('data_key' in row)
      return textOf({ ...(row as unknown as BodyRow), sealed, data_key: bytes(row['data_key']) }, keys);
    try {
      return keys.open(keyId, sealed).toString('utf8');
    } catch {
      // A version under the data key of its record.
      return '';
    }
  };
  return {
    ...world,
    desk: peopleDesk({ store, clock, memories: [remembered] }),
    memory: remembered,
    async sweep() {
      clock.advance(10_000);
      while (await empty());
    },
    async settle() {
      while (await stage.step());
    },
    served: (id, version) =>
      store.read(ADMIN.scope, (tx) =>
        version === undefined ? tx.resources.read('Patient', id) : tx.resources.readVersion('Patient', id, version),
      ),
    async everything() {
      const { rows: tables } = await pool.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
           AND relnamespace = 'public'::regnamespace ORDER BY 1`,
      );
      const texts: string[] = [];
      for (const { name } of tables) {
        const { rows } = await pool.query<{ row: Readonly<Record<string, unknown>> }>(
          `SELECT to_jsonb(t) AS row FROM ${name} t`,
        );
        for (const { row } of rows) {
          texts.push(name, JSON.stringify(row), opened(row, 'key_id', 'sealed'), opened(row, 'key_id', 'body'));
          texts.push(opened(row, 'answer_key_id', 'answer'), opened(row, 'notice_key_id', 'notice'));
        }
      }
      return texts.join('\n');
    },
  };
}
