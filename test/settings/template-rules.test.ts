/** What a site file may not say in its templates, each with the line and what to write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../src/connectors/registry.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import { edit, folder, NORTH } from './folder.ts';

const vendors = new Map([...kinds].map(([name, kind]) => [name, kind.settings]));

/** Behind NORTH, whose 12 lines end with `write:`; RAO is listed for it. */
const TEMPLATES = `holidays:
  federal: { dates: [2026-11-26], locations: [main] }
templates:
  rao:
    practitioner: RAO
    location: main
    from: 2026-11-02
    until: 2027-06-30
    blocks:
      am:
        days: [mon, tue]
        hours: ['09:00-12:00']
        breaks: ['10:00-10:15']
        visitTypes: ['5512']
      pm:
        days: [mon]
        hours: ['13:00-17:00']
        visitTypes: ['5512']
    exceptions:
      2026-12-24: { am: ['09:00-11:00'] }
      2026-12-31: closed
  '84021':
    calendar: '84021'
    blocks:
      day: { days: [fri], hours: ['09:00-10:00'], visitTypes: ['5512'] }
`;

const SITE = `${edit(
  NORTH,
  "    84021: { practitioner: 'npi:1234567893', location: main }\n",
  "    84021: { practitioner: 'npi:1234567893', location: main }\n" +
    "  practitioners: { RAO: { practitioner: 'npi:1043333339' } }\n",
)}${TEMPLATES}`;

const rules: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'a template says whose hours it is',
    '    practitioner: RAO\n',
    '',
    ['18 templates.rao: does not say whose hours it is; write calendar: or practitioner:, one of the two'],
  ],
  [
    'a template is of a calendar or a person, not of both',
    '    practitioner: RAO\n',
    "    practitioner: RAO\n    calendar: '84021'\n",
    ['18 templates.rao: names a calendar and a practitioner; write calendar: or practitioner:, one of the two'],
  ],
  [
    'a person must be listed',
    'practitioner: RAO\n    location',
    'practitioner: RAU\n    location',
    ['19 templates.rao.practitioner: there is no practitioner RAU under resources.practitioners; write RAO'],
  ],
  [
    'a calendar must be listed',
    "    calendar: '84021'",
    "    calendar: '84022'",
    ['37 templates.84021.calendar: there is no calendar 84022 under resources.calendars; write 84021'],
  ],
  [
    'a person works somewhere',
    '    location: main\n    from',
    '    from',
    ['18 templates.rao: does not say where; add location: or rotation: with locations of this file'],
  ],
  [
    'a calendar has a place of its own',
    "    calendar: '84021'\n",
    "    calendar: '84021'\n    location: annex\n",
    ['36 templates.84021: names a place, but a calendar has its own; remove it, or write practitioner: instead'],
  ],
  [
    'a location must be listed',
    '    location: main\n    from',
    '    location: mian\n    from',
    ['20 templates.rao.location: there is no location mian in this file; write main'],
  ],
  [
    'a rotation names locations of the file and stands alone',
    '    location: main\n    from',
    '    location: main\n    rotation: { anchor: 2026-11-02, weeks: [main, anex] }\n    from',
    [
      '20 templates.rao.location: stands beside a rotation; keep location: or rotation:',
      '21 templates.rao.rotation.weeks[1]: there is no location anex in this file; write annex',
    ],
  ],
  [
    'a rotation needs a week to count from',
    '    location: main\n    from',
    '    rotation: { weeks: [main, annex] }\n    from',
    ['20 templates.rao.rotation.anchor: is missing; add "anchor: 2026-11-02"'],
  ],
  [
    'alternate weeks need a week to count from',
    '        days: [mon, tue]\n',
    '        days: [mon, tue]\n        weeks: { every: 2 }\n',
    ['26 templates.rao.blocks.am.weeks.anchor: is missing; add "anchor: 2026-11-02"'],
  ],
  [
    'a visit type must be listed',
    "        visitTypes: ['5512']\n      pm:",
    "        visitTypes: ['5513']\n      pm:",
    ['28 templates.rao.blocks.am.visitTypes[0]: there is no visit type 5513 under visitTypes of this file; write 5512'],
  ],
  [
    'a visit must fit into the hours',
    "        hours: ['13:00-17:00']",
    "        hours: ['13:00-13:45', '14:00-17:00']",
    [
      '31 templates.rao.blocks.pm.hours[0]: a visit of type 5512 takes 50 minutes, ' +
        'and 45 are open here in one piece; ' +
        'write longer hours, or length_min',
    ],
  ],
  [
    'hours end behind their beginning',
    "        hours: ['13:00-17:00']",
    "        hours: ['22:00-06:00']",
    [
      '31 templates.rao.blocks.pm.hours[0]: ends before it begins, or has no length; write the end behind the start; ' +
        "hours over midnight are two blocks, '22:00-24:00' and '00:00-06:00'",
    ],
  ],
  [
    'hours of one list follow each other',
    "        hours: ['13:00-17:00']",
    "        hours: ['13:00-17:00', '16:00-18:00']",
    ['31 templates.rao.blocks.pm.hours[1]: overlaps other hours of this list; write hours that follow each other'],
  ],
  [
    'a break lies within the hours',
    "['10:00-10:15']",
    "['12:30-12:45']",
    ['27 templates.rao.blocks.am.breaks[0]: lies outside of the hours of the block; remove it, or mend the hours'],
  ],
  [
    'hours are written in one way',
    "        hours: ['13:00-17:00']",
    "        hours: ['1pm-5pm']",
    [
      '31 templates.rao.blocks.pm.hours[0]: does not have the form that is needed here ("1pm-5pm"); ' +
        "write hours of one day like '09:00-12:00'",
    ],
  ],
  [
    'a template ends after it begins',
    '    until: 2027-06-30',
    '    until: 2026-06-30',
    [
      '22 templates.rao.until: is before from (2026-11-02), so the template is never in force; write a later date',
      '34 templates.rao.exceptions.2026-12-24: lies outside of from and until, so it is never in force; ' +
        'remove it, or mend them',
      '35 templates.rao.exceptions.2026-12-31: lies outside of from and until, so it is never in force; ' +
        'remove it, or mend them',
    ],
  ],
  [
    'a block runs on some date',
    '    until: 2027-06-30\n    blocks:\n',
    '    until: 2027-01-03\n    blocks:\n' +
      '      never:\n        days: [fri]\n        weeks: { every: 26, anchor: 2026-10-26 }\n' +
      "        hours: ['09:00-12:00']\n        visitTypes: ['5512']\n",
    ['24 templates.rao.blocks.never: runs on no date between from and until; mend its days or weeks, or the dates'],
  ],
  [
    'dates exist',
    '2026-12-31: closed',
    '2026-11-31: closed',
    ['35 templates.rao.exceptions.2026-11-31: is no date that exists; write a real date'],
  ],
  [
    'an exception names blocks of its template',
    "{ am: ['09:00-11:00'] }",
    "{ an: ['09:00-11:00'] }",
    ['34 templates.rao.exceptions.2026-12-24.an: there is no block an in this template; write am'],
  ],
  [
    'a holiday closes locations of the file',
    'locations: [main] }\ntemplates',
    'locations: [mane] }\ntemplates',
    ['16 holidays.federal.locations[0]: there is no location mane in this file; write one of: main, annex'],
  ],
  [
    'a release does something',
    "        visitTypes: ['5512']\n      pm:",
    "        visitTypes: ['5512']\n        release: { before_h: 24 }\n      pm:",
    ['29 templates.rao.blocks.am.release: changes nothing; add visitTypes: to open it to, or close: true'],
  ],
  [
    'two blocks of one time at two locations are no plan',
    "      pm:\n        days: [mon]\n        hours: ['13:00-17:00']",
    "      pm:\n        location: annex\n        days: [mon]\n        hours: ['11:00-17:00']",
    [
      '29 templates.rao.blocks.pm: overlaps the block am on 2026-11-02 at another location; ' +
        'write hours that do not overlap: nobody is at two places',
    ],
  ],
  [
    'a visit type is offered once at one time',
    "        hours: ['13:00-17:00']",
    "        hours: ['11:00-17:00']",
    [
      '29 templates.rao.blocks.pm: overlaps the block am on 2026-11-02 and both offer 5512; ' +
        'offer a visit type once, with a capacity where several fit',
    ],
  ],
  [
    'one person at two places by two templates is seen by the date of the exception that makes it so',
    "      2026-12-31: closed\n  '84021':\n    calendar: '84021'\n",
    "      2026-12-31: closed\n      2026-12-25: { pm: ['09:00-10:00'] }\n  '84021':\n" +
      '    practitioner: RAO\n    location: annex\n',
    [
      '29 templates.rao.blocks.pm: overlaps the block 84021.day on 2026-12-25 at another location; ' +
        'write hours that do not overlap: nobody is at two places',
    ],
  ],
];

