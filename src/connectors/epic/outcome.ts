/** Epic's own numbers in an OperationOutcome (vendor sheet section 2.1). Its system differs per site, they do not. */
import { readJson } from '../kit/json.ts';
import { isOutcome, type Bundle, type Issue, type Outcome } from './wire.ts';

export const CODE = {
  nothingFound: '4101',
  sessionExpired: '4113',
  /** What was asked for was not understood, so the answer is not filtered by it. */
  ignored: ['4122', '59100', '59109'],
  decisionTree: '59200',
  /** There is more than the answer holds. 4119 is not among them: it is sent with most answers and proves nothing. */
  truncated: ['4127', '59133'],
} as const;

/** The numbers of an answer that is an OperationOutcome; empty for anything else. Its texts may hold names. */
export function codesOfAnswer(text: string): readonly string[] {
  try {
    return codesOf(readJson(text, isOutcome, ''));
  } catch {
    return [];
  }
}

export interface Told {
  readonly codes: readonly string[];
  /** The search failed, whatever else is in the answer: what it does not hold is not known to be absent. */
  readonly failed: boolean;
}

/** What the outcome entries of a searchset tell. */
export function toldIn({ entry = [] }: Bundle): Told {
  const entries = entry.filter(({ resource }) => resource?.resourceType === 'OperationOutcome');
  const outcomes = entries.flatMap(({ resource }) => (isOutcome(resource) ? resource : []));
  const isFailure = ({ severity }: Issue): boolean => severity === 'fatal' || severity === 'error';
  // What cannot be read may say that the search failed.
  const failed = outcomes.length < entries.length || outcomes.some(({ issue }) => issue.some(isFailure));
  return { codes: outcomes.flatMap(codesOf), failed };
}

function codesOf({ issue }: Outcome): readonly string[] {
  return issue.flatMap(({ details }) => (details?.coding ?? []).flatMap(({ code }) => code ?? []));
}
