/** Which tables a statement reads as a whole, by the planner's own word. */
import type { Pool, Queryable, Statement } from '../../src/store/postgres.ts';
import { transaction } from '../../src/store/transaction.ts';

/**
 * Statements run as they are; before each, both plans are searched for reads of a whole table. Of a table that is
 * `empty` nothing is spared.
 */
export async function readWhole(
  pool: Pool,
  empty: ReadonlySet<string>,
  work: (q: Queryable) => Promise<unknown>,
): Promise<readonly string[]> {
  const found: string[] = [];
  let count = 0;
  await transaction(pool, async (tx) => {
    const look = async (statement: string, values: readonly unknown[]): Promise<void> => {
      const { rows } = await tx.query<{ 'QUERY PLAN': readonly unknown[] }>(statement, values);
      found.push(...sequential(rows[0]?.['QUERY PLAN']));
    };
    const q: Queryable = {
      async query<R>(statement: string | Statement, given?: readonly unknown[]) {
        const { text, values = given ?? [] } = typeof statement === 'string' ? { text: statement } : statement;
        // Several may be under way at once.
        const name = `looked_at_${(count += 1)}`;
        await look(`EXPLAIN (FORMAT JSON) ${text}`, values);
        await tx.query(`SET LOCAL plan_cache_mode = force_generic_plan`);
        await tx.query(`PREPARE ${name} AS ${text}`);
        const unknown = values.length === 0 ? '' : `(${values.map(() => 'NULL').join(', ')})`;
        await look(`EXPLAIN (FORMAT JSON) EXECUTE ${name}${unknown}`, []);
        await tx.query(`DEALLOCATE ${name}`);
        return tx.query<R>(statement, given);
      },
      async post(statement: Statement) {
        await this.query(statement);
      },
    };
    await work(q);
  });
  return found.filter((name) => !empty.has(name));
}

function sequential(plan: unknown): readonly string[] {
  if (Array.isArray(plan)) return plan.flatMap(sequential);
  if (typeof plan !== 'object' || plan === null) return [];
  const own = 'Node Type' in plan && plan['Node Type'] === 'Seq Scan' && 'Relation Name' in plan;
  return [...(own ? [String(plan['Relation Name'])] : []), ...Object.values(plan).flatMap(sequential)];
}
