/** Ports that open, change and close while others go on. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { admission, alternativeNames } from '../../src/mllp/admission.ts';
import { Doors, type Door, type DoorView } from '../../src/mllp/doors.ts';
import type { MllpAllow, MllpTls } from '../../src/settings/mllp-shape.ts';
import { eventually } from '../support/wait.ts';
import { accept, Client, framed, ids, LIMITS, open } from './wire.ts';

interface House {
  readonly doors: Doors;
  /** Control ids by door, in order. */
  readonly taken: Map<string, string[]>;
  readonly apply: (...wanted: readonly Door[]) => Promise<void>;
  readonly view: (key: string) => DoorView;
}

function house(t: TestContext): House {
  const taken = new Map<string, string[]>();
  const doors = new Doors({
    clock: systemClock,
    limits: LIMITS,
    intake: (door, refused) => (frame) => {
      const [id = ''] = ids([frame]);
      taken.set(door, [...(taken.get(door) ?? []), id]);
      if (id.startsWith('BAD')) refused('north', 'not of this site');
      return Promise.resolve(accept(frame));
    },
    onEvent: () => undefined,
  });
  t.after(() => doors.close(0));
  return {
    doors,
    taken,
    apply: async (...wanted) => (await doors.change(wanted)).commit(),
    view(key) {
      const found = doors.view().find((one) => one.key === key);
      assert.ok(found !== undefined, `a door ${key}`);
      return found;
    },
  };
}

function door(key: string, more: Partial<Door> & { readonly allow?: Partial<MllpAllow> } = {}): Door {
  const { allow, ...rest } = more;
  const admit = admission({ addresses: [], certificates: [], ...allow });
  return { key, host: '127.0.0.1', port: 0, admit, sites: [key], ...rest };
}

const pem = (name: string): string => readFileSync(new URL(`./tls/${name}`, import.meta.url), 'utf8');
const TLS: MllpTls = { key: pem('server.key'), certificate: pem('server.pem'), minVersion: 'TLSv1.2' };
const MUTUAL: MllpTls = { ...TLS, ca: pem('ca.pem') };

function openTls(t: TestContext, port: number, more: ConnectionOptions = {}): Client {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: pem('ca.pem'), ...more });
  t.after(() => socket.destroy());
  return new Client(socket);
}

const SELF_SIGNED = pem('self-signed.pem');
const SHOWN = { key: pem('client.key'), cert: pem('client.pem') };

async function works(client: Client, id: string): Promise<void> {
  const before = client.answers.length;
  client.write(framed(id));
  assert.equal((await client.answered(before + 1))[before], id);
}

test('a change opens what is new, closes what is gone, and whoever is connected to the rest notices nothing', async (t) => {
  const { doors, apply, taken, view } = house(t);
  await apply(door('shared'), door('a'), door('b'));
  const [shared, a, b] = await Promise.all(['shared', 'a', 'b'].map((key) => open(t, view(key).port)));
  await Promise.all([works(shared!, 'S1'), works(a!, 'A1'), works(b!, 'B1')]);
  const gone = view('b').port;
  await apply(door('shared'), door('a'), door('c'));
  await b?.closed;
  await assert.rejects(open(t, gone), { code: 'ECONNREFUSED' });
  await Promise.all([works(shared!, 'S2'), works(a!, 'A2'), works(await open(t, view('c').port), 'C1')]);
  assert.deepEqual(taken.get('a'), ['A1', 'A2']);
  assert.deepEqual(
    doors.view().map(({ key, connectedTotal }) => [key, connectedTotal]),
    [
      ['shared', 1],
      ['a', 1],
      ['c', 1],
    ],
  );
});

test('a port that is taken refuses the whole change: what stood stands, what was opened is closed', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { doors, apply, view } = house(t);
  await apply(door('shared'), door('a'));
  const [shared, a] = await Promise.all([open(t, view('shared').port), open(t, view('a').port)]);
  const change = doors.change([door('shared', { tls: TLS }), door('new'), door('busy', { port, sites: ['north'] })]);
  await assert.rejects(change, (error: Error & { code?: string; detail?: string }) => {
    assert.equal(error.code, 'PORT_IN_USE');
    assert.match(error.detail ?? '', new RegExp(`127.0.0.1:${port}.*\\(settings.listen of north\\)`));
    return true;
  });
  assert.deepEqual(
    doors.view().map(({ key, tls }) => [key, tls]),
    [
      ['shared', 'none'],
      ['a', 'none'],
    ],
  );
  await works(a, 'A1');
  await shared.closed;
  await works(await open(t, view('shared').port), 'S1');
});

