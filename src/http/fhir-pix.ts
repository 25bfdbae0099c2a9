/** `GET` and `POST Patient/$ihe-pix` (IHE PIXm ITI-83): the other identifiers of whoever has this one. */
import type { Request, Response } from 'express';
import { HubError } from '../core/errors.ts';
import { issue, IssuesError, problem } from '../fhir/outcome.ts';
import { tokenOf } from '../fhir/search-criterion.ts';
import { SYSTEMS, type Parameters, type ParametersParameter } from '../fhir/types.ts';
import { structureIssues } from '../fhir/validate.ts';
import type { CrossReferenceAsked } from '../identity/contract-serve.ts';
import type { Plan } from '../settings/shape.ts';
import type { Scope } from '../store/contract.ts';
import { sendFhir } from './answer.ts';
import { demand } from './auth.ts';
import { FHIR_JSON, queryOf, readJson, readPairs } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { auditSearch } from './fhir-match.ts';

const NAMES = ['sourceIdentifier', 'targetSystem'];

export async function crossReference(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const { scope, ...caller } = callerOf(req);
  demand({ ...caller, scope }, 'read');
  const asked = readAsked(req.method === 'POST' ? parametersOf(req) : pairsOf(req));
  checkDomains(asked, deps.currentPlan(), scope);
  const answer = await deps.store.transaction(scope, async (tx) => {
    const found = await deps.serving.crossReference(tx, asked);
    const shown = found.kind === 'known' ? found.records : [];
    await auditSearch(tx, deps, contextOf(req).requestId, shown);
    return found;
  });
  if (answer.kind === 'unknown') {
    throw new HubError('NOT_FOUND', { detail: 'sourceIdentifier Patient Identifier not found' });
  }
  if (answer.kind === 'several') {
    const text = 'Records of several people carry this identifier: which of them is meant would be a guess.';
    throw new IssuesError('RULE_BROKEN', [
      { ...problem('RULE_BROKEN', text, 'sourceIdentifier'), code: 'multiple-matches' },
    ]);
  }
  const parameter = [
    ...answer.identifiers.map((valueIdentifier) => ({ name: 'targetIdentifier', valueIdentifier })),
    ...answer.patients.map((id) => ({ name: 'targetId', valueReference: { reference: `Patient/${id}` } })),
  ];
  res.setHeader('Cache-Control', 'no-store');
  const body = { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) };
  sendFhir(res, 200, JSON.stringify(body));
}

type Given = readonly (readonly [name: string, value: string])[];

function pairsOf(req: Request): Given {
  return readPairs(queryOf(req)).filter(([name]) => name !== '_format' && name !== '_pretty');
}

type Valued = ParametersParameter & {
  readonly valueUri?: unknown;
  readonly valueIdentifier?: { readonly system?: string; readonly value?: string };
};

function parametersOf(req: Request): Given {
  const body = readJson(req, FHIR_JSON);
  const structure = structureIssues('Parameters', body);
  if (structure.length > 0) throw new IssuesError('REQUEST_INVALID', structure);
  const parameters: readonly Valued[] = (body as Parameters).parameter ?? [];
  return parameters.map(({ name, valueString, valueUri, valueIdentifier }) => {
    const given = valueString ?? valueUri ?? written(valueIdentifier);
    return [name, typeof given === 'string' ? given : ''];
  });
}

/** As in a query, where these mean something else if they stand alone. */
function written(identifier: Valued['valueIdentifier']): string {
  const escaped = (text: unknown): string => (typeof text === 'string' ? text.replace(/[\\,$|]/g, '\\$&') : '');
  return identifier === undefined ? '' : `${escaped(identifier.system)}|${escaped(identifier.value)}`;
}

function readAsked(given: Given): CrossReferenceAsked {
  const unknown = given.filter(([name]) => !NAMES.includes(name));
  if (unknown.length > 0) throw invalid(`$ihe-pix takes ${NAMES.join(' and ')}; leave out what has another name.`);
  const [source, ...more] = given.filter(([name]) => name === 'sourceIdentifier');
  const token = source === undefined || more.length > 0 ? null : tokenOf(source[1]);
  if (typeof token?.system !== 'string' || token.code === undefined || token.code === '') {
    throw invalid('Give one sourceIdentifier as system|value.');
  }
  const targets = given.filter(([name]) => name === 'targetSystem').map(([, value]) => value);
  if (targets.includes('')) throw invalid('targetSystem is the address of a system, like urn:oid:1.2.3.');
  return { system: token.system, value: token.code, targets };
}

function invalid(text: string): IssuesError {
  return new IssuesError('PARAMETER_INVALID', [problem('PARAMETER_INVALID', text)]);
}

/**
 * A domain is known where a site whose records the reader may see gives out its identifiers; one of another site is as
 * unknown as any (ITI-83: source 400, target 403).
 */
function checkDomains({ system, targets }: CrossReferenceAsked, plan: Plan, scope: Scope): void {
  const isKnown = (domain: string): boolean => domain === SYSTEMS.ssn || isOfSites(domain, plan, scope);
  if (!isKnown(system)) {
    const text = 'sourceIdentifier Assigning Authority not found';
    throw new IssuesError('PARAMETER_INVALID', [issue('error', 'code-invalid', text, 'sourceIdentifier')]);
  }
  if (!targets.every(isKnown)) {
    const text = 'targetSystem not found';
    throw new IssuesError('TOKEN_FORBIDS', [issue('error', 'code-invalid', text, 'targetSystem')]);
  }
}

function isOfSites(domain: string, { sites }: Plan, scope: Scope): boolean {
  return sites
    .filter(({ id }) => scope.sites === '*' || scope.sites.includes(id))
    .some(
      ({ id, formerly, identifiers }) =>
        Object.values(identifiers).some(({ system }) => system === domain) ||
        [id, formerly].some((name) => name !== undefined && domain.startsWith(`urn:slotwire:site:${name}:`)),
    );
}
