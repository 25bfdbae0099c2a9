/** Structure of bodies: all problems at once, each with its place as a FHIRPath. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { issue } from './outcome.ts';
import { bodySchema, type BodyName } from './schema.ts';
import type { OperationOutcomeIssue } from './types.ts';

/** A body with more problems than this is wrong as a whole; naming each helps nobody. */
const ISSUES_MAX = 50;

const ajv = new Ajv({ allErrors: true, strict: false, allowUnionTypes: true, messages: true, verbose: false });
const compiled = new Map<BodyName, ValidateFunction>();

export function structureIssues(name: BodyName, body: unknown): readonly OperationOutcomeIssue[] {
  const validate = compiled.get(name) ?? ajv.compile(bodySchema(name));
  compiled.set(name, validate);
  if (validate(body)) return [];
  const root = name === 'JsonPatch' ? 'patch' : name;
  const issues: OperationOutcomeIssue[] = [];
  for (const error of validate.errors ?? []) {
    // Said better by the errors inside the branch.
    if (error.keyword === 'if') continue;
    if (issues.length === ISSUES_MAX) break;
    issues.push(issueOf(root, error));
  }
  return issues;
}

function issueOf(root: string, error: ErrorObject): OperationOutcomeIssue {
  const where = pathOf(root, error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      return issue('error', 'required', `${String(params['missingProperty'])} is missing.`, where);
    case 'additionalProperties':
      return issue('error', 'structure', `FHIR R4 has no element ${named(params['additionalProperty'])} here.`, where);
    case 'type':
      return issue('error', 'structure', `This must be of type ${String(params['type'])}.`, where);
    case 'enum':
      return issue('error', 'value', `This must be one of ${listed(params['allowedValues'])}.`, where);
    case 'const':
      return issue('error', 'value', `This must be ${String(params['allowedValue'])}.`, where);
    case 'minItems':
    case 'minProperties':
    case 'minLength':
      return issue('error', 'structure', 'This is empty; FHIR leaves out what has no value.', where);
    case 'maxItems':
    case 'maxLength':
      return issue('error', 'too-long', `This is longer than the limit of ${String(params['limit'])}.`, where);
    case 'pattern':
      return issue('error', 'value', 'This does not have the form that FHIR R4 gives this type.', where);
    default:
      return issue('error', 'invalid', `This ${error.message ?? 'is not valid'}.`, where);
  }
}

/** `/parameter/0/resource` to `Parameters.parameter[0].resource`. */
function pathOf(root: string, pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    return `${path}.${named(part.replaceAll('~1', '/').replaceAll('~0', '~'))}`;
  }, root);
}

/** A name that the caller made up: short and printable, or it is not repeated. */
function named(value: unknown): string {
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : '(an unreadable name)';
}

function listed(values: unknown): string {
  return Array.isArray(values) ? values.join(', ') : '';
}
