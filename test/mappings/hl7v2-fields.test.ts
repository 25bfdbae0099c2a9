/** The table of fields against what the mapping reads. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Segment } from '../../src/hl7v2/segment.ts';
import { EVENTS } from '../../src/mappings/hl7v2/events.ts';
import { MAPPED_FIELDS } from '../../src/mappings/hl7v2/fields.ts';
import { hl7Site, map } from '../fixtures/siu/site.ts';

const folders = [
  join(import.meta.dirname, '../fixtures/siu'),
  join(import.meta.dirname, '../fixtures/hl7v2'),
  join(process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../shared/samples'), 'hl7v2'),
];
const messages = folders
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.hl7'))
      .map((name) => readFileSync(join(folder, name))),
  );
/** Segments that few messages carry, in one message of every kind. */
const RARE = [
  'MSH|^~\\&|SCHED|CLINIC|HUB|HUB|20261122100000||SIU^S12|RARE-1|P|2.5.1',
  'EVN||20261122100000||01|CLERK^ANN|20261122095900',
  'MFI|PRA||UPD|||AL',
  'MFE|MUP|||K7',
  'SCH|77||||||CHECKUP^Check-up|ROUTINE^Routine',
  'TQ1|1|||||30^MIN|20261201100000',
  'PID|1||4711^^^CLINIC^MR||LEE^ANN||19800531|F',
  'PV1|1|O|CLINIC^R1||||||||||||||||V77',
  'PV2|||R07.4^Chest pain|||||20261201100000|20261201103000',
  'DG1|1||R07.4^Chest pain^I10|Chest pain|20261122',
  'RGS|1',
  'AIS|1||30^Visit|20261201100000',
  'AIP|1||K7^LEE^BO',
  'AIL|1||CLINIC^R1',
  'STF|K7|K7|LEE^BO|P|F||A',
  'PRA|K7||||||',
  'ORG|1',
  'LOC|CLINIC^R1|Room 1|R',
].join('\r');
messages.push(Buffer.from(`${RARE}\r`, 'latin1'), Buffer.from(`${RARE.replace('MFI|PRA', 'MFI|LOC')}\r`, 'latin1'));
/** Everything that a site file can turn on. */
const sites = [
  hl7Site({ unknownIdentifiers: 'local-only' }),
  hl7Site(
    { unknownIdentifiers: 'local-only' },
    { diagnoses: true, notes: ['SCH', 'AIS'], adtAppointments: 'a05-a38', visitKey: ['PV1-19', 'PV1-50'] },
  ),
];

const read = new Set<string>();
const honest = Object.getOwnPropertyDescriptor(Segment.prototype, 'rawField');

/** Every look at a field goes through `rawField`. */
function listen(): void {
  const plain = honest?.value as (this: Segment, n: number) => string;
  Segment.prototype.rawField = function (this: Segment, n: number): string {
    read.add(`${this.name}-${n}`);
    return plain.call(this, n);
  };
}
after(() => {
  if (honest !== undefined) Object.defineProperty(Segment.prototype, 'rawField', honest);
});

test('the table names every field that the mapping reads, whatever the message is', () => {
  listen();
  const kinds = [...EVENTS.keys()].filter((kind) => kind.includes('^'));
  for (const bytes of messages) {
    const text = bytes.toString('latin1');
    for (const site of sites) {
      map(bytes, site);
      for (const kind of kinds)
        map(Buffer.from(text.replace(/\|(?:SIU|ADT|MFN|SRM)\^[A-Z]\d\d[^|]*/, `|${kind}`), 'latin1'), site);
    }
  }
  const named = new Set(MAPPED_FIELDS.map(({ path }) => path));
  const custom = /^Z/;
  assert.deepEqual([...read].filter((path) => !named.has(path) && !custom.test(path)).sort(), []);
});

test('what the table says becomes something is read, and what it says is not kept is not told otherwise', () => {
  const twice = MAPPED_FIELDS.map(({ path }) => path).filter((path, at, all) => all.indexOf(path) !== at);
  assert.deepEqual(twice, [], 'each path has one row');
  const unread = MAPPED_FIELDS.filter((field) => 'becomes' in field && !read.has(field.path)).map(({ path }) => path);
  // Of segments and fields that no message here has, or that stand behind others which are filled.
  const rare = ['LDP-6', 'AIL-8', 'MRG-3', 'MRG-6', 'PV1-50'];
  assert.deepEqual(
    unread.filter((path) => !rare.includes(path)),
    [],
  );
});
