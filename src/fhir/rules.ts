/** Rules of an Appointment beyond its structure: app-1 to app-4 of FHIR R4, and ours. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import { parseInstant } from '../core/instant.ts';
import { issue } from './outcome.ts';
import type { Appointment, OperationOutcomeIssue } from './types.ts';

/** With which code a request that breaks a rule is refused. */
export const RULE_CODE: ErrorCode = 'RULE_BROKEN';

/** `path` is where the Appointment stands, e.g. `Parameters.parameter[0].resource`. Empty: it keeps every rule. */
export function appointmentIssues(appointment: Appointment, path: string): readonly OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  const broken = (text: string, where: string): void => {
    issues.push(issue('error', 'invariant', text, where));
  };
  const { status, start, end } = appointment;
  appointment.participant.forEach((participant, index) => {
    if (participant.type === undefined && participant.actor === undefined) {
      broken('app-1: a participant needs a type or an actor.', `${path}.participant[${index}]`);
    }
  });
  if ((start === undefined) !== (end === undefined)) {
    broken(
      'app-2: start and end are given together or not at all.',
      `${path}.${start === undefined ? 'start' : 'end'}`,
    );
  }
  if (start === undefined && end === undefined && !['proposed', 'cancelled', 'waitlist'].includes(status)) {
    broken(`app-3: an Appointment that is ${status} needs start and end.`, `${path}.start`);
  }
  if (appointment.cancelationReason !== undefined && status !== 'cancelled' && status !== 'noshow') {
    broken('app-4: cancelationReason stands only on what is cancelled or noshow.', `${path}.cancelationReason`);
  }
  issues.push(...timeIssues(appointment, path));
  return issues;
}

/** R4 has no invariant for the order of start and end; a visit that ends before it starts is refused all the same. */
function timeIssues(appointment: Appointment, path: string): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  const read = (name: 'start' | 'end'): number | null => {
    const text = appointment[name];
    if (text === undefined) return null;
    const at = parseInstant(text);
    if (at === null)
      issues.push(issue('error', 'value', `${name} is a day or time that does not exist.`, `${path}.${name}`));
    return at;
  };
  const start = read('start');
  const end = read('end');
  if (start !== null && end !== null && end <= start) {
    issues.push(issue('error', 'business-rule', 'end must be later than start.', `${path}.end`));
  }
  return issues;
}
