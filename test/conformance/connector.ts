/**
 * The suite that every connector passes. It finds the kinds in the registry; what it must know of each is an
 * arrangement. A rule whose abilities a kind lacks is not skipped: that the ability is absent is checked in its place.
 */
import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import type { Connector } from '../../src/connectors/contract.ts';
import type { Ability, Arrangement, Staff } from './arrangement.ts';
import { arrangements } from './arrangements.ts';
import { openRig } from './harness.ts';
import type { Waiver } from './waivers.ts';

export interface Rule {
  /** The rule as a sentence. */
  readonly name: string;
  /** What the connector must be able to do for the rule to say anything. */
  readonly needs: readonly Ability[];
  /** What staff at the site must be able to do. */
  readonly staff?: readonly (keyof Staff)[];
  /** The vendor has classes. */
  readonly classes?: boolean;
  readonly run: (t: TestContext, arrangement: Arrangement) => Promise<void>;
}

const TIME_LIMIT_MS = 60_000;

/** Every kind of the registry, as its connector is used most. */
export function conformance(kind: string, rules: readonly Rule[], waivers: readonly Waiver[]): void {
  arranged(kind, arrangements.get(kind), rules, waivers);
}

/** `name` is what waivers call it: the kind, or another way in which sites of that kind are arranged. */
export function arranged(
  name: string,
  arrangement: Arrangement | undefined,
  rules: readonly Rule[],
  waivers: readonly Waiver[],
): void {
  const kind = name;
  describe(name, { concurrency: 3 }, () => {
    if (arrangement === undefined) {
      test('the kind is arranged for the suite', () => {
        const add = `Write test/conformance/${kind}.ts (see arrangement.ts) and list it in arrangements.ts.`;
        assert.fail(
          `The registry has the kind ${kind}, but the suite does not know how to start its simulator. ${add}`,
        );
      });
      return;
    }
    // One for all rules that only look at what is absent.
    let opened: Promise<Connector> | null = null;
    const connector = (): Promise<Connector> =>
      (opened ??= openRig({ after }, arrangement).then((rig) => rig.site.connector));
    test('its connector can do what its arrangement says, no more and no less', async () => {
      assert.deepEqual(presentIn(await connector()).sort(), [...arrangement.abilities].sort());
    });
    for (const rule of rules) register(name, arrangement, rule, waivers, connector);
    test('every waiver names a rule of the suite', () => {
      const names = new Set(rules.map((rule) => rule.name));
      const idle = waivers.filter((waiver) => waiver.kind === name && !names.has(waiver.rule));
      assert.deepEqual(idle, []);
    });
  });
}

function register(
  kind: string,
  arrangement: Arrangement,
  rule: Rule,
  waivers: readonly Waiver[],
  connector: () => Promise<Connector>,
): void {
  const lacking = rule.needs.filter((ability) => !arrangement.abilities.includes(ability));
  const waiver = waivers.find((one) => one.kind === kind && one.rule === rule.name);
  if (lacking.length > 0) {
    test(`${rule.name} (nothing to hold: ${kind} has no ${lacking.join(', ')})`, async () => {
      const present = presentIn(await connector());
      for (const ability of lacking) assert.ok(!present.includes(ability));
    });
    return;
  }
  if (waiver !== undefined) {
    test(`${rule.name} (waived: ${waiver.reason})`, { timeout: TIME_LIMIT_MS }, async (t) => {
      await assert.rejects(rule.run(t, arrangement), /./s, 'the rule holds: remove its waiver');
    });
    return;
  }
  test(rule.name, { timeout: TIME_LIMIT_MS }, async (t) => {
    await rule.run(t, arrangement);
  });
}

const ABILITIES: readonly Ability[] = [
  'poll',
  'webhook',
  'fetch',
  'hl7',
  'load',
  'availability',
  'busy',
  'book',
  'block',
  'seek',
];

function presentIn(connector: Readonly<Partial<Record<Ability, unknown>>>): Ability[] {
  return ABILITIES.filter((ability) => connector[ability] !== undefined);
}
