/** What site files may say of the numbers of people, each by itself and together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder, NORTH } from './folder.ts';

async function issues(north: string, south = ''): Promise<readonly string[]> {
  const listing = (lines: string): string => (lines === '' ? '' : `identifiers:\n${lines}`);
  await using config = await folder({
    'sites/north.yaml': NORTH + listing(north),
    'sites/south.yaml': NORTH + listing(south),
  });
  const lines = await config.issues();
  return lines.map((line) => line.replace(/:\d+/, ''));
}

const EPI = "  EPI: { system: 'urn:oid:1.2.9', type: enterprise-mrn }\n";

test('a number of the enterprise or of a group may be listed by several files', async () => {
  assert.deepEqual(await issues(EPI, EPI), []);
  const group = "  G: { system: 'urn:oid:1.2.8', type: site-mrn, scope: group, useForWriteBack: true }\n";
  assert.deepEqual(await issues(EPI + group, group), []);
});

test('one that a site gives out alone is not listed by another site', async () => {
  const own = "  'A^MR': { system: 'urn:oid:1.2.3' }\n";
  assert.deepEqual(await issues(own, own), [
    'sites/south.yaml identifiers.A^MR: urn:oid:1.2.3 is listed by north too, and is given out by one site alone; ' +
      'write scope: group or enterprise in both files, or give each site a system of its own',
  ]);
  assert.deepEqual(await issues(`${own}  'A': { system: 'urn:oid:1.2.3' }\n`), []);
});

test('one system means the same wherever it is listed', async () => {
  const shared = "  EPI: { system: 'urn:oid:1.2.9', type: insurance }\n";
  assert.deepEqual(await issues(EPI, shared), [
    'sites/south.yaml identifiers.EPI: urn:oid:1.2.9 means something else in the file of north; ' +
      'write the same type, trust and scope, or another system',
  ]);
});

test('a number that several people may have names nobody in a booking', async () => {
  assert.deepEqual(await issues("  M: { system: 'urn:m:x', type: insurance, useForWriteBack: true }\n"), [
    'sites/north.yaml identifiers.M.useForWriteBack: names a patient in bookings, and several people may have the ' +
      'same one; write false, or give it a type that proves a person',
  ]);
});

test('a type that nobody knows is refused, with those that there are', async () => {
  const [line = '', ...more] = await issues("  M: { system: 'urn:oid:1.2', type: mrn }\n");
  assert.deepEqual(more, []);
  assert.match(line, /identifiers\.M\.type: .*site-mrn/);
});
