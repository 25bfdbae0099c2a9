/** HL7 v2 ports of a whole hub in this process: what a plan opens, what a new plan changes, what the operator sees. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import type { Hl7Outcome } from '../../src/connectors/contract-hl7.ts';
import { kinds } from '../../src/connectors/registry.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createTelemetry } from '../../src/core/telemetry.ts';
import type { OpsListener } from '../../src/http/deps.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { startHub, type Hub } from '../../src/hub.ts';
import { createSender, type Sender } from '../../src/mllp/sender.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { open } from '../mllp/wire.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from '../support/database.ts';
import { eventually } from '../support/wait.ts';

const TOKEN = 'a-token-0123456789abcdef';
const TLS_FOLDER = join(import.meta.dirname, '../mllp/tls');
const pem = (name: string): string => readFileSync(join(TLS_FOLDER, name), 'utf8');
const SHOWN: ConnectionOptions = {
  key: pem('client.key'),
  cert: pem('client.pem'),
  ca: pem('ca.pem'),
  servername: 'localhost',
};
const TLS = '{ key: file:tls/server.key, certificate: file:tls/server.pem, ca: file:tls/ca.pem }';

const HUB = `environment: test
timeZone: UTC
visitTypes: { check-30: { name: Check, duration_min: 30 } }
clients: [{ id: tester, token: '\${TOKEN}', role: admin, sites: '*' }]
`;

const site = (sender: string, settings = '', stage = 'live'): string => `kind: hl7v2
environment: test
stage: ${stage}
timeZone: UTC
settings: { sendingApplication: ${sender}${settings === '' ? '' : `, ${settings}`} }
locations: { hall: { name: Hall, codes: [HALL] } }
unknownIdentifiers: local-only
visitTypes: { CHECK: check-30 }
`;

type Sites = Readonly<Record<string, string>>;

async function planOf(t: Cleanup, sites: Sites, more = ''): Promise<Plan> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-listeners-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'sites'));
  await cp(TLS_FOLDER, join(folder, 'tls'), { recursive: true });
  await writeFile(join(folder, 'hub.yaml'), HUB + more);
  for (const [id, text] of Object.entries(sites)) await writeFile(join(folder, 'sites', `${id}.yaml`), text);
  const settings = new Map([...kinds].map(([name, kind]) => [name, kind.settings]));
  const { plan, issues } = await buildPlan({ configDir: folder, variables: { TOKEN }, kinds: settings });
  assert.ok(plan !== null, issues.map(formatIssue).join('\n'));
  return plan;
}

interface Running {
  readonly hub: Hub;
  readonly opened: Opened;
  ask<T>(path: string): Promise<T>;
  metric(line: RegExp): Promise<string | null>;
  listener(of: string): Promise<OpsListener>;
}

async function running(t: Cleanup, plan: Plan): Promise<Running> {
  const opened = await openedStore(t);
  const hub = await startHub({
    plan,
    store: { ...opened.store, close: () => Promise.resolve() },
    clock: systemClock,
    telemetry: createTelemetry({ level: 'silent', write: () => undefined }),
    host: '127.0.0.1',
    httpPort: 0,
    mllpPort: 0,
    version: 'test',
    preview: () => Promise.reject(new Error('not asked for')),
  });
  t.after(() => hub.stop(2_000));
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${hub.httpUrl}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    assert.equal(answer.status, 200, path);
    return (await answer.json()) as T;
  };
  return {
    hub,
    opened,
    ask,
    metric: async (line) => line.exec(await (await fetch(`${hub.httpUrl}/metrics`)).text())?.[1] ?? null,
    async listener(of) {
      const { listeners } = await ask<{ readonly listeners: readonly OpsListener[] }>('/ops/api/sites');
      const found = listeners.find(({ sites }) => sites.includes(of));
      assert.ok(found !== undefined, `a listener of ${of}`);
      return found;
    },
  };
}

function senderTo(t: Cleanup, port: number, tls?: ConnectionOptions): Sender {
  const times = { connect_ms: 5_000, ack_ms: 10_000 };
  const sender = createSender({
    host: '127.0.0.1',
    port,
    clock: systemClock,
    ...times,
    ...(tls === undefined ? {} : { tls }),
  });
  t.after(() => sender.close());
  return sender;
}

function siu(sender: string, controlId: string, key = controlId): Buffer {
  const lines = [
    `MSH|^~\\&|${sender}|FAC|HUB|HUB|20270101||SIU^S12|${controlId}|P|2.5.1`,
    `SCH|${key}|${key}|||||CHECK^Check||30|min|^^30^20270104090000`,
    'PID|1||77^^^FEED^MR||Lopez^Ana',
    'RGS|1',
    'AIL|1||HALL',
    '',
  ];
  return Buffer.from(lines.join('\r'));
}

function said(outcome: Hl7Outcome): string {
  if (outcome.kind === 'accepted') return outcome.ack.code;
  return outcome.kind === 'refused' ? `${outcome.ack.code} ${outcome.ack.text.split('\n', 1)[0] ?? ''}` : outcome.kind;
}

function encode(message: string | Uint8Array): Buffer {
  return Buffer.from(encodeFrame(Buffer.from(message)));
}

async function stored({ opened }: Running): Promise<readonly string[]> {
  const { rows } = await opened.pool.query<{ site: string; control_id: string }>(
    'SELECT site, control_id FROM inbox ORDER BY id',
  );
  return rows.map((row) => `${row.site} ${row.control_id}`);
}

describe('HL7 v2 ports of a hub', () => {
  it('take each site at its own, by mutual TLS where the plan says so', async (t) => {
    const own = `listen: { port: 0, tls: ${TLS}, allow: { certificates: ['CN=engine.riverside.example'] } }`;
    const now = await running(t, await planOf(t, { north: site('NORTH'), south: site('SOUTH', own) }));
    const south = await now.listener('south');
    assert.deepEqual([south.tls, south.certificateUntil?.slice(0, 4)], ['mutual', '2126']);
    const engine = senderTo(t, south.port, SHOWN);
    assert.equal(said(await engine.send(siu('SOUTH', 'S1'))), 'AA');
    assert.match(said(await engine.send(siu('NORTH', 'S2'))), /^AR This port is for a site with other names/);
    const shared = senderTo(t, now.hub.mllp.port);
    assert.equal(said(await shared.send(siu('NORTH', 'N1'))), 'AA');
    assert.match(said(await shared.send(siu('SOUTH', 'N2'))), /^AR .*a port of its own/);
    assert.deepEqual(await stored(now), ['south S1', 'north N1']);
    assert.equal((await senderTo(t, south.port).send(siu('SOUTH', 'S3'))).kind, 'unknown');
    const after = await now.listener('south');
    assert.deepEqual([after.refusedTotal.tls, after.messagesRefusedTotal], [1, 1]);
    assert.equal(after.lastRefusal?.reason, 'the sender speaks no TLS');
    assert.match(after.lastMessageRefusal?.reason ?? '', /other names/);
    assert.equal(await now.metric(/slotwire_mllp_refused_total\{[^}]*cause="tls"\} (\d+)/), '1');
  });

  it('open, stay and close with a new plan; a port that is taken refuses it and disturbs nobody', async (t) => {
    const now = await running(t, await planOf(t, { north: site('NORTH') }));
    const north = senderTo(t, now.hub.mllp.port);
    assert.equal(said(await north.send(siu('NORTH', 'N1'))), 'AA');
    const occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
    t.after(async () => {
      occupied.close();
      return Promise.resolve();
    });
    const { port } = occupied.address() as AddressInfo;
    const taken = await planOf(t, { north: site('NORTH'), south: site('SOUTH', `listen: { port: ${port} }`) });
    const before = now.hub.plan();
    await assert.rejects(now.hub.apply(taken), { code: 'PORT_IN_USE' });
    assert.equal(now.hub.plan(), before);
    await assert.rejects(
      now.hub.apply(
        await planOf(t, { north: site('NORTH'), south: site('SOUTH', `listen: { port: ${now.hub.mllp.port} }`) }),
      ),
      { code: 'CONFIG_INVALID' },
    );
    await now.hub.apply(await planOf(t, { north: site('NORTH'), south: site('SOUTH', 'listen: { port: 0 }') }));
    const south = senderTo(t, (await now.listener('south')).port);
    assert.equal(said(await south.send(siu('SOUTH', 'S1'))), 'AA');
    await now.hub.apply(await planOf(t, { north: site('NORTH'), south: site('SOUTH') }));
    assert.notEqual((await south.send(siu('SOUTH', 'S2'))).kind, 'accepted');
    assert.equal(said(await north.send(siu('SOUTH', 'S2'))), 'AA');
    assert.equal((await now.listener('north')).connectedTotal, 1, 'one connection to the shared port, all the while');
    assert.deepEqual(await stored(now), ['north N1', 'south S1', 'south S2']);
  });

  it('take nothing of a suspended site, and nobody else does', async (t) => {
    const plan = await planOf(t, { any: site("''"), north: site('NORTH', '', 'suspended') });
    const now = await running(t, plan);
    const sender = senderTo(t, now.hub.mllp.port);
    assert.match(said(await sender.send(siu('NORTH', 'N1'))), /^AR This site is suspended/);
    assert.equal(said(await sender.send(siu('OTHER', 'O1'))), 'AA');
    assert.deepEqual(await stored(now), ['any O1']);
  });

  it('answer for the application behind CA, on the same connection, where the sender asks for it', async (t) => {
    const quiet = site('QUIET', 'listen: { applicationAcks: never }');
    const now = await running(t, await planOf(t, { north: site('NORTH'), quiet }));
    const client = await open(t, now.hub.mllp.port);
    const asking = (sender: string, id: string, modes: string, lines = ''): Buffer =>
      encode(
        siu(sender, id).toString().replace('|P|2.5.1', `|P|2.5.1|||${modes}`).replace('PID|1||77', `${lines}PID|1||77`),
      );
    const answers = async (count: number): Promise<readonly string[]> => {
      await client.answered(count);
      return client.answers.map((one) => /MSA\|(\w+\|\w+)/.exec(Buffer.from(one).toString())?.[1] ?? '');
    };
    client.write(asking('NORTH', 'N1', 'AL|AL'));
    assert.deepEqual(await answers(2), ['CA|N1', 'AA|N1']);
    client.write(asking('NORTH', 'N2', 'AL|NE'), asking('QUIET', 'Q1', 'AL|AL'), asking('NORTH', 'N3', 'AL|ER'));
    client.write(asking('NORTH', 'N1', 'AL|AL'));
    assert.deepEqual((await answers(7)).slice(2), ['CA|N2', 'CA|Q1', 'CA|N3', 'CA|N1', 'AA|N1']);
    // No time anywhere: nobody can apply it.
    const timeless = siu('NORTH', 'N4')
      .toString()
      .replace('^^30^20270104090000', '')
      .replace('|P|2.5.1', '|P|2.5.1|||AL|ER');
    client.write(encode(timeless));
    assert.deepEqual((await answers(9)).slice(7), ['CA|N4', 'AE|N4']);
  });

  it('know a repeat by its bytes; a control id that comes again with others is applied, counted and shown', async (t) => {
    const now = await running(t, await planOf(t, { north: site('NORTH') }));
    const sender = senderTo(t, now.hub.mllp.port);
    for (const message of [siu('NORTH', '7', 'A'), siu('NORTH', '7', 'A'), siu('NORTH', '7', 'B'), siu('NORTH', '8')])
      assert.equal(said(await sender.send(message)), 'AA');
    assert.deepEqual(await stored(now), ['north 7', 'north 7', 'north 8']);
    await eventually(
      'the second use is counted',
      async () => (await now.metric(/slotwire_control_ids_reused_total\{site="north"\} (\d+)/)) === '1',
    );
    await eventually('all are applied', async () => {
      const { rows } = await now.opened.pool.query("SELECT FROM inbox WHERE status = 'received'");
      return rows.length === 0;
    });
    type Shown = { readonly id: number; readonly controlId: string; readonly controlIdUsedBefore: boolean };
    const { messages } = await now.ask<{ readonly messages: readonly Shown[] }>('/ops/api/messages');
    assert.deepEqual(
      messages.map((one) => [one.controlId, one.controlIdUsedBefore]),
      [
        ['7', false],
        ['7', true],
        ['8', false],
      ],
    );
    assert.equal((await now.ask<Shown>(`/ops/api/messages/${messages[1]?.id ?? 0}`)).controlIdUsedBefore, true);
    const { rows } = await now.opened.pool.query("SELECT FROM appointment WHERE site = 'north'");
    assert.equal(rows.length, 3);
  });
});
