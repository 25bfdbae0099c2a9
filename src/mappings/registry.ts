/** Which mapping reads a message: chosen by the kind of the site and the kind of the message. One line per vendor. */
import { acuityMapping } from './acuity/index.ts';
import type { Mapping } from './contract.ts';
import { hl7v2Mapping } from './hl7v2/index.ts';
import { snapshotMapping } from './snapshot/index.ts';
import { templateMapping } from './template/index.ts';

const mappings: ReadonlyMap<string, readonly Mapping[]> = new Map([
  ['acuity', [acuityMapping]],
  ['hl7v2', [hl7v2Mapping]],
]);

/** What is not a vendor's: of sites of every kind. */
const ofEveryKind: readonly Mapping[] = [templateMapping, snapshotMapping];

/** Undefined: no mapping of this site kind accepts such a message. */
export function mappingFor(kindName: string, messageKind: string): Mapping | undefined {
  const own = mappings.get(kindName);
  return own && [...own, ...ofEveryKind].find((mapping) => mapping.accepts.includes(messageKind));
}
