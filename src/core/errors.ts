/** What is thrown: an error of the catalogue, with where it happened and what exactly. */
import { ERRORS, type ErrorClass, type ErrorCode } from './error-catalogue.ts';

export interface ErrorDetail {
  /** For the log and the operator: what exactly, where. Never patient data. */
  readonly detail?: string;
  readonly site?: string;
  readonly stage?: string;
  readonly cause?: unknown;
  /** How long the other side asked us to wait. */
  readonly retryAfter_ms?: number;
}

export class HubError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly site: string | undefined;
  readonly stage: string | undefined;
  readonly retryAfter_ms: number | undefined;

  constructor(code: ErrorCode, more: ErrorDetail = {}) {
    super(more.detail === undefined ? ERRORS[code].text : `${ERRORS[code].text} (${more.detail})`, {
      cause: more.cause,
    });
    this.name = 'HubError';
    this.code = code;
    this.detail = more.detail ?? '';
    this.site = more.site;
    this.stage = more.stage;
    this.retryAfter_ms = more.retryAfter_ms;
  }

  get class(): ErrorClass {
    return ERRORS[this.code].class;
  }
}

/** Whatever was thrown as a HubError; an unknown throw becomes INTERNAL with the original as its cause. */
export function asHubError(thrown: unknown): HubError {
  if (thrown instanceof HubError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : 'a value that is no Error was thrown';
  return new HubError('INTERNAL', { detail, cause: thrown });
}
