/** OperationOutcome: every error that leaves the hub has this form (fhir-scheduling.md section 9). */
import { ERRORS, type ErrorCode, type IssueCode } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import type { OperationOutcome, OperationOutcomeIssue } from './types.ts';

/** `details.coding` names the entry of docs/errors.md. */
export const ERROR_SYSTEM = 'urn:slotwire:error';

/** Several problems found at once, under one code that decides the HTTP status. */
export class IssuesError extends HubError {
  readonly issues: readonly OperationOutcomeIssue[];

  constructor(code: ErrorCode, issues: readonly OperationOutcomeIssue[]) {
    super(code, { detail: issues.map((issue) => issue.diagnostics ?? issue.code).join('; ') });
    this.name = 'IssuesError';
    this.issues = issues;
  }
}

export function issue(
  severity: OperationOutcomeIssue['severity'],
  code: IssueCode,
  diagnostics: string,
  expression?: string,
): OperationOutcomeIssue {
  return { severity, code, diagnostics, ...(expression === undefined ? {} : { expression: [expression] }) };
}

/** One thing to mend: what is wrong and where, under the catalogue's code. */
export function problem(code: ErrorCode, diagnostics: string, expression?: string): OperationOutcomeIssue {
  return {
    ...issue('error', ERRORS[code].issue, diagnostics, expression),
    details: { coding: [{ system: ERROR_SYSTEM, code }], text: ERRORS[code].text },
  };
}

/**
 * The detail goes only to those who caused the error: for others it may name tables, hosts or files of ours, which is
 * nothing to tell a stranger.
 */
export function issuesOf(error: HubError): readonly OperationOutcomeIssue[] {
  if (error instanceof IssuesError && error.issues.length > 0) return error.issues;
  const entry = ERRORS[error.code];
  const what = entry.act === 'caller' && error.detail !== '' ? error.detail : whenAgain(error);
  // A request may be about visits at several sites.
  const where = error.site === undefined ? null : `Site ${error.site}`;
  const told = [where, what].filter((part) => part !== null).join(': ');
  return [
    {
      severity: entry.http === 202 ? 'information' : 'error',
      code: entry.issue,
      details: { coding: [{ system: ERROR_SYSTEM, code: error.code }], text: entry.text },
      ...(told === '' ? {} : { diagnostics: told }),
    },
  ];
}

function whenAgain({ retryAfter_ms }: HubError): string | null {
  return retryAfter_ms === undefined ? null : `Try again in ${Math.max(1, Math.ceil(retryAfter_ms / 1000))} s.`;
}

export function outcome(issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: issues };
}

export function outcomeOf(error: HubError): OperationOutcome {
  return outcome(issuesOf(error));
}
