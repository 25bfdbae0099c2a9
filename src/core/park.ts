/** Stops a message: it is kept, and a person must act. */
import type { ErrorCode } from './error-catalogue.ts';

export class Park extends Error {
  readonly stage: 'map' | 'identify' | 'apply';
  readonly code: ErrorCode;
  /** What comes later about the same waits until a person has decided. */
  readonly barrier: boolean;
  /** Field names and rules are the reason, never values. */
  constructor(stage: Park['stage'], code: ErrorCode, reason: string, barrier = false) {
    super(reason);
    this.name = 'Park';
    this.stage = stage;
    this.code = code;
    this.barrier = barrier;
  }
}
