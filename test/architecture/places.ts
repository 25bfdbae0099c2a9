/** DESIGN section 4 as data: which part of `src` a file belongs to, and what each part may import. */

export interface Place {
  readonly name: string;
  readonly layer: number;
  /**
   * Of the path below `src/`. The first place that matches holds the file. What is captured tells units of a place
   * apart.
   */
  readonly is: RegExp;
  /** Names of places, beside the file's own unit. */
  readonly may: readonly string[];
  /** Of those in `may`: only their types. */
  readonly typesOnly?: readonly string[];
  /** No node module that does work, no clock: the same input gives the same output. */
  readonly pure?: true;
  /** Imports are types: nothing runs because a contract is named. */
  readonly onlyTypes?: true;
}

const CONTRACTS = ['connector contract', 'mapping contract', 'identity contract', 'store contract', 'booking contract'];
const BASE = ['core', 'fhir', 'settings'];

/** Contract files; a large one is split into `contract-<part>.ts`. */
function contract(name: string, folder: string, layer: number): Place {
  return {
    name: `${name} contract`,
    layer,
    is: new RegExp(`^${folder}/contract(-[a-z0-9]+)?\\.ts$`),
    may: [...BASE, ...CONTRACTS],
    onlyTypes: true,
  };
}

export const PLACES: readonly Place[] = [
  { name: 'core', layer: 0, is: /^core\//, may: [] },
  // docs/decisions/0004: the canonical ids and rules of a site are told by its settings.
  { name: 'fhir', layer: 1, is: /^fhir\//, may: ['core', 'settings'], typesOnly: ['settings'], pure: true },
  { name: 'hl7v2', layer: 1, is: /^hl7v2\//, may: ['core'], pure: true },
  { name: 'settings', layer: 1, is: /^settings\//, may: ['core'] },
  contract('connector', 'connectors', 2),
  contract('mapping', 'mappings', 2),
  contract('identity', 'identity', 2),
  contract('store', 'store', 2),
  contract('booking', 'booking', 2),
  {
    name: 'connectors/kit',
    layer: 3,
    is: /^connectors\/kit\//,
    may: ['connector contract', 'hl7v2', ...BASE],
  },
  {
    name: 'connector registry',
    layer: 3,
    is: /^connectors\/registry\.ts$/,
    may: ['connectors/<kind>', 'connector contract', ...BASE],
  },
  {
    name: 'connectors/<kind>',
    layer: 3,
    is: /^connectors\/([^/]+)\//,
    // Never the store, identity or another kind.
    may: ['connectors/kit', 'connector contract', 'hl7v2', ...BASE],
  },
  {
    name: 'mapping registry',
    layer: 3,
    is: /^mappings\/registry\.ts$/,
    may: ['mappings/<kind>', 'mapping contract', ...BASE],
  },
  {
    name: 'mappings/<kind>',
    layer: 3,
    is: /^mappings\/([^/]+)\//,
    may: ['mapping contract', 'connectors/wire', 'hl7v2', ...BASE],
    typesOnly: ['connectors/wire'],
    pure: true,
  },
  // The engine that compares people: no database, no settings, no clock.
  { name: 'identity match', layer: 1, is: /^identity\/match\//, may: ['core'], pure: true },
  {
    // What decisions come to: the log in, people and golden records out.
    name: 'identity golden',
    layer: 3,
    is: /^identity\/(golden\/|links\.ts$)/,
    may: ['identity match', 'store contract', 'fhir', 'core'],
    pure: true,
  },
  {
    name: 'identity',
    layer: 3,
    is: /^identity\//,
    may: ['identity match', 'identity golden', ...CONTRACTS, 'hl7v2', ...BASE],
  },
  { name: 'store', layer: 3, is: /^store\//, may: [...CONTRACTS, 'hl7v2', ...BASE] },
  { name: 'pipeline', layer: 4, is: /^pipeline\//, may: [...CONTRACTS, ...BASE] },
  { name: 'booking', layer: 4, is: /^booking\//, may: [...CONTRACTS, ...BASE] },
  { name: 'subscriptions', layer: 4, is: /^subscriptions\//, may: [...CONTRACTS, ...BASE] },
  {
    name: 'http',
    layer: 5,
    is: /^http\//,
    may: ['pipeline', 'booking', 'subscriptions', ...CONTRACTS, 'hl7v2', ...BASE],
  },
  {
    name: 'mllp',
    layer: 5,
    is: /^mllp\//,
    may: ['pipeline', 'booking', ...CONTRACTS, 'hl7v2', ...BASE],
  },
  // They stand apart: children of the hub, which share nothing with it but core.
  { name: 'simulators/kit', layer: 0, is: /^simulators\/kit\//, may: ['core'] },
  { name: 'simulator supervisor', layer: 0, is: /^simulators\/supervisor\.ts$/, may: ['core', 'simulators/kit'] },
  { name: 'simulators/<vendor>', layer: 0, is: /^simulators\/([^/]+)\//, may: ['core', 'simulators/kit'] },
  {
    // One file at the start; what it grew out of it lies beside it.
    name: 'hub',
    layer: 6,
    is: /^(hub(-[a-z]+)?|boot|sandbox)\.ts$/,
    may: [
      ...['connector registry', 'connectors/kit', 'mapping registry', 'identity', 'identity match', 'store'],
      ...['pipeline', 'booking', 'subscriptions', 'http', 'mllp', 'simulator supervisor'],
      ...CONTRACTS,
      'hl7v2',
      ...BASE,
    ],
  },
  {
    name: 'entry',
    layer: 7,
    is: /^((main|cli(-[a-z]+)?|announce|environment)\.ts$|cli\/)/,
    may: ['hub', ...BASE],
  },
];

/** `connectors/wire`: a mapping reads the vendor's types where the connector declares them, of its own kind only. */
export const WIRE = /^connectors\/([^/]+)\/wire\.ts$/;

/** What sites of several kinds speak and one mapping reads: whose types the mapping of that name may import. */
export const SHARED_WIRE: Readonly<Record<string, string>> = { 'connectors/kit/hl7/wire.ts': 'hl7v2' };

/**
 * Libraries and node modules that only some places use. What is missing here may be used anywhere but in a pure place.
 * Types of them are free: they open and ask nothing.
 */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  pg: ['store'],
  'node:sqlite': [],
  express: ['http'],
  'fhir-kit-client': ['connectors/kit', 'connectors/<kind>'],
  'node-hl7-client': ['mllp'],
  'node:net': ['mllp', 'http', 'connectors/kit', 'subscriptions', 'simulators/kit', 'simulators/<vendor>'],
  'node:tls': ['mllp', 'http', 'connectors/kit', 'subscriptions', 'simulators/kit', 'simulators/<vendor>'],
  'node:http': ['http', 'connectors/kit', 'subscriptions', 'simulators/kit', 'simulators/<vendor>'],
  'node:https': ['http', 'connectors/kit', 'subscriptions', 'simulators/kit', 'simulators/<vendor>'],
  'node:http2': [],
  'node:dgram': [],
  'node:child_process': ['store', 'simulator supervisor', 'simulators/kit'],
  pino: ['core'],
  'prom-client': ['core'],
  'node-cron': ['pipeline'],
  bullmq: ['pipeline'],
  ioredis: ['pipeline'],
};

/** What a pure place may use beside files of ours. */
export const PURE_PACKAGES: readonly string[] = [
  'luxon',
  'ajv',
  'ajv-formats',
  'iconv-lite',
  'node:buffer',
  'node:util',
];

/** Modules of core that have effects: not for pure places. */
export const CORE_EFFECTS: readonly string[] = ['core/clock.ts', 'core/loop.ts', 'core/telemetry.ts'];

export interface Found {
  readonly place: Place;
  /** Two files of one unit may import each other. */
  readonly unit: string;
}

/** `path` below `src/`. Null: the file belongs nowhere, which is a violation of its own. */
export function placeOf(path: string): Found | null {
  for (const place of PLACES) {
    const match = place.is.exec(path);
    if (match !== null)
      return { place, unit: `${place.name}:${match[1] !== undefined && place.name.includes('<') ? match[1] : ''}` };
  }
  return null;
}
