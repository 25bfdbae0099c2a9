/** What a batch of messages asks of the store. Part of store/contract.ts. */

/** What a batch is about to ask for. What is missing here is read when it is asked for. */
export interface Expected {
  readonly sites: readonly string[];
  /** The sites' keys of appointments, and the ids that they have when nobody has named them otherwise. */
  readonly appointments: readonly Named[];
  readonly patients: readonly Named[];
  /** Patients, practitioners, roles, places and schedules. */
  readonly resources: readonly string[];
  readonly schedules: readonly string[];
  readonly objects: readonly { readonly site: string; readonly object: string }[];
}

export interface Named {
  readonly site: string;
  readonly key: string;
  readonly id: string;
}
