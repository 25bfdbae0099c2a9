/** Presets: habits by name, below what the site file says itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInstant } from '../../src/core/instant.ts';
import { HL7V2_PRESETS } from '../../src/connectors/kit/hl7/presets.ts';
import { HL7V2_SETTINGS } from '../../src/connectors/kit/hl7/settings.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import { appointment, at, edit, fixture, hl7Site } from '../fixtures/siu/site.ts';
import { folder, HUB } from './folder.ts';

/** Settings of an HL7 v2 site whose file says this under `settings`; or the issues. */
async function planned(lines: string): Promise<Readonly<Record<string, unknown>> | readonly string[]> {
  const file = `kind: hl7v2\nenvironment: sandbox\nstage: live\ntimeZone: America/Chicago\nsettings:\n${lines}\n`;
  await using config = await folder({ 'hub.yaml': HUB, 'sites/river.yaml': `${file}write: read-only\n` });
  await config.remove('sites/north.yaml');
  const kinds = new Map([['hl7v2', HL7V2_SETTINGS]]);
  const { plan, issues } = await buildPlan({ configDir: config.path, variables: {}, kinds });
  return plan?.sites[0]?.settings ?? issues.map(formatIssue);
}

async function settings(lines: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await planned(lines);
  assert.ok(!Array.isArray(found), JSON.stringify(found));
  return found as Readonly<Record<string, unknown>>;
}

test('every preset fits the settings of its kind, and changes them', async () => {
  const plain = await settings('  sendingApplication: A');
  for (const name of Object.keys(HL7V2_PRESETS)) {
    const { presets, ...rest } = await settings(`  sendingApplication: A\n  presets: [${name}]`);
    assert.deepEqual(presets, [name]);
    const { presets: none, ...before } = plain;
    assert.deepEqual(none, []);
    assert.notDeepEqual(rest, before, name);
  }
});

test('what the file says goes before the preset, field by field, and the defaults come last', async () => {
  const own = '  presets: [short-sch, minutes]\n  durationUnitWhenAbsent: s\n  fields: { status: [SCH-25] }';
  const { fields, durationUnitWhenAbsent } = await settings(own);
  const { status, start, practitioner } = fields as Readonly<Record<string, readonly string[]>>;
  assert.deepEqual(status, ['SCH-25']);
  assert.deepEqual(start, HL7V2_PRESETS['short-sch'].fields.start);
  assert.deepEqual(practitioner, ['AIP-3', 'AIG-3', 'PV1-7']);
  assert.equal(durationUnitWhenAbsent, 's');
});

test('of several presets the later one lies above', async () => {
  const { fields } = await settings('  presets: [short-sch, person-in-aig]');
  const { practitioner, status } = fields as Readonly<Record<string, readonly string[]>>;
  assert.deepEqual([practitioner?.[0], status], ['AIG-3', ['SCH-9']]);
});

test('a preset that nobody knows is refused with the names that are known', async () => {
  const found = await planned('  presets: [minuets]');
  assert.ok(Array.isArray(found));
  assert.match(String(found[0]), /settings\.presets\[0\]: is none of the known values \("minuets"\); write minutes/);
});

test('presets read what they are for', () => {
  const { change } = appointment(fixture('shifted-fields'), hl7Site({}, HL7V2_PRESETS['short-sch']));
  assert.equal(change.key, 'AP1^RIS');
  assert.equal(change.status, 'booked');
  assert.equal((change.during?.end ?? 0) - (change.during?.start ?? 0), 30 * 60_000);
  const late = edit(fixture('v1-booked'), 'TQ1-8', '20260314120000-0500');
  const length = (site = hl7Site()): number => {
    const { during } = appointment(late, site).change;
    return ((during?.end ?? 0) - (during?.start ?? 0)) / 60_000;
  };
  assert.equal(length(), 120);
  assert.equal(length(hl7Site({}, HL7V2_PRESETS['end-by-duration'])), 30);
});

test('a booking by Epic Cadence is read: hundredths in MSH-7, SCH-11 without its end, two groups', () => {
  const message = [
    'MSH|^~\\&|SCHED|NORTH|HUB|HUB|2026112010304407||SIU^S12|88213|P|2.3',
    'SCH|1|200418801||||||NORMAL|20|MIN|^^^202612010900|412^ORTIZ^DANA|(555)555-0142||||||||||||1^SCH',
    'PID|1||Z990017^^^CLINIC_B||LEE^NOA||19840512|F',
    'PV1|1|O|NORTH CLINIC||||||||||||||||200418801',
    'RGS|1||17^NORTH CLINIC',
    'AIS|1||410^OFFICE VISIT',
    'AIP|1||3301^KIM^ARA|1^MD||202612010900|0|MIN|20|MIN',
    'RGS|2||17^NORTH CLINIC',
    'AIP|1||3302^OKE^UDO|2^RN||202612010910|10|MIN|10|MIN',
  ].join('\r');
  const { change, warnings } = appointment(`${message}\r`, hl7Site({}, HL7V2_PRESETS.epic));
  assert.deepEqual(warnings, []);
  assert.equal(formatInstant(change.at), '2026-11-20T16:30:44.070Z');
  assert.deepEqual([change.key, change.status, change.visitType?.code], ['200418801', 'booked', '410']);
  const [start, end] = [at('2026-12-01T15:00:00Z'), at('2026-12-01T15:20:00Z')];
  assert.deepEqual(change.during, { start, end });
  const people = change.participants.filter(({ actor }) => actor.kind === 'practitioner');
  assert.deepEqual(
    people.map(({ during }) => during?.start ?? start),
    [start, at('2026-12-01T15:10:00Z')],
  );
});
