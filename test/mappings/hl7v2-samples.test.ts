/**
 * Real messages of other people's systems, read where they lie (SAMPLES_DIR, or beside the checkout) and never copied.
 * Prints what becomes of each; what a file is called after is all that is printed of it.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Mapped } from '../../src/mappings/contract.ts';
import { hl7Settings, hl7Site, map } from '../fixtures/siu/site.ts';

const SAMPLES = process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../shared/samples');
const folder = join(SAMPLES, 'hl7v2');

const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.hl7'))
      .sort()
  : [];
const site = hl7Site({ unknownIdentifiers: 'local-only', identifiers: {}, locations: {} });

function outcome(mapped: Mapped): string {
  if (mapped.kind === 'ignored') return `ignored: ${mapped.because}`;
  if (mapped.kind === 'unreadable')
    return `parked: ${mapped.issues.map((issue) => `${issue.code} ${issue.where}`).join(', ')}`;
  const kinds = mapped.changes.map((change) =>
    change.kind === 'appointment' ? `appointment ${change.status}` : change.kind,
  );
  const places = new Set(mapped.warnings.map((warning) => warning.split(':', 1)[0]));
  return `applied: ${kinds.join(', ')}${places.size === 0 ? '' : ` (warns of ${[...places].join(', ')})`}`;
}

test('every sample is applied, ignored with a reason, or parked with a code', (context) => {
  if (files.length === 0) {
    context.diagnostic(`no samples at ${folder}; set SAMPLES_DIR to run this`);
    return;
  }
  const counts = new Map<string, number>();
  for (const name of files) {
    const said = outcome(map(readFileSync(join(folder, name)), site));
    const kind = said.split(':', 1)[0] ?? '';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    context.diagnostic(`${name.padEnd(58)} ${said}`);
  }
  context.diagnostic([...counts].map(([kind, count]) => `${count} ${kind}`).join(', '));
  assert.equal(files.length, [...counts.values()].reduce((sum, count) => sum + count, 0)); // prettier-ignore
});

/** What must be so of each sender, checked by reading the file. */
const EXPECTED: readonly (readonly [name: string, outcome: RegExp])[] = [
  ['balneario-hl7v2/SIU_S12.hl7', /^parked: MESSAGE_INCOMPLETE SCH-11$/],
  // A mother and her son: not one person, whatever the trigger says.
  ['balneario-hl7v2/ADT_A24.hl7', /^parked: LINK_DOUBTFUL PID-7$/],
  ['balneario-hl7v2/ADT_A30.hl7', /^applied: patient-merge$/],
  ['balneario-hl7v2/ADT_A39.hl7', /^applied: patient-merge$/],
  ['hl7-standard-ch10/SIU_S13_rescheduled.hl7', /^applied: appointment booked/],
  ['hl7-v2-to-fhir/SIU_S12.hl7', /^applied: appointment booked .*SCH-11\.5/],
  ['ipf/ADT_A40_iso8859-1.hl7', /^applied: patient-merge$/],
  ['microsoft-fhir-converter/SIU-S16-01.hl7', /^applied: appointment cancelled/],
  ['microsoft-fhir-converter/SIU-S17-02.hl7', /^applied: appointment entered-in-error/],
  ['microsoft-fhir-converter/SIU-S26-01.hl7', /^applied: appointment noshow/],
  ['microsoft-fhir-converter/ADT-A40-02.hl7', /^applied: patient-merge, patient-merge$/],
  ['mirth-connect/ADT_A40_07.hl7', /^applied: patient-merge$/],
  ['izgateway/ADT_A40.hl7', /^applied: patient-merge$/],
  ['mirth-connect/SIU_S14_02.hl7', /^applied: appointment booked .*AIL-6/],
  [
    'mirth-connect/batch_SIU_S12_S14_S15.hl7',
    /^applied: appointment booked, appointment booked, appointment cancelled/,
  ],
  ['node-hl7-client/SIU_S12_epic_cadence_style.hl7', /^applied: appointment booked/],
  ['node-hl7-complete/SIU_S14_gpms.hl7', /^applied: appointment arrived$/],
  ['pacs-bridge/SIU_S12_ris.hl7', /^parked: MESSAGE_INCOMPLETE SCH-11$/],
  ['pacs-bridge/SIU_S15_ris.hl7', /^applied: appointment cancelled/],
  ['renalware-medway-raj01/01_ADT_A05.hl7', /^applied: patient \(warns of PV2-8\)$/],
  ['renalware-medway-raj01/03_ADT_A38.hl7', /^ignored: ADT\^A38/],
  ['rethinkhealth/SIU_S12.hl7', /^applied: appointment booked$/],
];

test('the samples with known oddities become what a reader of them expects', (context) => {
  for (const [name, expected] of EXPECTED) {
    if (files.includes(name)) assert.match(outcome(map(readFileSync(join(folder, name)), site)), expected, name);
    else context.diagnostic(`${name} is not there`);
  }
});

test('of hospitals that book by ADT every A05 is a visit and every A38 its end, where the site file says so', (context) => {
  const booking = { ...site, settings: { ...hl7Settings({ adtAppointments: 'a05-a38' }) } };
  const names = files.filter((name) => name.startsWith('renalware-') && /ADT_A(05|38)/.test(name));
  if (names.length === 0) context.diagnostic('the samples are not there');
  for (const name of names) {
    const mapped = map(readFileSync(join(folder, name)), booking);
    const visit = mapped.kind === 'changes' ? mapped.changes.find(({ kind }) => kind === 'appointment') : undefined;
    assert.ok(visit?.kind === 'appointment', name);
    assert.equal(visit.status, name.includes('A05') ? 'booked' : 'cancelled', name);
    assert.deepEqual([...new Set(visit.participants.map(({ actor }) => actor.kind))].sort(), [
      'location',
      'practitioner',
    ]);
    assert.ok(visit.during !== undefined && visit.during.start > 0 && visit.patients.length === 1, name);
  }
});
