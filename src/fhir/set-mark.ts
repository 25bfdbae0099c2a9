/** The extension that names the set or series in which a visit was booked, and the visit's place in it. */
import { isUuid } from '../core/ids.ts';
import { EXTENSIONS, type Appointment, type Extension } from './types.ts';

export interface SetMark {
  readonly id: string;
  /** From 1. */
  readonly step: number;
  readonly of: number;
  readonly name?: string;
}

export function setMark({ id, step, of, name }: SetMark): Extension {
  return {
    url: EXTENSIONS.set,
    extension: [
      { url: 'id', valueString: id },
      { url: 'step', valueInteger: step },
      { url: 'of', valueInteger: of },
      ...(name === undefined ? [] : [{ url: 'name', valueString: name }]),
    ],
  };
}

/** Null: it was booked alone, or not through the hub. */
export function setMarkOf({ extension }: Pick<Appointment, 'extension'>): SetMark | null {
  const parts = extension?.find(({ url }) => url === EXTENSIONS.set)?.extension ?? [];
  const part = (name: string): Extension | undefined => parts.find(({ url }) => url === name);
  const id = part('id')?.valueString;
  const step = part('step')?.valueInteger;
  const of = part('of')?.valueInteger;
  if (id === undefined || !isUuid(id) || step === undefined || of === undefined) return null;
  const name = part('name')?.valueString;
  return { id, step, of, ...(name === undefined ? {} : { name }) };
}

/** What `from` was booked in stays known of what takes its place. */
export function withMarkOf(resource: Appointment, from: Pick<Appointment, 'extension'>): Appointment {
  const mark = from.extension?.find(({ url }) => url === EXTENSIONS.set);
  if (mark === undefined) return resource;
  const others = (resource.extension ?? []).filter(({ url }) => url !== EXTENSIONS.set);
  return { ...resource, extension: [...others, mark] };
}
