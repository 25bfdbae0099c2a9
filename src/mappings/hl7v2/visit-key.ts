/** PV1-19 as the name of an appointment, at sites that book by ADT. */
import type { Segment } from '../../hl7v2/segment.ts';
import { fieldOf, part } from './reading.ts';

/** The number, with its authority. Null: none is given. */
export function visitKey(pv1: Segment | undefined): string | null {
  const cx = pv1 === undefined ? undefined : fieldOf(pv1, 19);
  if (cx === undefined || part(cx, 1) === '') return null;
  const authority = part(cx, 4) || part(cx, 4, 2);
  return authority === '' ? part(cx, 1) : `${part(cx, 1)}^${authority}`;
}
