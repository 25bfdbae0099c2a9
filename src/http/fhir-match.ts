/** `POST Patient/$match` (FHIR R4; IHE PDQm ITI-119): who a description fits, as golden records, best first. */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { issue, IssuesError, outcome, problem } from '../fhir/outcome.ts';
import type { ParametersParameter, Patient } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { Matched, MatchAsked, PersonMatch } from '../identity/contract-serve.ts';
import type { Tx } from '../store/contract.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf, fhirBase } from './context.ts';
import type { HttpDeps } from './deps.ts';

const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';
const NAMES = ['resource', 'count', 'onlyCertainMatches'];

export async function match(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const asked = readAsked(req, deps);
  const { requestId } = contextOf(req);
  const matched = await deps.store.transaction(caller.scope, async (tx) => {
    const found = await deps.serving.match(tx, asked);
    const shown = found?.matches.flatMap(({ person }) => [person.id, ...person.records]) ?? [];
    await auditSearch(tx, deps, requestId, shown);
    return found;
  });
  if (matched === null) {
    const detail =
      'this is not enough to look for anybody: give names with a date of birth or an address, a phone with a name, ' +
      'an e-mail address, or an identifier with its system';
    throw new HubError('REQUEST_INVALID', { detail });
  }
  res.setHeader('Cache-Control', 'no-store');
  sendFhir(res, 200, bundle(fhirBase(req), matched));
}

/** Who looked for people, and whose records were shown. */
export async function auditSearch(
  tx: Tx,
  { clock }: Pick<HttpDeps, 'clock'>,
  requestId: string,
  shown: readonly string[],
): Promise<void> {
  const entry = { at: clock.now(), resourceType: 'Patient', outcome: 'success', requestId } as const;
  await tx.audit({ ...entry, action: 'search' });
  for (const resourceId of shown) await tx.audit({ ...entry, action: 'read', resourceId });
}

/** Parameters, or the Patient alone (PDQm). @throws IssuesError REQUEST_INVALID */
function readAsked(req: Request, deps: HttpDeps): MatchAsked {
  const body = readJson(req, FHIR_JSON);
  const { pageSize, pageSizeMax } = deps.currentPlan().hub.limits;
  const now = deps.clock.now();
  if (isResource(body, 'Patient')) {
    return { patient: readPatient(body, ''), count: pageSize, onlyCertain: false, now };
  }
  const structure = structureIssues('Parameters', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const { parameter = [] } = body as { readonly parameter?: readonly ParametersParameter[] };
  if (parameter.some(({ name }) => !NAMES.includes(name))) {
    throw invalid(`$match takes ${NAMES.join(', ')}; leave out what has another name.`, 'Parameters.parameter.name');
  }
  const at = parameter.findIndex(({ name }) => name === 'resource');
  const resource = valueOf(parameter, 'resource')?.resource;
  if (!isResource(resource, 'Patient')) {
    throw invalid('Send one parameter named resource, with a Patient.', 'Parameters.parameter');
  }
  return {
    patient: readPatient(resource, `Parameters.parameter[${at}].resource`),
    count: Math.min(readCount(parameter) ?? pageSize, pageSizeMax),
    onlyCertain: readOnlyCertain(parameter),
    now,
  };
}

function isResource(value: unknown, type: string): boolean {
  return (value as { readonly resourceType?: unknown } | null | undefined)?.resourceType === type;
}

function readPatient(resource: unknown, path: string): Patient {
  const structure = structureIssues('Patient', resource);
  if (structure.length === 0) return resource as Patient;
  const placed = structure.map((one) => ({
    ...one,
    ...(path === '' || one.expression === undefined
      ? {}
      : { expression: one.expression.map((place) => place.replace('Patient', path)) }),
  }));
  throw new IssuesError('REQUEST_INVALID', placed);
}

type Valued = ParametersParameter & { readonly valueBoolean?: unknown };

function valueOf(parameters: readonly ParametersParameter[], name: string): Valued | undefined {
  const [only, ...more] = parameters.filter((one) => one.name === name);
  if (more.length > 0) throw invalid(`${name} is given once.`, 'Parameters.parameter');
  return only;
}

function readCount(parameters: readonly ParametersParameter[]): number | null {
  const given = valueOf(parameters, 'count');
  if (given === undefined) return null;
  const { valueInteger } = given;
  if (typeof valueInteger === 'number' && Number.isInteger(valueInteger) && valueInteger > 0) return valueInteger;
  throw invalid('count is a valueInteger of 1 or more.', 'Parameters.parameter.value');
}

function readOnlyCertain(parameters: readonly ParametersParameter[]): boolean {
  const given = valueOf(parameters, 'onlyCertainMatches');
  if (given === undefined || typeof given.valueBoolean === 'boolean') return given?.valueBoolean === true;
  throw invalid('onlyCertainMatches is a valueBoolean.', 'Parameters.parameter.value');
}

function invalid(text: string, where: string): IssuesError {
  return new IssuesError('REQUEST_INVALID', [problem('REQUEST_INVALID', text, where)]);
}

function bundle(base: string, { matches, total, capped }: Matched): string {
  const entries = matches.map((one) => entry(base, one));
  if (capped.length > 0) {
    const text =
      `More records share what is given (${capped.join(', ')}) than are compared, so that people may be missing and ` +
      'nobody is certain. Give more of the person: an address, a phone, an identifier.';
    const told = JSON.stringify(outcome([issue('warning', 'incomplete', text)]));
    entries.push(`{"resource":${told},"search":{"mode":"outcome"}}`);
  }
  const list = entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`;
  return `{"resourceType":"Bundle","type":"searchset","total":${total}${list}}`;
}

function entry(base: string, { person, grade, score }: PersonMatch): string {
  const search = { extension: [{ url: MATCH_GRADE, valueCode: grade }], mode: 'match', score };
  const url = JSON.stringify(`${base}/Patient/${person.id}`);
  return `{"fullUrl":${url},"resource":${person.json},"search":${JSON.stringify(search)}}`;
}
