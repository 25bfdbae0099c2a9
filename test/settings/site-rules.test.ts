import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edit, folder, HUB, NORTH } from './folder.ts';

/** One change to a sound site file, and the issues that it must lead to, without the file name. */
const rules: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'an unknown key is refused, and the one that was meant is named',
    'timeZone: America/Chicago\nsettings',
    'timezone: America/Chicago\nsettings',
    ['1 timeZone: is missing; add "timeZone: America/Chicago"', '4 timezone: there is no such setting; write timeZone'],
  ],
  ['a kind that is not known is told', 'kind: clinic', 'kind: clinc', ['1 kind: there is no kind clinc; write clinic']],
  [
    "an environment other than the hub's is refused",
    'environment: sandbox',
    'environment: test',
    ['2 environment: is test, but the hub runs in sandbox; write sandbox, or move the file to a hub of its own'],
  ],
  [
    'a time zone must be a zone',
    'timeZone: America/Denver',
    'timeZone: Denver',
    ['8 locations.annex.timeZone: is no known time zone; write an IANA name like America/Chicago'],
  ],
  [
    'an offset is no time zone, because summer time would be read wrong',
    'timeZone: America/Denver',
    "timeZone: '-07:00'",
    ['8 locations.annex.timeZone: is no known time zone; write an IANA name like America/Chicago'],
  ],
  [
    'a location may lie only in a location of the file',
    'partOf: main',
    'partOf: maine',
    ['8 locations.annex.partOf: there is no location maine in this file; write main'],
  ],
  [
    'a location does not lie in itself',
    'partOf: main',
    'partOf: annex',
    ['8 locations.annex.partOf: leads back to this location; name the place around it, or none'],
  ],
  [
    'a code means one location',
    'partOf: main',
    "codes: ['7', main]",
    [
      '8 locations.annex.codes[0]: the code 7 already means main; keep it at one location',
      '8 locations.annex.codes[1]: the code main already means main; keep it at one location',
    ],
  ],
  [
    'a location key is a small name',
    'annex: {',
    'Annex 1: {',
    [
      '8 locations.Annex 1: is no name that can be used here; ' +
        'write a location key in lower-case letters, digits and hyphens',
    ],
  ],
  [
    'a code of digits without quotes is told',
    "codes: ['7']",
    'codes: [7]',
    ['7 locations.main.codes[0]: must be text ("7"); put it in quotes'],
  ],
  [
    'a single value where a list belongs is told',
    "codes: ['7']",
    "codes: '7'",
    ['7 locations.main.codes: must be a list ("7"); put it in square brackets'],
  ],
  [
    'a calendar names a location of the file',
    'location: main }',
    'location: annexe }',
    ['11 resources.calendars.84021.location: there is no location annexe in this file; write annex'],
  ],
  [
    'a calendar names somebody or some place',
    "practitioner: 'npi:1234567893', location: main",
    'name: Somebody',
    ['11 resources.calendars.84021: names nobody and no place; add practitioner: or location:'],
  ],
  [
    'a code of a person says who it is',
    'visitTypes:',
    '  practitioners: { RAO: { location: main } }\nvisitTypes:',
    [
      '12 resources.practitioners.RAO: does not say who it is; ' +
        'add practitioner: npi:... or local:..., or the location of a room',
    ],
  ],
  [
    'a mistyped digit of an NPI is found by its check digit',
    'npi:1234567893',
    'npi:1234576893',
    [
      '11 resources.calendars.84021.practitioner: is no valid NPI: its check digit does not fit; ' +
        'look the number up and write it again',
    ],
  ],
  [
    'a practitioner is npi: or local:',
    'npi:1234567893',
    'NPI 1234567893',
    [
      '11 resources.calendars.84021.practitioner: does not have the form that is needed here ("NPI 1234567893"); ' +
        'write npi: and the ten digits, or local: and a code of your own for someone without an NPI',
    ],
  ],
  [
    'a visit type leads to the catalogue',
    'therapy-50',
    'therapy-5',
    ['12 visitTypes.5512: there is no visit type therapy-5 in the catalogue of hub.yaml; write therapy-50'],
  ],
  [
    'a pilot names locations of the file and visit types of the catalogue',
    'write: automatic',
    'scope: { locations: [anex], visitTypes: [therapy-60] }',
    [
      '13 scope.locations[0]: there is no location anex in this file; write annex',
      '13 scope.visitTypes[0]: there is no visit type therapy-60 in the catalogue of hub.yaml; write therapy-50',
    ],
  ],
  [
    'labels are given to locations of the file and to visit types of the catalogue',
    'write: automatic',
    'sensitivity: { departments: { sud: [R] }, visitTypes: { sud-50: [R] }, codes: { V: ["r e"] } }',
    [
      '13 sensitivity.codes.V[0]: does not have the form that is needed here ("r e"); ' +
        'write a security label like R or 42CFRPart2',
      '13 sensitivity.departments.sud: there is no location sud in this file; write one of: main, annex',
      '13 sensitivity.visitTypes.sud-50: there is no visit type sud-50 in the catalogue of hub.yaml; ' +
        'write one of: therapy-50, intake-30',
    ],
  ],
  [
    'an identifier system is an address',
    'write: automatic',
    "identifiers: { 'ACME^MR': { system: 'urn:oid:1.02.3' } }",
    [
      '13 identifiers.ACME^MR.system: does not have the form that is needed here ("urn:oid:1.02.3"); ' +
        'write an address like urn:oid:1.2.3 or https://example.org/mrn',
    ],
  ],
  [
    'numbers have ranges and units',
    'write: automatic',
    'poll: { every_s: 0, overlap_s: 1.5, horizon: 5 }',
    [
      '13 poll.every_s: is out of range ("0"); write a number from 1 to 86400',
      '13 poll.horizon: there is no such setting; write horizon_days',
      '13 poll.overlap_s: must be a whole number ("1.5"); write for example 120',
    ],
  ],
  [
    'a mirror leads to another site that there is, once',
    'write: automatic',
    'mirror: [{ to: [north, south, sout], as: block }, { to: [south], as: appointment }]',
    [
      '13 mirror[0].to[0]: a site cannot mirror to itself; name another site',
      '13 mirror[0].to[2]: there is no site sout; write south',
      '13 mirror[1].to[0]: south is named twice; keep one of the two',
    ],
  ],
  [
    'a mirror may be written without a list, and is checked just so',
    'write: automatic',
    'mirror: { to: [sout], as: blok }',
    [
      '13 mirror.as: is none of the known values ("blok"); write block',
      '13 mirror.to[0]: there is no site sout; write south',
    ],
  ],
  [
    'a mirror that is no mapping is told once',
    'write: automatic',
    'mirror: south',
    [
      '13 mirror: does not have the form that is needed here ("south"); ' +
        'write { to: [site-id], as: block }, or a list of such',
    ],
  ],
  [
    'a setting of the kind is checked by the kind',
    "'http://127.0.0.1:1', key: inline-north-key",
    "'http://127.0.0.1:1', portt: 1, fields: { mrn: 0, cod: x }",
    [
      '5 settings.fields.cod: there is no such setting; write code',
      '5 settings.fields.mrn: is out of range ("0"); write at least 1',
      '5 settings.key: is missing; add "key: ${CLINIC_KEY}"',
      '5 settings.portt: there is no such setting; write port',
    ],
  ],
  [
    'a value that was forgotten is told',
    'write: automatic',
    'write:',
    ['13 write: has no value; write automatic | approval | read-only, or remove the line'],
  ],
];

