/** Ports that HL7 v2 arrives at: what a plan takes, and in which sentences it refuses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hl7v2 } from '../../src/connectors/hl7v2/index.ts';
import { redactPlan } from '../../src/settings/redact.ts';
import type { Hl7Listen } from '../../src/settings/mllp-shape.ts';
import type { KindSettings } from '../../src/settings/spec.ts';
import { folder, HUB, type Files } from './folder.ts';

const KINDS: KindSettings = new Map([['hl7v2', hl7v2.settings]]);

const pem = (name: string): string => readFileSync(join(import.meta.dirname, '../mllp/tls', name), 'utf8');

const MATERIAL: Files = {
  'tls/server.key': pem('server.key'),
  'tls/server.pem': pem('server.pem'),
  'tls/client.pem': pem('client.pem'),
  'tls/ca.pem': pem('ca.pem'),
};
const TLS = 'tls: { key: file:tls/server.key, certificate: file:tls/server.pem, ca: file:tls/ca.pem }';

const site = (settings: string, stage = 'live'): string => `kind: hl7v2
environment: sandbox
stage: ${stage}
timeZone: America/Chicago
settings:
  sendingApplication: APP
${settings === '' ? '' : `  ${settings}\n`}`;

async function issues(files: Files): Promise<readonly string[]> {
  await using config = await folder({ ...MATERIAL, ...files }, KINDS);
  return await config.issues();
}

test('ports, certificates and lists are read from files and never printed', async () => {
  await using config = await folder(
    {
      ...MATERIAL,
      'hub.yaml': `${HUB}mllp: { ${TLS}, allow: { addresses: [10.0.0.0/8, '2001:db8::1'] } }\n`,
      'sites/north.yaml': site(`listen: { port: 6661, ${TLS}, allow: { certificates: [CN=engine, 'DNS:e.example'] } }`),
    },
    KINDS,
  );
  const { plan, issues: found } = await config.plan();
  assert.deepEqual(found, []);
  assert.ok(plan !== null);
  const listen = plan.sites[0]?.settings['listen'] as Hl7Listen;
  assert.equal(listen.port, 6661);
  assert.equal(listen.tls?.minVersion, 'TLSv1.2');
  assert.equal(`${listen.tls.key}\n`, pem('server.key'));
  assert.equal(plan.hub.mllp.tls?.ca, pem('ca.pem').trimEnd());
  const shown = JSON.stringify(redactPlan(plan, KINDS));
  assert.ok(!shown.includes('PRIVATE KEY'));
  assert.ok(shown.includes('BEGIN CERTIFICATE'), 'certificates are public');
});

test('without anything set, everyone reaches the shared port', async () => {
  await using config = await folder({ 'sites/north.yaml': site('') }, KINDS);
  const { plan } = await config.plan();
  assert.deepEqual(plan?.hub.mllp, { allow: { addresses: [], certificates: [] } });
  assert.deepEqual(plan.sites[0]?.settings['listen'], {
    applicationAcks: 'same-connection',
    allow: { addresses: [], certificates: [] },
  });
});

const NORTH = 'sites/north.yaml';

const rules: readonly (readonly [string, Files, readonly string[]])[] = [
  [
    'two sites whose messages nobody could tell apart are refused, each file named',
    { [NORTH]: site(''), 'sites/south.yaml': site('') },
    [
      'sites/south.yaml:5 settings: sites/north.yaml names the same sender (MSH-3, MSH-4) and ' +
        'receiver (MSH-5, MSH-6) on the same port, so nobody could tell their messages apart; ' +
        'write other names in one of the two (sendingApplication, sendingFacility, receivingApplication, ' +
        'receivingFacility), or give it a port of its own (listen.port)',
    ],
  ],
  [
    'a receiver, a port of its own, or a stage in which nothing is taken tells them apart',
    {
      [NORTH]: site(''),
      'sites/south.yaml': site('receivingFacility: SOUTH'),
      'sites/west.yaml': site('listen: { port: 6661 }'),
      'sites/east.yaml': site('listen: { port: 6661, host: 127.0.0.2 }'),
      'sites/old.yaml': site('', 'suspended'),
    },
    [],
  ],
  [
    'a port has one certificate',
    {
      [NORTH]: site(`listen: { port: 6661, ${TLS} }`),
      'sites/south.yaml': site(`receivingFacility: S\n  listen:\n    port: 6661\n    ${TLS}`),
    },
    [
      'sites/south.yaml:10 settings.listen.tls: sites/north.yaml has tls for the same port; ' +
        'keep it in one of the two, or write another port',
    ],
  ],
  [
    'what is for a port of its own is not written without one',
    { [NORTH]: site(`listen: { host: 0.0.0.0, ${TLS} }`) },
    ['host', 'tls'].map(
      (field) =>
        `sites/north.yaml:7 settings.listen.${field}: is for a port of its own; add port: with a port of its own, ` +
        'or move this to mllp: in hub.yaml, where the shared port is set up',
    ),
  ],
  [
    'a key, a certificate and authorities that TLS cannot use are told before anybody connects',
    {
      'hub.yaml': `${HUB}mllp: { tls: { key: file:tls/ca.pem, certificate: file:tls/server.key, ca: file:hub.yaml } }`,
      [NORTH]: site(
        'listen: { port: 6661, tls: { key: file:tls/server.key, certificate: file:tls/client.pem, ca: file:none } }',
      ),
    },
    [
      'hub.yaml:6 mllp.tls.ca: holds no certificates in PEM form; ' +
        'write file:/path of a file that begins with -----BEGIN CERTIFICATE-----',
      'hub.yaml:6 mllp.tls.certificate: is no certificate in PEM form; ' +
        'write file:/path of a file that begins with -----BEGIN CERTIFICATE-----',
      'hub.yaml:6 mllp.tls.key: is no private key in PEM form; ' +
        'write file:/path of a file that begins with -----BEGIN PRIVATE KEY-----',
      'sites/north.yaml:7 settings.listen.tls.ca: names a file that cannot be read (ENOENT); ' +
        'create that file or mend its permissions',
    ],
  ],
  [
    'a certificate belongs to its key',
    {
      [NORTH]: site('listen: { port: 6661, tls: { key: file:tls/server.key, certificate: file:tls/client.pem } }'),
    },
    [
      'sites/north.yaml:7 settings.listen.tls.certificate: does not belong to the key; ' +
        'name the certificate that was made for this key first, those of its authorities behind it',
    ],
  ],
  [
    'lists hold addresses and certificates, and certificates are asked for',
    {
      'hub.yaml': `${HUB}mllp: { allow: { addresses: [localhost, 10.0.0.0/40], certificates: [engine] } }\n`,
      [NORTH]: site('listen: { allow: { certificates: [CN=engine] } }'),
    },
    [
      'hub.yaml:6 mllp.allow.addresses[0]: is no address and no range; ' +
        'write one like 10.20.0.7, 10.20.0.0/16 or 2001:db8::/32',
      'hub.yaml:6 mllp.allow.addresses[1]: is no address and no range; ' +
        'write one like 10.20.0.7, 10.20.0.0/16 or 2001:db8::/32',
      'hub.yaml:6 mllp.allow.certificates: the port asks nobody for a certificate; ' +
        'add ca: to mllp.tls, with the authorities of the senders',
      'hub.yaml:6 mllp.allow.certificates[0]: names no certificate; ' +
        'write CN=name, DNS:name, or SHA256: and the 64 hexadecimal digits of the fingerprint',
      'sites/north.yaml:7 settings.listen.allow.certificates: the port asks nobody for a certificate; ' +
        'add ca: to mllp.tls in hub.yaml, with the authorities of the senders',
    ],
  ],
];

for (const [rule, files, expected] of rules) {
  test(rule, async () => {
    assert.deepEqual(await issues(files), expected);
  });
}

test('outside the sandbox a key in the file is refused, and a certificate is not', async () => {
  const inline = (text: string): string => JSON.stringify(text);
  const found = await issues({
    'hub.yaml': HUB.replace('sandbox', 'test').concat(
      'clients: [{ id: portal, token: "${TOKEN}", role: admin, sites: "*" }]\n',
      `mllp: { tls: { key: ${inline(pem('server.key'))}, certificate: ${inline(pem('server.pem'))} } }\n`,
    ),
    [NORTH]: site('').replace('environment: sandbox', 'environment: test'),
  });
  assert.deepEqual(
    found.filter((one) => one.includes('mllp')),
    [
      'hub.yaml:7 mllp.tls.key: a secret stands in the file; write ${NAME} and set that variable, or file:/path, ' +
        'and replace the secret: it may have been copied',
    ],
  );
});
