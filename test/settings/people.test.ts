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
  assert.deepEqual(plan?.hub.identity?.matching, { ...BUDGETS, sitePairs: [] });
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