const SOUTH = edit(NORTH, 'inline-north-key', 'inline-south-key');
for (const [name, from, to, expected] of rules)
  test(name, async () => {
    await using config = await folder({ 'sites/north.yaml': edit(NORTH, from, to), 'sites/south.yaml': SOUTH });
    const issues = (await config.issues()).map((line) => line.replace('sites/north.yaml:', ''));
    assert.deepEqual(issues, expected);
  });

test('a rule of the kind may know the environment of the site', async () => {
  const hub = edit(HUB, 'environment: sandbox', 'environment: production');
  const client = "clients: [{ id: portal, token: '${TOKEN}', role: readonly, sites: '*' }]\n";
  const site = edit(edit(NORTH, 'environment: sandbox', 'environment: production'), 'inline-north-key', "'${KEY}'");
  await using config = await folder({ 'hub.yaml': hub + client, 'sites/north.yaml': site });
  assert.deepEqual(await config.issues({ TOKEN: 'a-token-of-some-length', KEY: 'abcdefgh' }), [
    'sites/north.yaml:5 settings.url: is not encrypted; write an https:// address',
  ]);
});

test('rules of a kind wait until its settings are valid by themselves', async () => {
  await using config = await folder({
    'sites/north.yaml': edit(
      edit(NORTH, "'http://127.0.0.1:1'", "''"),
      'environment: sandbox',
      'environment: production',
    ),
  });
  assert.deepEqual(
    (await config.issues()).filter((line) => line.includes('settings')),
    ['sites/north.yaml:5 settings.url: is too short; write at least 1 characters'],
  );
});

