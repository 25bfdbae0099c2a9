/** What an account offers, read again when older than ten minutes: it changes when a clinic changes its services. */
import type { Clock } from '../../core/clock.ts';
import type { AcuityClient, CallFor, Read } from './client.ts';
import type { AppointmentType } from './wire.ts';

const KEPT_MS = 600_000;

export interface Reference {
  types(at: CallFor): Promise<Read<readonly AppointmentType[]>>;
  /**
   * Whether the intake forms of a visit type hold a field. A value for a field that they do not hold is refused, and
   * the hub's own id cannot be left there, nor looked for.
   */
  holds(visitType: string, at: CallFor): Promise<(field: number) => boolean>;
}

export function openReference(client: AcuityClient, clock: Clock): Reference {
  const types = kept(clock, (at) => client.appointmentTypes([], at));
  const forms = kept(clock, (at) => client.forms([], at));
  return {
    types,
    async holds(visitType, at) {
      const formIDs = (await types(at)).value.find((type) => String(type.id) === visitType)?.formIDs;
      // Not said: the write itself will tell.
      if (formIDs === undefined) return () => true;
      const own = (await forms(at)).value.filter((form) => formIDs.includes(form.id));
      const fields = new Set(own.flatMap((form) => (form.fields ?? []).map((field) => field.id)));
      return (field) => fields.has(field);
    },
  };
}

function kept<T>(clock: Clock, read: (at: CallFor) => Promise<T>): (at: CallFor) => Promise<T> {
  let last: { readonly value: T; readonly since: number } | null = null;
  return async (at) => {
    if (last !== null && clock.monotonic() - last.since < KEPT_MS) return last.value;
    const value = await read(at);
    last = { value, since: clock.monotonic() };
    return value;
  };
}
