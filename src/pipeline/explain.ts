/**
 * What became of one message, and what would become of it now: for the operator who asks why. Read only; the mapping is
 * pure, so it can be asked again with the settings in force.
 */
import { ERRORS, type ErrorCode } from '../core/error-catalogue.ts';
import { asHubError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Change, Mapped } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { Scope, Store, Tx } from '../store/contract.ts';
import { readMessage, type ReadOptions } from './apply-read.ts';

export interface ExplainDeps extends ReadOptions {
  readonly store: Store;
}

/** Holds patient data: `made` and `changes` say what the message says. */
export interface Explained {
  readonly message: InboxMessage;
  /** Null: its site is no longer configured. */
  readonly site: SiteSettings | null;
  /** Undone messages before it that share a person, an appointment or a schedule with it: it waits for them. */
  readonly waitsFor: readonly number[];
  /** Other messages of the sender with this control id and other bytes. */
  readonly sameControlId: readonly number[];
  /** What the person who must act should do; null where nobody must. */
  readonly nextStep: string | null;
  /** Versions of resources that this message made. */
  readonly made: readonly MadeVersion[];
  /** What the mapping makes of it with the settings in force now. */
  readonly now: NowMapped;
}

export interface MadeVersion {
  readonly type: 'Appointment' | 'Patient';
  readonly id: string;
  readonly version: number;
  /** True: nothing was told of the resource since. */
  readonly current: boolean;
}

export type NowMapped =
  | Exclude<Mapped, { readonly kind: 'changes' }>
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | {
      readonly kind: 'changes';
      readonly warnings: readonly string[];
      readonly changes: readonly ExplainedChange[];
    };

export interface ExplainedChange {
  readonly change: Change;
  /** What is stored of the appointment beside what the message says of it; null for all else, and where none is. */
  readonly stands: Standing | null;
}

export interface Standing {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly start: string | null;
  readonly end: string | null;
  /** `urn:slotwire:site:...#<message>`: what made this version. */
  readonly source: string | null;
  /** What the message says otherwise, by element; empty when applying it would change none of these. */
  readonly differs: readonly string[];
}

/** A resource is looked back through so many versions for the one that a message made. */
const VERSIONS_BACK = 50;

export async function explainMessage(deps: ExplainDeps, scope: Scope, id: number): Promise<Explained | null> {
  return deps.store.read(scope, async (tx) => {
    const message = await tx.inbox.get(id);
    if (message === null) return null;
    const { site, mapped } = readMessage(deps, message);
    const changes = mapped.kind === 'changes' ? mapped.changes : [];
    const explained: ExplainedChange[] = [];
    for (const change of changes) explained.push({ change, stands: await standing(tx, message.site, change) });
    return {
      message,
      site,
      waitsFor: await tx.inbox.waitsFor(id),
      sameControlId: await sameControlId(tx, message),
      nextStep: message.code === null ? null : nextStepOf(message.code),
      made: await madeBy(tx, message, changes),
      now:
        mapped.kind === 'changes'
          ? { kind: 'changes', warnings: mapped.warnings, changes: explained }
          : mapped.kind === 'failed'
            ? { kind: 'failed', code: asHubError(mapped.error).code }
            : mapped,
    };
  });
}

function nextStepOf(code: string): string | null {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].text : null;
}

const SAME_MAX = 20;

async function sameControlId(tx: Tx, { id, site, controlId }: InboxMessage): Promise<readonly number[]> {
  if (controlId === null) return [];
  const same = await tx.inbox.list({ site, controlId, limit: SAME_MAX + 1 });
  return same.map((message) => message.id).filter((other) => other !== id);
}

async function standing(tx: Tx, site: string, change: Change): Promise<Standing | null> {
  if (change.kind !== 'appointment') return null;
  const id = await tx.resources.appointmentByKey(site, change.key);
  const served = id === null ? null : await tx.resources.read('Appointment', id);
  if (id === null || served === null) return null;
  const { status, start = null, end = null, meta } = JSON.parse(served.json) as Appointment;
  const said = {
    ...(change.keepsStatus === true ? {} : { status: change.status }),
    ...(change.during === undefined
      ? {}
      : { start: formatInstant(change.during.start), end: formatInstant(change.during.end) }),
  };
  const stands = { status, start: sameForm(start), end: sameForm(end) };
  const differs = Object.entries(said).flatMap(([name, value]) =>
    stands[name as keyof typeof stands] === value ? [] : [name],
  );
  return { id, version: served.version, status, start, end, source: meta?.source ?? null, differs };
}

/** The resource may write the instant with its site's offset. */
function sameForm(text: string | null): string | null {
  return text === null ? null : formatInstant(Date.parse(text) as Parameters<typeof formatInstant>[0]);
}

/** By what the mapping names now: a message that names others since its settings changed shows none of the old ones. */
async function madeBy(tx: Tx, message: InboxMessage, changes: readonly Change[]): Promise<readonly MadeVersion[]> {
  const named = new Map<string, MadeVersion['type']>();
  for (const change of changes) {
    if (change.kind === 'appointment') {
      const id = await tx.resources.appointmentByKey(message.site, change.key);
      if (id !== null) named.set(id, 'Appointment');
      for (const { key } of change.patients) await addPatient(tx, message.site, key, named);
    }
    if (change.kind === 'patient') await addPatient(tx, message.site, change.patient.key, named);
  }
  const made: MadeVersion[] = [];
  for (const [id, type] of named) made.push(...(await versionsOf(tx, type, id, message.id)));
  return made;
}

async function addPatient(tx: Tx, site: string, key: string, named: Map<string, MadeVersion['type']>): Promise<void> {
  const id = await tx.resources.patientByKey(site, key);
  if (id !== null) named.set(id, 'Patient');
}

async function versionsOf(
  tx: Tx,
  type: MadeVersion['type'],
  id: string,
  messageId: number,
): Promise<readonly MadeVersion[]> {
  const current = await tx.resources.read(type, id);
  const made: MadeVersion[] = [];
  const newest = current?.version ?? 0;
  for (let version = newest; version > Math.max(0, newest - VERSIONS_BACK); version -= 1) {
    const served = version === newest ? current : await tx.resources.readVersion(type, id, version);
    if (served === null || served.deleted) continue;
    const { meta } = JSON.parse(served.json) as { readonly meta?: { readonly source?: string } };
    if (meta?.source?.endsWith(`#${messageId}`) === true) made.push({ type, id, version, current: version === newest });
  }
  return made;
}
