/** What is said when there is no hub, or none that would answer. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { slotwire } from './terminal.ts';

const ASKING = ['sites', 'lag', 'messages', 'message 1', 'parked', 'replay 1', 'resync north'];

const folder = await mkdtemp(join(tmpdir(), 'slotwire-cli-'));
after(() => rm(folder, { recursive: true, force: true }));

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port that nothing listens on: it was ours a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}`;
}

test('without a sandbox and without a token, it says which token it wants', async () => {
  for (const words of ASKING) {
    const { code, err } = await slotwire(words.split(' '), { DATA_DIR: join(folder, 'none') });
    assert.equal(code, 1, words);
    assert.match(err, /No admin token is known.*Set SLOTWIRE_TOKEN.*`npm start`/, words);
  }
});

test('when no hub answers, it says how to start one', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  for (const words of ASKING) {
    const { code, err } = await slotwire(words.split(' '), { SLOTWIRE_URL: url, SLOTWIRE_TOKEN: 'x' });
    assert.equal(code, 1, words);
    assert.equal(
      err,
      `slotwire: No hub answers at ${url}. Start one with \`npm start\`, or set SLOTWIRE_URL to where it runs.`,
    );
  }
});

test('what answers but is no hub is told from a hub that refuses', async () => {
  const cases: readonly (readonly [status: number, body: string, said: RegExp])[] = [
    [200, '<html>', /is no Slotwire hub/],
    [404, 'not here', /answered 404, which is not how a Slotwire hub answers/],
    [401, '', /does not know this token\. Check SLOTWIRE_TOKEN/],
    [403, '', /wants a token with role admin/],
    [
      503,
      '{"resourceType":"OperationOutcome","issue":[{"details":{"text":"The hub is stopping."}}]}',
      /The hub is stopping\./,
    ],
  ];
  for (const [status, body, said] of cases) {
    const url = await answering((_req, res) => {
      res.writeHead(status).end(body);
    });
    const { code, err } = await slotwire(['sites'], { SLOTWIRE_URL: url, SLOTWIRE_TOKEN: 'x' });
    assert.equal(code, 1);
    assert.match(err, said);
  }
});

test('the token of the sandbox goes to the hub of the sandbox and nowhere else', async () => {
  const seen: IncomingMessage[] = [];
  const url = await answering((req, res) => {
    seen.push(req);
    res.end('{"at":"now","sites":[]}');
  });
  const file = { opsUrl: `${url}/ops`, mllp: { host: '127.0.0.1', port: 1 }, tokens: { admin: 'sandbox-admin-token' } };
  await writeFile(join(folder, 'sandbox.json'), JSON.stringify(file));

  assert.equal((await slotwire(['sites'], { DATA_DIR: folder })).code, 0);
  assert.equal(seen[0]?.url, '/ops/api/sites');
  assert.equal(seen[0].headers.authorization, 'Bearer sandbox-admin-token');

  const elsewhere = await slotwire(['sites'], { DATA_DIR: folder, SLOTWIRE_URL: url });
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.err, /No admin token is known/);
  assert.equal(seen.length, 1);
});

test('an address that is none is said to be none', async () => {
  const { code, err } = await slotwire(['sites'], { SLOTWIRE_URL: 'hub:here:there', SLOTWIRE_TOKEN: 'x' });
  assert.equal(code, 1);
  assert.match(err, /SLOTWIRE_URL/);
});

test('feed says when nobody takes HL7 v2, and at which file it stopped', async () => {
  const port = await freePort();
  await writeFile(join(folder, 'one.hl7'), 'MSH|^~\\&|A|B|||20260101||SIU^S12|1|P|2.5\r');
  const words = ['feed', folder, '--host', '127.0.0.1', '--port', String(port)];
  const { code, err } = await slotwire(words, { DATA_DIR: join(folder, 'none') });
  assert.equal(code, 1);
  assert.match(err, new RegExp(`No hub takes HL7 v2 at 127\\.0\\.0\\.1:${port} .*stopped at one\\.hl7.*npm start`));
});

test('feed wants to know where HL7 v2 is taken when it is told only where HTTP is', async () => {
  const { code, err } = await slotwire(['feed', folder], { SLOTWIRE_URL: 'http://127.0.0.1:9', SLOTWIRE_TOKEN: 'x' });
  assert.equal(code, 1);
  assert.match(err, /Give --host and --port/);
});
