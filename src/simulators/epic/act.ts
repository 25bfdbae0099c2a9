import type { Writer } from '../kit/store.ts';
import type { Hospital } from './hospital.ts';

/** The body of `POST /__sim/act`, unchecked. */
export type Request = Readonly<Record<string, unknown>>;
/** Inside one write. Throws ActError for a person to read. */
export type Act = (hospital: Hospital, tx: Writer, request: Request) => unknown;

/** A number counts as text; anything else is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
