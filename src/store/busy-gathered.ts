/** The busy calendar in a batch: what visits take is read ahead, and written together. Part of busy.ts. */
import { BUSY_COLUMNS, busyStore, toBusy, type BusyDbRow } from './busy.ts';
import type { BusyRow, BusyStore } from './contract-bookings.ts';
import type { Gathered, Writer } from './gather.ts';
import type { Queryable } from './postgres.ts';

interface Taken {
  readonly appointmentId: string;
  /** What it took before goes. */
  readonly replaces: boolean;
  readonly rows: readonly BusyRow[];
}

const TAKEN: Writer<Taken> = {
  place: 1,
  async write(q, taken) {
    const gone = taken.filter(({ replaces }) => replaces).map(({ appointmentId }) => appointmentId);
    if (gone.length > 0) {
      await q.post({
        name: 'busy-drop-appointments', // busy_appointment
        text: `DELETE FROM busy WHERE appointment_id = ANY($1::uuid[])`,
        values: [gone],
      });
    }
    await busyStore(q).insert(taken.flatMap(({ rows }) => rows));
  },
};

export function gatheredBusyStore(q: Gathered): BusyStore {
  const store = busyStore(q);
  return {
    ...store,

    async insert(rows) {
      const [first] = rows;
      const id = first?.appointmentId;
      // Nothing is known of it: what it takes is not looked at again in this transaction without being read.
      const known = id === undefined ? undefined : q.ahead.busy.get(id);
      if (id === undefined || known === undefined || rows.some((row) => row.appointmentId !== id)) {
        return store.insert(rows);
      }
      q.ahead.busy.delete(id);
      await q.later(TAKEN, `busy ${id}`, { appointmentId: id, replaces: false, rows });
    },

    async replaceAppointment(appointmentId, rows) {
      const known = q.ahead.busy.get(appointmentId);
      if (known === undefined) return store.replaceAppointment(appointmentId, rows);
      q.ahead.busy.delete(appointmentId);
      await q.later(TAKEN, `busy ${appointmentId}`, { appointmentId, replaces: true, rows });
      return [...known.map(({ resourceId, during }) => ({ resourceId, during })), ...rows];
    },

    async ofAppointment(appointmentId) {
      return q.ahead.busy.get(appointmentId) ?? store.ofAppointment(appointmentId);
    },
  };
}

export async function busyOfAppointments(
  q: Queryable,
  appointmentIds: readonly string[],
): Promise<ReadonlyMap<string, readonly BusyRow[]>> {
  const { rows } = await q.query<BusyDbRow & { readonly appointment_id: string }>({
    name: 'ahead-busy', // busy_appointment
    text: `SELECT ${BUSY_COLUMNS} FROM busy WHERE appointment_id = ANY($1::uuid[])`,
    values: [appointmentIds],
  });
  const byAppointment = Map.groupBy(rows, (row) => row.appointment_id);
  return new Map([...byAppointment].map(([id, of]) => [id, of.map(toBusy)] as const));
}
