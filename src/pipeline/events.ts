/**
 * What stages report. The composition root turns each into one log line and one metric; no field may hold patient data.
 */
import type { ErrorCode } from '../core/error-catalogue.ts';

export interface StageEvents {
  received(site: string, via: string, inserted: number, repeated: number): void;
  applied(site: string, kind: string, status: 'applied' | 'ignored' | 'superseded' | 'parked', waited_ms: number): void;
  parked(site: string, kind: string, stage: string, code: ErrorCode, messageId: number): void;
  polled(site: string, feed: string, messages: number, took_ms: number): void;
  feedFailed(site: string, feed: string, code: ErrorCode, detail: string): void;
  delivered(site: string, kind: string, outcome: string, took_ms: number): void;
  breaker(site: string, state: string): void;
  bookingMoved(site: string, action: string, state: string): void;
  unusualStatus(site: string, from: string, to: string): void;
  stageFailed(stage: string, code: ErrorCode, detail: string): void;
  conflict(what: 'raised' | 'cleared', sites: readonly string[], because: string, subject: string): void;
  placed(outcome: 'linked' | 'withdrawn' | 'review' | 'alone'): void;
  keyCapped(kind: string, read: 'tight' | 'none'): void;
  /** A code of a site stands for somebody else now; visits that were moved to them. */
  practitionerMoved(site: string, because: string, visits: number): void;
  swept(what: string, count: number): void;
  /** So many overdue work items or pairs are this role's now; `subject` of a single one. */
  escalated(kind: string, role: string, step: number, count: number, subject: string | null): void;
  replayWindow(site: string, what: 'began' | 'ended'): void;
}
