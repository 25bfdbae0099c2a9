/** One record of several: whose value is shown and why, what moves together, and what never enters. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instant } from '../../../src/core/instant.ts';
import type { Patient } from '../../../src/fhir/types.ts';
import type { Decision, OverrideDecision } from '../../../src/identity/golden/decision.ts';
import { SURVIVORSHIP, type Member, type Survivorship } from '../../../src/identity/golden/member.ts';
import { goldenIdPatient, linksOfRecord } from '../../../src/identity/golden/patient-link.ts';
import { goldenRecord, type GoldenRecord } from '../../../src/identity/golden/record.ts';
import { goldenIdOf, replay } from '../../../src/identity/golden/replay.ts';
import { log, said, sources } from '../../support/decisions.ts';

function member(id: string, patient: Omit<Patient, 'resourceType'>, more: Partial<Member> = {}): Member {
  const common = { id, site: id, since: instant(id.charCodeAt(0)), statedAt: instant(1_000), inUse: true };
  return { ...common, verified: [], withheld: [], patient: { resourceType: 'Patient', ...patient }, ...more };
}

function of(
  members: readonly Member[],
  trusted: Partial<Survivorship> = {},
  decisions: readonly Decision[] = [],
): GoldenRecord {
  return goldenRecord('g', members, { ...SURVIVORSHIP, ...trusted }, decisions);
}

function ground({ origins }: GoldenRecord, attribute: string): string {
  const origin = origins.find((one) => one.attribute === attribute);
  return `${origin?.source ?? ''} ${origin?.ground ?? ''}`;
}

function override(seq: number, one: string, birthDate: string | null): OverrideDecision {
  const { kind: _kind, other: _other, ...common } = said(seq, ['person', 'link', one, one]);
  return { ...common, kind: 'override', attribute: 'birthDate', value: birthDate };
}

describe('golden records', () => {
  it('each rule decides where those before it leave more than one value, and is named', () => {
    const old = { birthDate: '1980-01-02' };
    const other = { birthDate: '1980-02-01' };
    const later = { statedAt: instant(2_000) };
    const cases: readonly (readonly [string, readonly Member[], Partial<Survivorship>?])[] = [
      ['a only-value', [member('a', old), member('b', old)]],
      ['b trust', [member('a', old, later), member('b', other)], { trust: ['b'] }],
      ['a trust', [member('a', old), member('b', other)], { trust: ['b'], trustFor: { birthDate: ['a', 'b'] } }],
      ['b verified', [member('a', old, later), member('b', other, { verified: ['birthDate'] })]],
      ['b recency', [member('a', old), member('b', other, later)]],
      ['b frequency', [member('a', old), member('b', other), member('c', other)]],
      ['b completeness', [member('a', { birthDate: '1980' }), member('b', other)]],
      ['a oldest', [member('a', old), member('b', other)]],
      ['b in-use', [member('a', old, { inUse: false, verified: ['birthDate'] }), member('b', other)]],
      ['b only-value', [member('a', { birthDate: '1900-01-01' }, later), member('b', other)]],
    ];
    for (const [expected, members, trusted] of cases) {
      assert.equal(ground(of(members, trusted), 'birthDate'), expected);
      assert.equal(JSON.stringify(of(members.toReversed(), trusted)), JSON.stringify(of(members, trusted)));
    }
  });

  it('a whole name and a whole address are taken of one record, never parts of two', () => {
    const members = [
      member('a', {
        name: [{ family: 'Lopez', given: ['Ana', 'Maria'] }],
        address: [{ line: ['1 Elm St'], city: 'Ames' }],
      }),
      member('b', { name: [{ family: 'Ruiz' }], address: [{ city: 'Boone' }] }, { statedAt: instant(2_000) }),
    ];
    const { patient } = of(members);
    assert.deepEqual(patient.name, [{ family: 'Ruiz' }, { family: 'Lopez', given: ['Ana', 'Maria'] }]);
    assert.deepEqual(patient.address, [{ city: 'Boone' }]);
  });

  it('names, identifiers and contacts are collected once each; what named a merged record is old', () => {
    const number = (system: string, value: string): NonNullable<Patient['identifier']> => [{ system, value }];
    const phone = (value: string): NonNullable<Patient['telecom']> => [{ system: 'phone', value }];
    const members = [
      member('a', { identifier: number('n', '1'), telecom: phone('(515) 555-0142') }),
      member('b', {
        identifier: number('s', '7'),
        telecom: phone('+1 515 555 0142'),
        name: [{ family: 'Baby', given: ['Boy'] }],
      }),
      member('c', { identifier: number('n', '2'), telecom: phone('515 555 0199') }, { inUse: false }),
    ];
    const { patient, origins } = of(members);
    assert.deepEqual(patient.identifier, [
      { system: 'n', value: '1' },
      { system: 's', value: '7' },
      { use: 'old', system: 'n', value: '2' },
    ]);
    assert.deepEqual(patient.telecom, [{ system: 'phone', value: '(515) 555-0142' }]);
    assert.equal(patient.name, undefined, 'a name that stands for a name is none');
    assert.deepEqual(
      patient.link?.map(({ other, type }) => `${type} ${other.reference ?? ''}`),
      ['seealso Patient/a', 'seealso Patient/b'],
    );
    assert.equal(origins.filter(({ attribute }) => attribute === 'identifier').length, 3);
  });

  it('a contact of a guarantor, or told for a confidential visit, never enters, whatever rule or site is for it', () => {
    const parent = { system: 'phone', value: '515-555-0100' } as const;
    const own = { system: 'phone', value: '515-555-0177' } as const;
    const mail = { system: 'email', value: 'teen@example.org' } as const;
    const members = [
      member(
        'a',
        { telecom: [parent, mail], address: [{ city: 'Ames' }] },
        {
          verified: ['telecom', 'address'],
          withheld: [
            { element: 'telecom', index: 0, why: 'guarantor' },
            { element: 'telecom', index: 1, why: 'confidential-visit' },
            { element: 'address', index: 0, why: 'confidential-visit' },
          ],
        },
      ),
      member('b', { telecom: [{ system: 'phone', value: '+15155550100' }, own] }, { statedAt: instant(2_000) }),
    ];
    const golden = of(members, { trust: ['a'] });
    assert.deepEqual(golden.patient.telecom, [own]);
    assert.doesNotMatch(JSON.stringify(golden), /0100|teen@|Ames/);
  });

  it('the word of a person goes before all records, goes with its record, and can be taken back', () => {
    const [a, b] = [member('a', { birthDate: '1980-01-02' }), member('b', { birthDate: '1980-02-01' })];
    const decisions = [override(4, 'b', '1981-02-01'), override(7, 'b', '1982-02-01')];
    assert.equal(of([a, b], {}, decisions).patient.birthDate, '1982-02-01');
    assert.equal(ground(of([a, b], {}, decisions), 'birthDate'), 'b override');
    assert.equal(of([a], {}, decisions).patient.birthDate, '1980-01-02');
    const takenBack = [...decisions, override(8, 'b', null)];
    assert.equal(ground(of([a, b], {}, takenBack), 'birthDate'), 'a oldest');
  });

  it('who may not read one of the records may not read what was made of it', () => {
    const labelled = (code: string): Pick<Patient, 'meta'> => ({ meta: { security: [{ code }] } });
    const members = [member('a', labelled('R')), member('b', labelled('42CFRPart2')), member('c', labelled('R'))];
    assert.deepEqual(of(members).patient.meta?.security, [{ code: '42CFRPart2' }, { code: 'R' }]);
  });

  it('links: replaced-by is a merge of the site, refer leads to the golden record, also from an id of the past', () => {
    const told = replay(log(['site', 'merge', 'b', 'a'], ['person', 'merge', 'c', 'a']), sources('a', 'b', 'c'));
    const links = (id: string): readonly string[] =>
      linksOfRecord(id, told).map(({ other, type }) => `${type} ${other.reference ?? ''}`);
    const golden = `refer Patient/${goldenIdOf('a')}`;
    assert.deepEqual(links('a'), ['replaces Patient/b', golden]);
    assert.deepEqual(links('b'), ['replaced-by Patient/a']);
    assert.deepEqual(links('c'), [golden]);
    const past = goldenIdPatient(goldenIdOf('c'), { status: 'redirected', to: goldenIdOf('a') });
    assert.deepEqual([past?.active, past?.link?.length], [false, 1]);
    assert.equal(goldenIdPatient('g', { status: 'active', id: 'g', parted: [] }), null);
  });
});
