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
