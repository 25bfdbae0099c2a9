/**
 * MSH-10 of what this hub asks for: the end of the asking record's id, and characters that no other message about it
 * has. So an answer that names nothing but MSA-2 (a denial without SCH, an ACK that comes later) finds its record. All
 * of it fits the 20 characters that MSH-10 has up to version 2.6.
 */
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{4})-([0-9a-f]{12})$/;

/** `nonce`: four characters. The last 16 digits of a UUID hold 62 random bits. */
export function ownControlId(id: string, nonce: string): string {
  const [, middle = '', end = ''] = ID.exec(id.toLowerCase()) ?? [];
  return `${middle}${end}${nonce.slice(0, 4)}`;
}

/** The last 16 digits of the record's id; null for a control id that cannot be one of ours. */
export function recordOf(controlId: string): string | null {
  return /^([0-9a-f]{16})[A-Za-z0-9_-]{4}$/i.exec(controlId.trim())?.[1]?.toLowerCase() ?? null;
}
