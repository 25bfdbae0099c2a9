/**
 * The mapping is total and discreet: whatever comes, there is a result, and no result but the changes repeats the
 * message.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACCEPTED_EVENTS } from '../../src/connectors/kit/hl7/wire.ts';
import { hl7v2Mapping } from '../../src/mappings/hl7v2/index.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import { edit, fixture, hl7Site, map, without } from '../fixtures/siu/site.ts';

const names = readdirSync(new URL('../fixtures/siu/', import.meta.url))
  .filter((name) => name.endsWith('.hl7'))
  .map((name) => name.replace(/\.hl7$/, ''));
const fixtures = names.map(fixture);

test('every kind of message that the feed takes has a rule in the mapping', () => {
  for (const kind of ACCEPTED_EVENTS) assert.equal(hl7v2Mapping.accepts.includes(kind), true, kind);
  assert.equal(mappingFor('hl7v2', 'SIU^S12'), hl7v2Mapping);
});

test('any bytes whatever give a result', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.match(map(bytes).kind, /^(changes|ignored|unreadable)$/);
    }),
  );
});

test('any field of a real message may hold anything', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '""',
      '^',
      '&',
      '~',
      '^^^',
      '20260314',
      '20269999',
      '-1',
      '0',
      '1e9',
      'D',
      '\\X',
      '\\.br\\',
      '24:00',
    ),
    fc.stringMatching(/^[0-9]{8,16}$/),
  );
  const damage = fc.record({
    message: fc.constantFrom(...fixtures),
    edits: fc.array(fc.tuple(fc.nat(14), fc.integer({ min: 1, max: 30 }), piece), { minLength: 1, maxLength: 5 }),
  });
  const site = hl7Site({ unknownIdentifiers: 'local-only' });
  fc.assert(
    fc.property(damage, ({ message, edits }) => {
      const lines = message.split('\r');
      for (const [at, field, text] of edits) {
        const line = lines[at % lines.length] ?? '';
        if (line === '') continue;
        const fields = line.split('|');
        fields[field % Math.max(2, fields.length)] = text;
        lines[at % lines.length] = fields.join('|');
      }
      const mapped = map(lines.join('\r'), site);
      if (mapped.kind !== 'changes') return;
      for (const change of mapped.changes) {
        if (change.kind !== 'appointment' || change.during === undefined) continue;
        assert.equal(change.during.start < change.during.end, true);
        for (const { during } of change.participants)
          assert.equal(during === undefined || during.start < during.end, true);
      }
    }),
    { numRuns: 500 },
  );
});

test('issues, warnings and reasons hold no value of the message', () => {
  const marked = (message: string): string =>
    message
      .split('\r')
      .map((line) => {
        if (/^(MSH|TQ1|EVN)/.test(line)) return line;
        const [name = '', ...fields] = line.split('|');
        return [name, ...fields.map((field) => (field === '' ? '' : 'ZQZ'))].join('|');
      })
      .join('\r');
  for (const message of fixtures) {
    for (const one of [marked(message), marked(without(message, 'TQ1')), edit(marked(message), 'MSH-9', 'ADT^A08')]) {
      const mapped = map(one);
      const told =
        mapped.kind === 'changes' ? mapped.warnings : mapped.kind === 'ignored' ? [mapped.because] : mapped.issues;
      assert.doesNotMatch(JSON.stringify(told), /ZQZ/);
    }
  }
});

test('the same message gives the same result', () => {
  for (const message of fixtures) assert.deepEqual(map(message), map(message));
});
