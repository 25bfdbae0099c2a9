/** A configuration in a folder of its own, and a kind that is no vendor's. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan, type PlanResult } from '../../src/settings/plan.ts';
import type { KindSettings, SettingsSpec } from '../../src/settings/spec.ts';

interface ClinicSettings {
  readonly url: string;
  readonly key: string;
  readonly port: number;
  readonly strict: boolean;
  readonly fields: { readonly mrn?: number; readonly code: string };
}

const clinic: SettingsSpec<ClinicSettings> = {
  fields: {
    url: { schema: { type: 'string', minLength: 1 }, prose: 'Address.', example: 'https://clinic.example' },
    key: { schema: { type: 'string', minLength: 8 }, prose: 'Key.', secret: true, example: '${CLINIC_KEY}' },
    port: { schema: { type: 'integer', minimum: 1, maximum: 65_535 }, prose: 'Port.', default: 443 },
    strict: { schema: { type: 'boolean' }, prose: 'Strict.', default: true },
    fields: {
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: { mrn: { type: 'integer', minimum: 1 }, code: { type: 'string', default: 'none' } },
      },
      prose: 'Fields.',
      default: {},
    },
  },
  rules: (settings, about) =>
    about.environment === 'production' && settings.url.startsWith('http://')
      ? [{ field: 'url', problem: 'is not encrypted', write: 'write an https:// address' }]
      : [],
};

export const kinds: KindSettings = new Map([['clinic', clinic]]);

export const HUB = `environment: sandbox
timeZone: America/Chicago
visitTypes:
  therapy-50: { name: Therapy, duration_min: 50 }
  intake-30: { name: Intake, duration_min: 30, patients: new }
`;

export const NORTH = `kind: clinic
environment: sandbox
stage: live
timeZone: America/Chicago
settings: { url: 'http://127.0.0.1:1', key: inline-north-key }
locations:
  main: { name: Main, codes: ['7'] }
  annex: { name: Annex, timeZone: America/Denver, partOf: main }
resources:
  calendars:
    84021: { practitioner: 'npi:1234567893', location: main }
visitTypes: { '5512': therapy-50 }
write: automatic
`;

export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface Folder {
  readonly path: string;
  put(files: Files): Promise<void>;
  remove(file: string): Promise<void>;
  plan(variables?: Readonly<Record<string, string>>): Promise<PlanResult>;
  /** The issues as printed, each beginning with its path below the folder. */
  issues(variables?: Readonly<Record<string, string>>): Promise<readonly string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function folder(files: Files = {}, of: KindSettings = kinds): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'slotwire-settings-'));
  const put = async (more: Files): Promise<void> => {
    for (const [file, text] of Object.entries(more)) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
  };
  const plan = (variables: Readonly<Record<string, string>> = {}): Promise<PlanResult> =>
    buildPlan({ configDir: path, variables, kinds: of });
  await put({ 'hub.yaml': HUB, 'sites/north.yaml': NORTH, ...files });
  return {
    path,
    put,
    plan,
    remove: (file) => rm(join(path, file)),
    issues: async (variables) => (await plan(variables)).issues.map((one) => formatIssue(one).slice(path.length + 1)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** `text` with a piece of it replaced; throws when the piece is not there, so that no test checks nothing. */
export function edit(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the text does not hold ${from}`);
  return text.replace(from, () => to);
}
