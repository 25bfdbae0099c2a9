/**
 * The part of the Compose specification (github.com/compose-spec/compose-spec, schema/compose-spec.json) that
 * compose.yaml uses. Closed: a key that is misspelt, or stands in the wrong place, is found here, as no engine reads
 * the file in a test.
 */

const duration = { type: 'string', pattern: '^(\\d+(us|ms|s|m|h))+$' };
const scalar = { type: ['string', 'number', 'boolean', 'null'] };
const name = '^[a-zA-Z0-9._-]+$';
const names = { type: 'array', items: { type: 'string' }, uniqueItems: true };

const healthcheck = {
  type: 'object',
  additionalProperties: false,
  required: ['test'],
  properties: {
    test: { type: 'array', minItems: 2, items: { type: 'string' }, prefixItems: [{ enum: ['CMD', 'CMD-SHELL'] }] },
    interval: duration,
    timeout: duration,
    start_period: duration,
    retries: { type: 'integer', minimum: 1 },
  },
};

const service = {
  type: 'object',
  additionalProperties: false,
  required: ['image'],
  properties: {
    build: { type: 'string' },
    image: { type: 'string', pattern: '^[a-z0-9./_-]+:[A-Za-z0-9._-]+$' },
    init: { type: 'boolean' },
    restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
    depends_on: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['condition'],
        properties: {
          condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] },
        },
      },
    },
    environment: { type: 'object', propertyNames: { pattern: '^[A-Z][A-Z0-9_]*$' }, additionalProperties: scalar },
    ports: {
      type: 'array',
      items: { type: 'string', pattern: '^(\\d+\\.\\d+\\.\\d+\\.\\d+:)?\\d+:\\d+(/(tcp|udp))?$' },
    },
    volumes: { type: 'array', items: { type: 'string', pattern: '^[^:]+:/[^:]+(:(ro|rw))?$' } },
    read_only: { type: 'boolean' },
    tmpfs: names,
    cap_drop: names,
    security_opt: names,
    healthcheck,
    stop_grace_period: duration,
  },
};

export const composeSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['services'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: { type: 'object', propertyNames: { pattern: name }, additionalProperties: service },
    volumes: { type: 'object', propertyNames: { pattern: name }, additionalProperties: { type: 'null' } },
  },
};
