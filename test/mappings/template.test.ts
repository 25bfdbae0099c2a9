/** What the hub writes for a window is read back as it was meant; anything else is unreadable and never a throw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../src/core/instant.ts';
import type { Mapped, StoredMessage } from '../../src/mappings/contract.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import { siteOf } from '../support/facts.ts';

const NINE = Date.UTC(2026, 10, 23, 9);

function map(body: string | Uint8Array): Mapped {
  const message: StoredMessage = {
    kind: 'template-window',
    shape: 'state',
    object: 'template:a:b:0',
    body: typeof body === 'string' ? Buffer.from(body) : body,
    contentType: 'application/json',
    receivedAt: instant(NINE),
    readAt: instant(NINE - 1),
    occurredAt: null,
  };
  const mapping = mappingFor('hl7v2', message.kind);
  assert.ok(mapping !== undefined, 'sites of every kind may have templates');
  return mapping.map(message, { site: siteOf('north'), visitTypes: {} });
}

const BODY = { calendar: 'A@b', visitType: 'CHECK', from: NINE - 1000, to: NINE + 1000 };

test('a window says its slots, and that a template laid them out', () => {
  const slot = { key: 'k', start: NINE, end: NINE + 60_000, template: 'ada', capacity: 2, overbook: 1, session: 's' };
  const mapped = map(JSON.stringify({ ...BODY, slots: [slot, { ...slot, overbook: 0, channel: 'staff' }] }));
  assert.ok(mapped.kind === 'changes');
  const [change] = mapped.changes;
  assert.ok(change?.kind === 'slots' && change.template === true);
  assert.equal(change.at, NINE - 1);
  assert.deepEqual(change.slots[0], {
    key: 'k',
    during: { start: NINE, end: NINE + 60_000 },
    status: 'free',
    capacity: 2,
    session: 's',
    template: { name: 'ada', overbook: 1 },
  });
  assert.deepEqual(change.slots[1]?.template, { name: 'ada', channel: 'staff' });
});

test('an empty window is a statement too', () => {
  const mapped = map(JSON.stringify({ ...BODY, slots: [] }));
  assert.ok(mapped.kind === 'changes' && mapped.changes.length === 1);
});

test('whatever else the bytes are, they are unreadable', () => {
  for (const text of ['', 'null', '[]', '{}', JSON.stringify({ ...BODY, slots: [{ key: 1 }] }), JSON.stringify(BODY)])
    assert.equal(map(text).kind, 'unreadable', text);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => map(bytes).kind === 'unreadable'));
  fc.assert(fc.property(fc.json(), (text) => map(text).kind === 'unreadable'));
});
