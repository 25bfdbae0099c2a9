/** From open to close: what a connector leaves behind, and what its rehearsal may do. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { CheckResult } from '../../../src/connectors/contract.ts';
import { until } from '../clock.ts';
import type { Rule } from '../connector.ts';
import { openRig } from '../harness.ts';
import { at } from '../sight.ts';

const PROGRAM = join(import.meta.dirname, '../open-and-close.ts');

function complaints(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.filter((result) => !result.ok);
}

export const lifeRules: readonly Rule[] = [
  {
    name: 'a connector that is opened, used and closed twice leaves nothing open',
    needs: [],
    run: async (t, arrangement) => {
      const { site } = await openRig(t, arrangement);
      const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => child.kill('SIGKILL'));
      const said: string[] = [];
      child.stdout.on('data', (part: Buffer) => said.push(part.toString()));
      child.stdin.end(JSON.stringify(site.settings));
      // The test's own time limit ends one that never exits.
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      assert.deepEqual([said.join(''), code], ['closed\n', 0]);
    },
  },
  {
    name: 'closing ends every connection to the site',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const { site } = await openRig(t, arrangement);
      await site.poll();
      assert.ok(site.gateway.open > 0);
      await site.connector.close();
      await until(() => site.gateway.open === 0);
    },
  },
  {
    name: 'opening calls nobody',
    needs: [],
    run: async (t, arrangement) => {
      const { site } = await openRig(t, arrangement);
      const before = site.gateway.seen.length;
      await site.reopen();
      assert.equal(site.gateway.seen.length, before);
    },
  },
  {
    name: 'a check finds nothing to mend where all is well, and changes nothing at the site',
    needs: [],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { world, connector } = rig.site;
      await world.staff.book({ calendar: world.calendars[0], start: at(1, 9) });
      await world.quiet();
      const before = await world.everything();
      const results = await connector.check(new AbortController().signal);
      assert.ok(results.length > 0);
      assert.deepEqual(complaints(results), []);
      assert.deepEqual(await world.everything(), before);
    },
  },
  {
    name: 'registering with the vendor again changes nothing, and what the vendor dropped is registered again',
    needs: ['webhook'],
    run: async (t, arrangement) => {
      const { site } = await openRig(t, arrangement);
      const signal = new AbortController().signal;
      const before = await site.world.everything();
      await site.connector.maintain?.(signal);
      await site.reopen();
      await site.connector.maintain?.(signal);
      assert.deepEqual(await site.world.everything(), before);
    },
  },
  {
    name: 'a check says in a sentence what to mend when the site does not answer',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      await rig.site.world.fault({ outage: true });
      const results = await rig.clock.hurry(rig.site.connector.check(new AbortController().signal));
      assert.ok(complaints(results).length > 0);
      for (const { detail } of complaints(results)) assert.match(detail, /^[A-Z].*[.)]$/s);
    },
  },
  {
    name: 'a check says in a sentence what to mend when the site refuses the login',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { wrongLogin: true });
      const results = await rig.site.connector.check(new AbortController().signal);
      assert.ok(complaints(results).length > 0);
      for (const { detail } of complaints(results)) assert.match(detail, /^[A-Z].*[.)]$/s);
    },
  },
];
