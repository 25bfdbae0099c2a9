import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, plus } from '../../src/core/instant.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { RIVERSIDE } from '../support/config-folder.ts';
import { sendFrame, siu } from '../support/frames.ts';
import { startHub } from '../support/hub.ts';
import { metricsOf } from '../support/metrics.ts';
import { eventually } from '../support/wait.ts';

/** Any number: what the gate waits for and the test holds. */
const GATE = 90_210;

/** Runs inside COMMIT, so the hub has asked for it and is not answered while somebody holds the gate. */
const GATE_AT_COMMIT = `
  CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON dedupe DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_at_gate();`;

test(
  'a kill between commit and acknowledgement leads to a repeat that is recognised',
  { timeout: 240_000 },
  async (t) => {
    const hub = await startHub(t, { sites: [RIVERSIDE] });
    const holder = new pg.Client({ connectionString: hub.environment['DATABASE_URL'] });
    // The database is dropped under it when the test is over.
    holder.on('error', () => undefined);
    await holder.connect();
    t.after(() => holder.end());
    const message = siu({
      controlId: 'KILLED-1',
      start: plus(systemClock.now(), 3 * DAY_MS),
      lines: ['PID|1||K-1^^^RIVERSIDE^MR||Kill^Between', 'RGS|1', 'AIP|1||RAO^Rao^Asha', 'AIL|1||RIVERSIDE^R1'],
    });
    const rows = async (table: string, where: string): Promise<number> =>
      Number((await hub.query(`SELECT count(*)::int AS count FROM ${table} WHERE ${where}`)).rows[0]?.['count']);
    const isStored = "control_id = 'KILLED-1'";

    await holder.query(GATE_AT_COMMIT);
    await holder.query(`SELECT pg_advisory_lock(${GATE})`);
    const sender = connect(hub.sandbox().mllp);
    let heard = '';
    sender.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
    sender.on('error', () => undefined);
    const gone = once(sender, 'close');
    await once(sender, 'connect');
    sender.write(encodeFrame(Buffer.from(message.replaceAll('\n', '\r'))));
    await eventually('the hub waits for its commit', async () => {
      const { rows: waiting } = await hub.query(
        `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
       WHERE l.locktype = 'advisory' AND l.objid = ${GATE} AND NOT l.granted`,
      );
      return waiting.length > 0;
    });
    await hub.kill();
    await gone;
    await holder.query(`SELECT pg_advisory_unlock(${GATE})`);
    await eventually(
      'what the hub asked for is committed without it',
      async () => (await rows('inbox', isStored)) === 1,
    );
    assert.equal(heard, '', 'the sender was not told');
    await holder.query('DROP TRIGGER gate ON dedupe; DROP FUNCTION wait_at_gate()');

    await hub.start();
    const answer = await sendFrame(hub, message);
    assert.match(answer, /\rMSA\|(AA|CA)\|KILLED-1/, 'the repeat is acknowledged');
    await eventually(
      'the message is applied',
      async () => (await rows('inbox', `${isStored} AND status = 'applied'`)) === 1,
    );
    assert.equal(await rows('inbox', isStored), 1, 'and stored once');
    assert.equal(await rows('appointment', "site_key LIKE '%KILLED-1%'"), 1);
    const metrics = await metricsOf(hub);
    assert.ok(metrics('slotwire_messages_repeated_total', { site: RIVERSIDE, via: 'hl7' }) >= 1);
  },
);