for (const name of ['North', '1north', 'north_1', 'north--1', 'n.orth', 'x'.repeat(64)])
  test(`the file name ${name.slice(0, 12)}.yaml is no site id`, async () => {
    await using config = await folder({ [`sites/${name}.yaml`]: NORTH });
    const [line] = await config.issues();
    assert.match(line ?? '', /^sites\/[^:]+:1: the file name is no legal site id; name it with lower-case letters/);
  });

test('a site id that is a role is refused, because tokens are kept under both', async () => {
  await using config = await folder({ 'sites/admin.yaml': NORTH });
  assert.deepEqual(await config.issues(), [
    'sites/admin.yaml:1: the site id admin is reserved; choose another file name',
  ]);
});

test('a renamed site keeps the identity that its ids derive from', async () => {
  await using config = await folder({ 'sites/south.yaml': `${SOUTH}formerly: old-south\n` });
  const { plan } = await config.plan();
  assert.deepEqual(
    plan?.sites.map(({ id, identity }) => [id, identity]),
    [
      ['north', 'north'],
      ['south', 'old-south'],
    ],
  );
});

test('a plan that holds both the old and the new name of a site is refused', async () => {
  await using config = await folder({ 'sites/south.yaml': `${SOUTH}formerly: north\n` });
  assert.deepEqual(await config.issues(), [
    'sites/south.yaml:14 formerly: the plan also holds a site north, and two sites cannot have one identity; ' +
      'remove sites/north.yaml',
  ]);
});

test('two sites cannot both have been the same one', async () => {
  const old = 'formerly: old\n';
  await using config = await folder({ 'sites/north.yaml': NORTH + old, 'sites/south.yaml': SOUTH + old });
  assert.deepEqual(await config.issues(), [
    'sites/south.yaml:14 formerly: is what the site north says too; only one site can be the renamed one',
  ]);
});

test('formerly: the own name is a mistake', async () => {
  await using config = await folder({ 'sites/north.yaml': `${NORTH}formerly: north\n` });
  assert.deepEqual(await config.issues(), [
    'sites/north.yaml:14 formerly: is the id that the site has; remove it, or write the id it had before',
  ]);
});

test('the mirrors of a plan are one list, whichever way they were written', async () => {
  const text = edit(NORTH, 'write: automatic', 'mirror: { to: [south, east], as: block }');
  await using config = await folder({ 'sites/north.yaml': text, 'sites/south.yaml': SOUTH, 'sites/east.yaml': SOUTH });
  assert.deepEqual((await config.plan()).plan?.sites[1]?.mirror, [
    { to: 'south', as: 'block' },
    { to: 'east', as: 'block' },
  ]);
});
