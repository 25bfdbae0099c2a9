import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Message } from '../../src/hl7v2/message.ts';
import type { Segment } from '../../src/hl7v2/segment.ts';

/** A message of test/fixtures/hl7v2, as bytes. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/hl7v2/${name}`, import.meta.url));
}

/** Segments as bytes, each ended by CR. */
export function bytesOf(...segments: readonly string[]): Uint8Array {
  return Buffer.from(segments.map((segment) => `${segment}\r`).join(''), 'utf8');
}

/** The first segment of that name, which must be there. */
export function segmentOf(message: Message, name: string): Segment {
  const segment = message.first(name);
  assert.ok(segment !== undefined, `no ${name}`);
  return segment;
}
