import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edit, folder, HUB, NORTH, type Files } from './folder.ts';

const client = (more: string): string => `clients:\n  - { id: portal, token: token-of-the-portal, ${more} }\n`;

const rules: readonly (readonly [string, Files, readonly string[]])[] = [
  [
    'outside the sandbox somebody must be able to call the API, and nothing is simulated',
    {
      'hub.yaml': `${edit(HUB, 'sandbox', 'test')}clients: []
simulators:
  north: { kind: clinic, seed: north.yaml }
`,
      'sites/north.yaml': edit(
        edit(NORTH, 'environment: sandbox', 'environment: test'),
        'inline-north-key',
        'file:key',
      ),
      'north.yaml': '',
      key: 'from-a-file',
    },
    [
      'hub.yaml:6 clients: nobody may call the API; add a client with id, token, role and sites (docs/settings.md)',
      'hub.yaml:7 simulators: simulators are for the sandbox, and this is test; remove them',
    ],
  ],
  [
    'a client sees sites and locations that there are',
    { 'hub.yaml': HUB + client("role: readonly, sites: [nort], locations: [north/man, south/main, main, 'north/']") },
    [
      'hub.yaml:7 clients[0].locations[0]: the site north has no location man; write main',
      'hub.yaml:7 clients[0].locations[1]: there is no site south; write one of: north',
      'hub.yaml:7 clients[0].locations[2]: is no location of a site; write site/location, like midtown-acuity/north',
      'hub.yaml:7 clients[0].locations[3]: is no location of a site; write site/location, like midtown-acuity/north',
      'hub.yaml:7 clients[0].sites[0]: there is no site nort; write north',
    ],
  ],
  [
    'locations of a site whose file cannot be read are not doubted',
    { 'hub.yaml': HUB + client('role: readonly, sites: [north], locations: [north/any]'), 'sites/north.yaml': 'a: [' },
    ['sites/north.yaml:1: the indentation does not fit, or a bracket is not closed; indent with two spaces per level'],
  ],
  [
    'what a client may see is all or a list',
    { 'hub.yaml': HUB + client('role: readonly, sites: all, locations: [north/main, north/main]') },
    [
      'hub.yaml:7 clients[0].locations: names something twice; keep one of the two',
      'hub.yaml:7 clients[0].sites: does not have the form that is needed here ("all"); ' +
        "write '*' for all, or a list of site ids",
    ],
  ],
  [
    'clients have ids and tokens of their own',
    {
      'hub.yaml': `${HUB + client("role: readonly, sites: '*'")}\
  - { id: portal, token: token-of-the-portal, role: admin, sites: '*' }
`,
    },
    [
      "hub.yaml:8 clients[1].id: the id portal is another client's too; give each client its own id",
      "hub.yaml:8 clients[1].token: is another client's token too; give each client its own token",
    ],
  ],
  [
    'a client of role site decides about no bookings',
    { 'hub.yaml': HUB + client('role: site, sites: [north], coordinator: true') },
    [
      'hub.yaml:7 clients[0].coordinator: a client of role site speaks for its site by its own system; ' +
        'use another client with role readonly',
    ],
  ],
  [
    'a client of role site speaks for one site',
    { 'hub.yaml': HUB + client("role: site, sites: '*'") },
    ['hub.yaml:7 clients[0].sites: a client of role site speaks for one site; write a list with that one site'],
  ],
  [
    'a token of a few letters is refused without being shown',
    { 'hub.yaml': HUB + client("role: admin, sites: '*'").replace('token-of-the-portal', 'abc') },
    ['hub.yaml:7 clients[0].token: is too short; write ${VAR} or file:/path of 16 characters or more'],
  ],
  [
    'a simulator stands for a site of its kind and has a seed below CONFIG_DIR',
    {
      'hub.yaml': `${HUB}simulators:
  south: { kind: clinic, seed: ../south.yaml }
  north: { kind: acuity, seed: none.yaml }
`,
    },
    [
      'hub.yaml:7 simulators.south: there is no site south; write one of: north',
      'hub.yaml:7 simulators.south.seed: leads out of CONFIG_DIR; write a path below CONFIG_DIR',
      'hub.yaml:8 simulators.north.kind: is acuity, but the site is of kind clinic; write clinic',
      'hub.yaml:8 simulators.north.seed: the seed file cannot be read (ENOENT); write a path below CONFIG_DIR',
    ],
  ],
  [
    'waits and sizes that contradict each other are told',
    { 'hub.yaml': `${HUB}limits: { pageSize: 600, requestTimeout_ms: 1000 }\n` },
    [
      'hub.yaml:1 booking.wait_ms: is more than limits.requestTimeout_ms; write at most 1000',
      'hub.yaml:6 limits.pageSize: is more than limits.pageSizeMax; write at most 500',
    ],
  ],
  [
    'a visit type has a code that fits in an address, and a duration',
    { 'hub.yaml': `${HUB}  Therapy 90: { name: Long, modality: online }\n` },
    [
      'hub.yaml:6 visitTypes.Therapy 90: is no name that can be used here; ' +
        'write lower-case letters, digits and single hyphens, at most 63',
      'hub.yaml:6 visitTypes.Therapy 90.duration_min: is missing; add "duration_min: 50"',
      'hub.yaml:6 visitTypes.Therapy 90.modality: is none of the known values ("online"); ' +
        'write one of: in-person, video, phone, group',
    ],
  ],
  [
    'subscribers are checked like everything else',
    {
      'subscribers.yaml': `subscribers:
  - { id: a, url: 'https://a.example/x', secret: secret-of-a-receiver, topics: [slot], sites: [nort] }
  - { id: a, url: 'ftp://a.example', secret: secret-of-a-receiver, topics: [] }
`,
    },
    [
      'subscribers.yaml:2 subscribers[0].sites[0]: there is no site nort; write north',
      "subscribers.yaml:3 subscribers[1].id: the id a is another subscriber's too; give each its own id",
      'subscribers.yaml:3 subscribers[1].topics: is an empty list; write at least one',
      'subscribers.yaml:3 subscribers[1].url: does not have the form that is needed here ("ftp://a.example"); ' +
        'write an address like https://hub.example.org, without a query and without a login in it',
    ],
  ],
];

for (const [name, files, expected] of rules)
  test(name, async () => {
    await using config = await folder(files);
    assert.deepEqual(await config.issues(), expected);
  });

test('in production events travel encrypted', async () => {
  const files = {
    'hub.yaml': `${edit(HUB, 'sandbox', 'production')}${client("role: admin, sites: '*'")}`,
    'subscribers.yaml': `subscribers:
  - { id: a, url: 'http://a.example/x', secret: '\${S}', topics: [slot] }
`,
  };
  await using config = await folder(files);
  await config.remove('sites/north.yaml');
  const issues = await config.issues({ S: 'secret-of-a-receiver' });
  assert.deepEqual(
    issues.filter((line) => line.startsWith('subscribers')),
    ['subscribers.yaml:2 subscribers[0].url: events would travel unencrypted; write an https:// address'],
  );
});
