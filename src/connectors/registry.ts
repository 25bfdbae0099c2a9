/**
 * Every kind that a site file may name. Adding a vendor means adding a folder and one line here (and one in mappings/).
 */
import { acuity } from './acuity/index.ts';
import type { ConnectorKind, FlatCursor } from './contract.ts';
import { hl7v2 } from './hl7v2/index.ts';

export const kinds: ReadonlyMap<string, ConnectorKind> = byName([kind(acuity), kind(hl7v2)]);

/**
 * Forgets the types of a kind's own settings and cursor. Sound because of how the hub uses a kind: it hands `open` only
 * what the kind's own spec has checked, and `page` only what the kind's own cursor spec has parsed.
 */
function kind<Settings, Cursor extends FlatCursor>(typed: ConnectorKind<Settings, Cursor>): ConnectorKind {
  return typed as unknown as ConnectorKind;
}

function byName(list: readonly ConnectorKind[]): ReadonlyMap<string, ConnectorKind> {
  return new Map(list.map((one) => [one.name, one]));
}
