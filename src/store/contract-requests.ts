/** Requests for appointments that clients send by HL7 v2 (SRM). Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

export interface Hl7Request {
  readonly id: number;
  readonly client: string;
  /**
   * Names the client's own appointment id without saying it: requests about one are carried out and answered in order.
   */
  readonly lineage: string;
  readonly receivedAt: Instant;
  /** Where the answer goes: back on the connection, to the client's address behind CA, or nowhere. */
  readonly reply: Hl7Reply;
  readonly state: 'received' | 'open' | 'done';
  /** As received. Sealed at rest, like the answers. */
  readonly body: Uint8Array;
  readonly bookingId: string | null;
  readonly appointmentId: string | null;
  readonly answer: Uint8Array | null;
  readonly notice: Uint8Array | null;
}
export type Hl7Reply = 'connection' | 'address' | 'none';

export interface NewHl7Request {
  readonly client: string;
  /** ARQ-1 with its authority; stored as a keyed hash. */
  readonly placer: string;
  /** Of the message without its time; stored as a keyed hash. */
  readonly content: string;
  readonly reply: Hl7Reply;
  readonly body: Uint8Array;
}

export interface Hl7Answered {
  /** `open`: the answer says pending, and the client is told later. */
  readonly state: 'open' | 'done';
  readonly code: 'AA' | 'AE' | 'AR';
  /** False: asked again it may be answered otherwise (not now; pending, and nobody is told later). */
  readonly isFinal: boolean;
  readonly answer: Uint8Array;
  readonly bookingId: string | null;
  readonly appointmentId: string | null;
}

export interface Hl7RequestStore {
  /**
   * Stores it, or finds the same one. One whose answer was not final is `received` again: its sender has asked again.
   */
  take(request: NewHl7Request, now: Instant): Promise<{ readonly request: Hl7Request; readonly isNew: boolean }>;
  /** It is `received` again, though its answer was final. */
  reopen(id: number, reply: Hl7Reply): Promise<void>;
  get(id: number): Promise<Hl7Request | null>;
  /** To be carried out, the oldest first, of each client at most `limit`; of each lineage only its oldest. */
  received(clients: readonly string[], limit: number): Promise<readonly Hl7Request[]>;
  /** Of this lineage, not answered yet; the oldest first. */
  undecided(client: string, lineage: string): Promise<readonly Hl7Request[]>;
  /** Told "pending", and their bookings are settled by now; of each client at most `limit`. */
  settled(clients: readonly string[], limit: number): Promise<readonly Hl7Request[]>;
  /** False: it was answered before. */
  answered(id: number, answer: Hl7Answered, now: Instant): Promise<boolean>;
  /** False: it was told before. */
  noticed(id: number, notice: Uint8Array): Promise<boolean>;
  /** The appointment that the newest request of this lineage led to. */
  appointmentOf(client: string, lineage: string): Promise<string | null>;
  /** By client: requests that are not answered, and those answered "pending"; with the oldest of each. */
  waiting(): Promise<readonly Hl7Waiting[]>;
}
export interface Hl7Waiting {
  readonly client: string;
  readonly state: 'received' | 'open';
  readonly count: number;
  readonly oldestAt: Instant;
}