for (const [name, from, to, expected] of rules) {
  test(name, async () => {
    await using files = await folder({ 'sites/north.yaml': edit(SITE, from, to) });
    const issues = await files.issues();
    assert.deepEqual(
      issues.map((issue) => issue.replace('sites/north.yaml:', '')),
      expected,
    );
  });
}

test('blocks of alternate weeks, of other seasons and of other persons collide with nothing', async () => {
  const alternate = SITE.replace(
    "      pm:\n        days: [mon]\n        hours: ['13:00-17:00']",
    '        weeks: { every: 2, anchor: 2026-11-02 }\n      pm:\n        location: annex\n' +
      "        days: [mon]\n        weeks: { every: 4, anchor: 2026-11-09 }\n        hours: ['09:00-12:00']",
  );
  const seasons = `${alternate}  later:
    practitioner: RAO
    location: annex
    from: 2027-07-01
    blocks:
      am: { days: [mon, tue], hours: ['09:00-12:00'], visitTypes: ['5512'] }
`;
  await using files = await folder({ 'sites/north.yaml': seasons });
  assert.deepEqual(await files.issues(), []);
});

test('a plan holds a calendar for every place of a person, beside those that were written', async () => {
  await using files = await folder({ 'sites/north.yaml': SITE });
  const { plan, issues } = await files.plan();
  assert.deepEqual(issues, []);
  assert.deepEqual(Object.keys(plan?.sites[0]?.resources.calendars ?? {}).sort(), ['84021', 'RAO@main']);
  assert.deepEqual(
    { ...plan?.sites[0]?.resources.calendars['RAO@main'] },
    {
      practitioner: 'npi:1043333339',
      location: 'main',
      person: 'RAO',
    },
  );
  assert.equal(plan?.sites[0]?.templates?.['rao']?.blocks['am']?.capacity, 1, 'completed with defaults');
});

test('a site whose kind tells what is open has no templates', async () => {
  const settings = "settings: { userId: '10000001', apiKey: not-a-real-key }";
  const acuity = SITE.replace(/^settings: .*$/m, settings).replace('clinic', 'acuity');
  await using files = await folder({ 'sites/north.yaml': acuity });
  const { plan, issues } = await buildPlan({ configDir: files.path, variables: {}, kinds: vendors });
  assert.equal(plan, null);
  assert.deepEqual(
    issues.map(({ line, field, problem, write }) => `${line} ${field}: ${problem}; ${write}`),
    ['17 templates: a site of kind acuity tells itself what is open; remove the templates'],
  );
});
