/** Every `sh` block of the guides is run as it is written, in the order of the page, against a sandbox. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blocks, page } from './pages.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox | null = null;

before(async () => {
  sandbox = await startSandbox();
});

after(() => sandbox?.stop());

/** One shell per page: what the first block sets, the later ones use. */
async function run(path: string): Promise<string> {
  const scripts = blocks((await page(path)).text, 'sh');
  assert.ok(scripts.length > 0, `${path} has no command`);
  assert.ok(sandbox !== null);
  const { code, output } = await sandbox.bash(scripts.join('\n'));
  assert.equal(code, 0, `${path}:\n${output}`);
  return output;
}

test('the commands of the canonical model show slots, schedules with their actors, and the catalogue', async () => {
  const output = await run('docs/canonical-model.md');
  assert.match(output, /"urn:slotwire:site-status"/);
  assert.match(output, /"resourceType":"PractitionerRole"/);
  assert.match(output, /"resourceType":"HealthcareService"[\s\S]*therapy-50/);
  assert.match(output, /Patient\?family=okon&birthdate=1972-03-04/);
  assert.match(output, /"type":"searchset","total":0/);
});

test('the commands of the operations guide answer', async () => {
  const output = await run('docs/operate.md');
  assert.match(output, /in step|first load/);
  assert.match(output, /^slotwire_lag_seconds\{/m);
  assert.match(output, /"ready":true/);
  assert.match(output, /"resourceType":"Bundle"/);
});

test('the commands of the page about interface engines open, show and end a replay window', async () => {
  const output = await run('docs/interface-engines.md');
  assert.match(output, /riverside-hl7: replay window since \S+ by client:\S+, open until 2030/);
  assert.match(output, /, ended /);
});

test('the commands of the page about HL7 v2 make certificates and show ports and messages', async () => {
  const output = await run('docs/hl7v2.md');
  assert.match(output, /hub\.pem: OK\n.*engine\.pem: OK\nSHA256:[0-9A-F:]{95}/);
  assert.match(output, /127\.0\.0\.1:\d+ .*riverside-hl7 +none/);
  assert.match(output, /"listeners": \[/);
  assert.match(output, /SIU\^S12/);
  assert.match(output, /ARQ {2}Appointment Request/);
  assert.match(output, /^MSH.*SRR\^S01\^SRR_S01[^]*^MSA\|AA\|HIS-1\|Booked\.$[^]*^SCH\|HIS-77\^HIS\|.*Booked/m);
});
