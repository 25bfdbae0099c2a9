/** Settings of who is who and of overdue work: what is wrong is told, and what a change does not do is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { survivorshipOf } from '../../src/identity/survivorship.ts';
import { SURVIVORSHIP } from '../../src/identity/golden/member.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { diffPlans, formatDiff } from '../../src/settings/diff.ts';
import { BUDGETS, WORK_KINDS } from '../../src/settings/people-spec.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { edit, folder, HUB, NORTH } from './folder.ts';

const SOUTH = edit(NORTH, 'inline-north-key', 'inline-south-key');
const TWO = { 'sites/south.yaml': SOUTH };

test('the defaults are those of the model and of golden records', async () => {
  await using config = await folder();
  const { plan } = await config.plan();
  const { falseLinksPerMillion, reviewsPerLink } = SHIPPED_MODEL.budgets;
  assert.deepEqual(BUDGETS, { falseLinksPerMillion, reviewsPerLink });
  assert.deepEqual(plan?.hub.identity?.matching, { ...BUDGETS, sitePairs: [], rules: [] });
  assert.deepEqual(JSON.parse(JSON.stringify(survivorshipOf(plan.hub))), SURVIVORSHIP);
  assert.deepEqual(plan.hub.work?.escalation.map(({ role }) => role), ['supervisor', 'management']); // prettier-ignore
});

test('every kind of work item may have a chain of its own', () => {
  const kinds: Readonly<Record<WorkItem['kind'] | 'identity-review', true>> = {
    unmapped: true,
    parked: true,
    'unresolved-booking': true,
    conflict: true,
    'mirror-refused': true,
    approval: true,
    'failed-undo': true,
    'unheard-answer': true,
    'practitioner-conflict': true,
    'patient-conflict': true,
    'patient-unknown': true,
    'identity-review': true,
  };
  assert.deepEqual([...WORK_KINDS].sort(), Object.keys(kinds).sort());
});

const rules: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'people who are called alike are listed by sites that there are, two at least',
    `practitioners:
  apart:
    - [north/84021, west/LEE]
    - [north/84021]
    - [LEE, north/84022]
`,
    [
      'hub.yaml:8 practitioners.apart[0][1]: there is no site west; write one of: north, south',
      'hub.yaml:9 practitioners.apart[1]: is too short a list; write two codes or more',
      'hub.yaml:10 practitioners.apart[2][0]: does not have the form that is needed here ("LEE"); write the site, ' +
        'a stroke and the code as the site writes it: riverside-hl7/LEE',
    ],
  ],
  [
    'two sites, or one, are stricter than all and never looser',
    `identity:
  matching:
    falseLinksPerMillion: 0.5
    sitePairs:
      - { sites: [north, south], falseLinksPerMillion: 0.1 }
      - { sites: [south, north], reviewsPerLink: 40 }
      - { sites: [north], reviewsPerLink: 4 }
      - { sites: [north, west] }
`,
    [
      'hub.yaml:11 identity.matching.sitePairs[1]: is listed before; keep one of the two',
      'hub.yaml:11 identity.matching.sitePairs[1].reviewsPerLink: is looser than identity.matching.reviewsPerLink of ' +
        'hub.yaml; write at most 20',
      'hub.yaml:12 identity.matching.sitePairs[2].sites: are not two sites; write an entry for each two, [one, other]',
      'hub.yaml:13 identity.matching.sitePairs[3]: says nothing; ' +
        'add falseLinksPerMillion or reviewsPerLink, or remove it',
      'hub.yaml:13 identity.matching.sitePairs[3].sites[1]: there is no site west; write one of: north, south',
      'sites/south.yaml:14 matching.falseLinksPerMillion: is looser than identity.matching.falseLinksPerMillion of ' +
        'hub.yaml; write at most 0.5',
    ],
  ],
  [
    'a rule says enough to tell two people apart, and no less than chance',
    `identity:
  matching:
    rules:
      - { name: name-birth, agree: [given, family, birthDate], collision: 1.0e-8 }
      - { name: phone, agree: [given, phone], collision: 2.0e-8 }
      - { name: twins, agree: [birthDate, phone, email], collision: 1.0e-16 }
      - { name: low, agree: [given, birthDate, phone], collision: 1.0e-13 }
      - { name: low, agree: [given, birthDate, email], collision: 2.0e-12, sites: [north] }
      - { name: number, agree: [identifier, birthDate], collision: 1.0e-13 }
      - { name: whose, agree: [identifier, birthDate], system: 'https://nobody.example', collision: 1.0e-13 }
`,
    [
      'hub.yaml:9 identity.matching.rules[0].agree: are name and date of birth alone, which two people share: of 3.4 ' +
        'million patients of one county 69,807 pairs; add phone, email, address, social, social-end or identifier',
      'hub.yaml:10 identity.matching.rules[1].agree: lack birthDate: parent and child share the rest; add birthDate',
      'hub.yaml:11 identity.matching.rules[2].agree: are what twins share; add given, social or identifier',
      'hub.yaml:12 identity.matching.rules[3].collision: is less than two people come to by chance who agree in ' +
        'these (2e-12); write 2e-12 or more',
      'hub.yaml:13 identity.matching.rules[4].name: is the name of another rule too; give each a name of its own',
      'hub.yaml:13 identity.matching.rules[4].sites: is one site, and records of one site are never linked; ' +
        'name two or more, or none for all',
      'hub.yaml:14 identity.matching.rules[5]: asks for a number and does not say whose; ' +
        'add system: as the site files have it under identifiers',
      'hub.yaml:15 identity.matching.rules[6].system: no two site files list https://nobody.example; ' +
        'write the system of an identifier that several sites list with another trust than ignore',
    ],
  ],
  [
    'sites that are trusted are there, and trust is among the rules',
    `identity:
  survivorship:
    order: [recency, completeness]
    trust: [north, west]
    trustFor: { name: [sout] }
`,
    [
      'hub.yaml:8 identity.survivorship.order: lacks trust, so that no site is trusted; add trust, or remove the sites',
      'hub.yaml:9 identity.survivorship.trust[1]: there is no site west; write one of: north, south',
      'hub.yaml:10 identity.survivorship.trustFor.name[0]: there is no site sout; write south',
    ],
  ],
  [
    'steps of a chain come one after the other, and kinds are known',
    `work:
  escalation:
    - { role: supervisor, after_h: 24 }
    - { role: management, after_h: 24 }
  escalationFor:
    conflicts: []
`,
    [
      'hub.yaml:9 work.escalation[1].after_h: is not later than the step before; write the steps in their order',
      'hub.yaml:11 work.escalationFor.conflicts: is no name that can be used here; ' +
        `write one of: ${WORK_KINDS.join(', ')}`,
    ],
  ],
];

for (const [sentence, more, issues] of rules) {
  test(sentence, async () => {
    const south = more.includes('falseLinks') ? `${SOUTH}matching: { falseLinksPerMillion: 0.6 }\n` : SOUTH;
    await using config = await folder({ 'hub.yaml': HUB + more, 'sites/south.yaml': south });
    assert.deepEqual(await config.issues(), issues);
  });
}

test('a rule that a site allows is one of the hub', async () => {
  const rule = '{ name: by-phone, agree: [given, birthDate, phone], collision: 2.0e-12 }';
  const rules = `identity:\n  matching:\n    rules:\n      - ${rule}\n`;
  await using config = await folder({
    'hub.yaml': HUB + rules,
    'sites/south.yaml': `${SOUTH}matching: { rules: [by-phones] }\n`,
  });
  assert.deepEqual(await config.issues(), [
    'sites/south.yaml:14 matching.rules[0]: hub.yaml has no rule by-phones in identity.matching.rules; write by-phone',
  ]);
  await config.put({ 'sites/south.yaml': `${SOUTH}matching: { rules: [] }\n` });
  const { plan } = await config.plan();
  assert.deepEqual(
    plan?.hub.identity?.matching.rules?.map(({ name, sites }) => [name, sites]),
    [['by-phone', []]],
  );
  assert.deepEqual(plan.sites.find(({ id }) => id === 'south')?.matching, { rules: [] });
});

test('a plan says what other thresholds and other rules do, and what they do not', async () => {
  await using config = await folder(TWO);
  const { plan: before } = await config.plan();
  await config.put({
    'hub.yaml': `${HUB}identity:\n  matching: { falseLinksPerMillion: 0.5 }\n  survivorship: { trust: [south] }\n`,
  });
  const { plan: after } = await config.plan();
  assert.ok(before !== null && after !== null);
  const told = formatDiff(diffPlans(before, after));
  assert.match(told, /hub {4}identity\.matching\.falseLinksPerMillion/);
  assert.match(told, /what is linked stays linked, and what waits keeps waiting/);
  assert.match(told, /golden records show what these rules choose from then on/);
  await config.put({ 'sites/north.yaml': `${NORTH}matching: { reviewsPerLink: 5 }\n` });
  const { plan: stricter } = await config.plan();
  assert.ok(stricter !== null);
  assert.match(
    formatDiff(diffPlans(after, stricter)),
    /change north: matching[^\n]*\n[\s\S]*what is linked stays linked/,
  );
});
