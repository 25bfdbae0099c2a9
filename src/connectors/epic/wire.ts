/**
 * What Epic sends, as far as we read it (vendor sheet sections 2 and 3). STU3 and R4 name these elements alike. Unknown
 * fields are tolerated everywhere, and of an entry of a Bundle nothing is demanded but its type: one odd entry must not
 * stop a whole window. The mapping looks at every field itself.
 */
import { Ajv, type ValidateFunction } from 'ajv';

export interface Coding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}

/** Of an OperationOutcome; Epic's number is in `details.coding` (section 2.1). */
export interface Issue {
  readonly severity?: string;
  readonly code?: string;
  readonly details?: { readonly coding?: readonly Coding[] };
}

export interface Outcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly Issue[];
}

/** `status` of what `$find` proposes is `proposed`; its id is another one in each answer (section 3.4). */
export interface Appointment {
  readonly resourceType: 'Appointment';
  readonly id?: unknown;
  readonly status?: unknown;
  readonly start?: unknown;
  readonly end?: unknown;
  readonly minutesDuration?: unknown;
  readonly serviceType?: unknown;
  readonly participant?: unknown;
}

export interface Bundle {
  readonly resourceType: 'Bundle';
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource?: { readonly resourceType: string } }[];
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true });

const resource = { type: 'object', required: ['resourceType'], properties: { resourceType: { type: 'string' } } };

const issue = {
  type: 'object',
  properties: {
    severity: { type: 'string' },
    code: { type: 'string' },
    details: {
      type: 'object',
      properties: { coding: { type: 'array', items: { type: 'object', properties: { code: { type: 'string' } } } } },
    },
  },
};

export const isOutcome: ValidateFunction<Outcome> = ajv.compile<Outcome>({
  type: 'object',
  required: ['resourceType', 'issue'],
  properties: { resourceType: { const: 'OperationOutcome' }, issue: { type: 'array', items: issue } },
});

export const isBundle: ValidateFunction<Bundle> = ajv.compile<Bundle>({
  type: 'object',
  required: ['resourceType'],
  properties: {
    resourceType: { const: 'Bundle' },
    link: {
      type: 'array',
      items: {
        type: 'object',
        required: ['relation', 'url'],
        properties: { relation: { type: 'string' }, url: { type: 'string' } },
      },
    },
    entry: { type: 'array', items: { type: 'object', properties: { resource } } },
  },
});
