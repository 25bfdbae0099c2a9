/** What Acuity says, in canonical changes. The kinds of message are those that connectors/acuity makes. */
import type { Mapped, Mapping, SiteFacts, StoredMessage } from '../contract.ts';
import { mapAppointment, mapGone } from './appointment.ts';
import { mapAvailability } from './availability.ts';
import { mapBlocks } from './blocks.ts';
import { patientOf } from './patient.ts';
import { objectIn, unreadable } from './reading.ts';

type MapOne = (message: StoredMessage, facts: SiteFacts) => Mapped;

const byKind: Readonly<Record<string, MapOne>> = {
  appointment: mapAppointment,
  'appointment-canceled': mapAppointment,
  'appointment-gone': mapGone,
  availability: mapAvailability,
  blocks: mapBlocks,
  client: mapClient,
};

export const acuityMapping: Mapping = {
  accepts: Object.keys(byKind),
  map: (message, facts) =>
    byKind[message.kind]?.(message, facts) ?? { kind: 'ignored', because: `no mapping for ${message.kind}` },
};

function mapClient(message: StoredMessage, facts: SiteFacts): Mapped {
  const fields = objectIn(message.body);
  if (fields === null) return unreadable('', 'the client is not a JSON object');
  const patient = patientOf(fields, facts);
  if (patient === null) return { kind: 'ignored', because: 'the client has neither name, phone nor e-mail' };
  const at = message.readAt ?? message.receivedAt;
  return { kind: 'changes', changes: [{ kind: 'patient', patient, at }], warnings: [] };
}
