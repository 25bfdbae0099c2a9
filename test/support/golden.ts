/**
 * What a sample becomes, in few lines that can be written by hand beside the raw message and compared: `golden` files
 * hold it. The samples are other people's, so they are read where they lie (SAMPLES_DIR, or beside the checkout), and a
 * golden file names the bytes it was written for.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HL7V2_PRESETS } from '../../src/connectors/kit/hl7/presets.ts';
import type { Mapped } from '../../src/mappings/contract.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { hl7Site } from '../fixtures/siu/site.ts';

const SAMPLES = process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../shared/samples');
const SAMPLE_FOLDER = join(SAMPLES, 'hl7v2');
export const GOLDEN_FOLDER = join(import.meta.dirname, '../fixtures/hl7v2/golden');

export const NO_SAMPLES = `no samples at ${SAMPLE_FOLDER}; set SAMPLES_DIR to run this`;

export interface Golden {
  /** Folder and name below the samples. */
  readonly sample: string;
  readonly sha256: string;
  /** Of SITES. */
  readonly site: keyof typeof SITES;
  /** Written from the raw message and the standard, before anything was mapped. */
  readonly checkedByHand?: true;
  /** What is special about the message. */
  readonly note?: string;
  readonly expected: Outcome;
}

/** A plain value: instants as text, identifiers, codes and participants as one line each. */
export type Fact = string | boolean | readonly Fact[] | { readonly [name: string]: Fact };

export type Outcome =
  | { readonly outcome: 'applied'; readonly changes: readonly Fact[]; readonly warnings: readonly string[] }
  | { readonly outcome: 'ignored'; readonly because: string }
  | { readonly outcome: 'parked'; readonly issues: readonly string[] };

const open = { unknownIdentifiers: 'local-only', identifiers: {}, locations: {} } as const;

/** The shared set-ups: as little as lets a sender be read. */
export const SITES = {
  /** Nothing is listed: every identifier is the site's own. */
  plain: hl7Site(open),
  'short-sch': hl7Site(open, HL7V2_PRESETS['short-sch']),
  /** AIP and AIL without AIP-2 and AIL-2, so that all behind it stands one place early. */
  'shifted-resources': hl7Site(open, { fields: { practitioner: ['AIP-2'], location: ['AIL-2'] } }),
  /** Hospitals of the United Kingdom that book by ADT A05 and cancel by A38. */
  'adt-appointments': hl7Site(
    { ...open, timeZone: 'Europe/London' },
    { ...HL7V2_PRESETS['adt-appointments'], visitKey: ['PV1-19'] },
  ),
} as const satisfies Readonly<Record<string, SiteSettings>>;

/** Names of all samples; empty where they are not at hand. */
export function sampleNames(): readonly string[] {
  return existsSync(SAMPLE_FOLDER) ? filesBelow(SAMPLE_FOLDER, '.hl7') : [];
}

export function readSample(name: string): Buffer {
  return readFileSync(join(SAMPLE_FOLDER, name));
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `ipf/ADT_A40.json` holds what `ipf/ADT_A40.hl7` becomes. */
export function goldenName(sample: string): string {
  return sample.replace(/\.hl7$/, '.json');
}

export function readGoldens(): readonly Golden[] {
  return filesBelow(GOLDEN_FOLDER, '.json').map(
    (name) => JSON.parse(readFileSync(join(GOLDEN_FOLDER, name), 'utf8')) as Golden,
  );
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** Warnings are told by their place alone: their words may be bettered. */
export function outcomeOf(mapped: Mapped): Outcome {
  switch (mapped.kind) {
    case 'ignored':
      return { outcome: 'ignored', because: mapped.because };
    case 'unreadable': {
      const barrier = mapped.barrier === true ? ' (barrier)' : '';
      return { outcome: 'parked', issues: mapped.issues.map(({ code, where }) => `map ${code} ${where}${barrier}`) };
    }
    case 'changes':
      return {
        outcome: 'applied',
        changes: mapped.changes.flatMap((change) => fact(change) ?? []),
        warnings: [...new Set(mapped.warnings.map((warning) => warning.split(':', 1)[0] ?? ''))].sort(),
      };
  }
}

const LOCAL = 'urn:slotwire:site:riverside-hl7:';
const short = (system: unknown): string => (typeof system === 'string' ? system.replace(LOCAL, 'local:') : '');
const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');
/** Names of fields that hold an instant. */
const INSTANTS: ReadonlySet<string> = new Set(['at', 'created']);
/** Their order says nothing. */
const SETS: ReadonlySet<string> = new Set(['identifiers', 'participants', 'orders', 'parents', 'security', 'cleared']);

type Row = Readonly<Record<string, unknown>>;
/** Undefined for whatever is no text. */
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Everything that is stated, whatever the contract calls it, so that a field that is added shows up here. */
function fact(value: unknown, name = ''): Fact | undefined {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return INSTANTS.has(name) ? iso(value) : String(value);
  if (Array.isArray(value)) {
    const facts = value.flatMap((one: unknown) => fact(one) ?? []);
    return SETS.has(name) ? facts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : facts;
  }
  if (value === undefined || value === null) return undefined;
  const row = value as Row;
  if ('actor' in row && 'status' in row) return participant(row);
  if ('start' in row && 'end' in row) return interval(row);
  if ('system' in row && 'value' in row) return words(row['type'] ?? '-', row['value'], `(${short(row['system'])})`);
  if ('value' in row && Object.keys(row).length === 1) return textOf(row['value']);
  if ('code' in row && 'system' in row) return words(row['code'], `(${short(row['system'])})`, row['display']);
  const entries = Object.entries(row).flatMap(([key, one]) => {
    const stated = fact(one, key);
    return stated === undefined ? [] : [[key, stated] as const];
  });
  return Object.fromEntries(entries);
}

/** `practitioner 1 (Adams, Douglas) accepted ATND 2026-03-14T15:00:00Z/2026-03-14T15:30:00Z`. */
function participant(row: Row): string {
  const actor = row['actor'] as Row;
  const person = (actor['assertion'] ?? {}) as Row;
  const named = [textOf(person['family']), textOf(person['given'])].filter((text) => text !== undefined).join(', ');
  const name = textOf(actor['name']) ?? textOf(person['name']) ?? named;
  const npi = textOf(person['npi']);
  const during = row['during'] === undefined ? undefined : interval(row['during'] as Row);
  return words(
    actor['kind'],
    actor['code'] ?? person['code'],
    name === '' ? undefined : `(${name})`,
    npi === undefined ? undefined : `NPI ${npi}`,
    row['status'],
    row['type'],
    during,
    row['action'],
  );
}

function interval(row: Row): string {
  return `${iso(Number(row['start']))}/${iso(Number(row['end']))}`;
}

function words(...parts: readonly unknown[]): string {
  return parts.flatMap((part) => textOf(part) ?? []).join(' ');
}