test('a new port takes nothing before its plan is in force, and a plan that is refused is not answered', async (t) => {
  const { doors, apply, taken } = house(t);
  await apply(door('shared'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const first = await doors.change([door('shared'), door('a', { port })]);
  const early = await open(t, port);
  early.write(framed('EARLY'));
  await first.rollback();
  await early.closed;
  assert.deepEqual([early.answers, taken.get('a')], [[], undefined]);
  const second = await doors.change([door('shared'), door('a', { port })]);
  const later = await open(t, port);
  later.write(framed('LATER'));
  second.commit();
  assert.deepEqual(await later.answered(1), ['LATER']);
});

test('plain to TLS and back is the same port; who is connected the old way is sent away after its answers', async (t) => {
  const { apply, view } = house(t);
  await apply(door('shared'));
  const { port } = view('shared');
  const plain = await open(t, port);
  await works(plain, 'A');
  await apply(door('shared', { tls: TLS }));
  await plain.closed;
  assert.equal(view('shared').port, port);
  await works(openTls(t, port), 'B');
  const unencrypted = await open(t, port);
  unencrypted.write(framed('C'));
  await unencrypted.closed;
  assert.deepEqual(unencrypted.answers, []);
  assert.equal(view('shared').tls, 'server');
  assert.equal(view('shared').refusedTotal.tls, 1);
  assert.equal(view('shared').lastRefusal?.detail, 'the sender speaks no TLS');
});

test('a renewed certificate is shown to those who come, and those who are there stay', async (t) => {
  const { apply, view } = house(t);
  await apply(door('a', { tls: TLS }));
  const { port, certificateUntil } = view('a');
  assert.ok(certificateUntil !== null && certificateUntil > systemClock.now());
  const before = openTls(t, port);
  await works(before, 'A');
  await apply(door('a', { tls: { ...TLS, key: pem('client.key'), certificate: pem('client.pem') } }));
  const after = openTls(t, port);
  await works(after, 'B');
  const subject = (client: Client): unknown =>
    'getPeerCertificate' in client.socket &&
    (client.socket as ReturnType<typeof connectTls>).getPeerCertificate().subject.CN;
  assert.notEqual(subject(before), subject(after));
  await works(before, 'C');
});

test('with mutual TLS only listed certificates are let in, by name or by fingerprint', async (t) => {
  const { apply, view } = house(t);
  const listed = async (...certificates: readonly string[]): Promise<boolean> => {
    await apply(door('a', { tls: MUTUAL, allow: { certificates } }));
    const before = view('a').refusedTotal.certificate;
    const client = openTls(t, view('a').port, SHOWN);
    client.write(framed('A'));
    const answered = await Promise.race([client.answered(1).then(() => true), client.closed.then(() => false)]);
    assert.equal(view('a').refusedTotal.certificate, before + (answered ? 0 : 1));
    client.socket.destroy();
    return answered;
  };
  const { fingerprint256 } = new X509Certificate(pem('client.pem'));
  assert.equal(await listed(), true);
  assert.equal(await listed('CN=engine.riverside.example'), true);
  assert.equal(await listed('CN=other', 'DNS:localhost'), true);
  assert.equal(await listed(`SHA256:${fingerprint256}`), true);
  assert.equal(await listed(`sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`), true);
  assert.equal(await listed('CN=other', 'DNS:engine.riverside.example'), false);
  const other = new X509Certificate(pem('server.pem')).fingerprint256;
  assert.equal(await listed(`SHA256:${other}`), false);
});

test('who shows no certificate, or one of nobody that is known, is refused and the operator reads why', async (t) => {
  const { apply, view } = house(t);
  await apply(door('a', { tls: MUTUAL }));
  const reasons: string[] = [];
  const expected: readonly (readonly [ConnectionOptions, RegExp])[] = [
    [{}, /showed no certificate/],
    [{ key: SELF_SIGNED, cert: SELF_SIGNED }, /self-signed|not known/],
    [{ ...SHOWN, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, /older TLS/],
  ];
  for (const [at, [options, reason]] of expected.entries()) {
    const client = openTls(t, view('a').port, options);
    client.write(framed('A'));
    await client.closed;
    await eventually('the refusal is counted', () => view('a').refusedTotal.tls === at + 1);
    reasons.push(view('a').lastRefusal?.detail ?? '');
    assert.match(reasons[at] ?? '', reason);
    assert.deepEqual(client.answers, []);
  }
  await works(openTls(t, view('a').port, SHOWN), 'A');
});

test('an address that is not listed is refused and shown; one that is taken off the list is sent away', async (t) => {
  const { apply, view } = house(t);
  await apply(door('a', { allow: { addresses: ['10.0.0.0/8', '127.0.0.0/8'] } }));
  const client = await open(t, view('a').port);
  await works(client, 'A');
  await apply(door('a', { allow: { addresses: ['10.0.0.0/8'] } }));
  await client.closed;
  const again = await open(t, view('a').port);
  await again.closed;
  const { refusedTotal, lastRefusal } = view('a');
  assert.equal(refusedTotal.address, 1);
  assert.deepEqual([lastRefusal?.address, lastRefusal?.reason], ['127.0.0.1', 'address']);
});

test('refused messages are counted at their port, with the last reason', async (t) => {
  const { apply, view } = house(t);
  await apply(door('a'));
  const client = await open(t, view('a').port);
  await works(client, 'GOOD');
  await works(client, 'BAD1');
  await works(client, 'BAD2');
  const { messagesRefusedTotal, lastMessageRefusal } = view('a');
  assert.equal(messagesRefusedTotal, 2);
  assert.deepEqual([lastMessageRefusal?.site, lastMessageRefusal?.reason], ['north', 'not of this site']);
});

test('a name inside quotes of a certificate is no name of its own', () => {
  assert.deepEqual(alternativeNames('DNS:localhost, IP Address:127.0.0.1'), ['DNS:localhost', 'IP Address:127.0.0.1']);
  assert.deepEqual(alternativeNames('DNS:"x, DNS:engine.example", DNS:y'), ['DNS:x, DNS:engine.example', 'DNS:y']);
  assert.deepEqual(alternativeNames(''), []);
});
