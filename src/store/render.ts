/** Resource text as it is stored and served: id and meta first, the rest as given. */
import { formatInstant } from '../core/instant.ts';
import { SYSTEMS, type Coding, type Resource } from '../fhir/types.ts';
import type { Cause } from './contract-resources.ts';

/** `urn:slotwire:site:<site>`, with `#<message id>` where one message made the version (DESIGN section 9). */
export function source(cause: Cause): string {
  if (cause.site === null) return 'urn:slotwire:hub';
  const site = `urn:slotwire:site:${cause.site}`;
  return cause.messageId === null ? site : `${site}#${cause.messageId}`;
}

/** N, R, V are v3-Confidentiality; the others (42CFRPart2, ETH, PSY ...) are v3-ActCode. */
export function securityCoding(label: string): Coding {
  return { system: /^[ULMNRV]$/.test(label) ? SYSTEMS.confidentiality : SYSTEMS.actCode, code: label };
}

export function renderResource(
  resource: Resource,
  id: string,
  version: number,
  security: readonly string[],
  cause: Cause,
): string {
  const { resourceType, id: _id, meta, ...rest } = resource;
  return JSON.stringify({
    resourceType,
    id,
    meta: {
      versionId: String(version),
      lastUpdated: formatInstant(cause.now),
      source: source(cause),
      ...(security.length === 0 ? {} : { security: security.map(securityCoding) }),
      ...(meta?.tag === undefined ? {} : { tag: meta.tag }),
    },
    ...rest,
  });
}

/** The text without what changes with every version, to tell news from a repeat. */
export function comparable(json: string): string {
  const { meta, id: _id, ...rest } = JSON.parse(json) as Resource & Record<string, unknown>;
  return JSON.stringify({ ...rest, security: meta?.security ?? [], tag: meta?.tag ?? [] });
}
