/**
 * A setting is declared once: name, prose, schema, default, secret. From the one declaration come checking, completing
 * with defaults, redaction, the JSON Schema for editors and the table in the docs.
 */

import type { Hl7Address } from './mllp-shape.ts';
import type { Environment, Stage } from './shape.ts';

/** The part of JSON Schema (draft-07) that declarations use. */
export interface ValueSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array';
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly items?: ValueSchema;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly patternProperties?: Readonly<Record<string, ValueSchema>>;
  readonly additionalProperties?: boolean | ValueSchema;
  readonly required?: readonly string[];
  readonly oneOf?: readonly ValueSchema[];
  readonly propertyNames?: ValueSchema;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** As `secret` of a Setting, for values inside objects and lists. */
  readonly secret?: boolean;
  /** `file:/path` is read, as of a secret, though the value is none: certificates. */
  readonly fromFile?: boolean;
  /** What to write instead, as a clause, when the value does not fit: `write a name like north-2`. */
  readonly say?: string;
}

export interface Setting {
  readonly schema: ValueSchema;
  /** One or two sentences for the person who writes the file. Units are in the name of the setting. */
  readonly prose: string;
  /** Absent: the setting is required, unless `optional`. */
  readonly default?: unknown;
  readonly optional?: boolean;
  /** Secrets come from `${VAR}` or `file:/path`, never inline outside the sandbox, and are never printed. */
  readonly secret?: boolean;
  readonly example?: unknown;
}

/** The settings of a kind (`settings:` in a site file). `T` is what the checked and completed object looks like. */
export interface SettingsSpec<T> {
  readonly fields: { readonly [Name in keyof T & string]: Setting };
  /**
   * Rules over several fields, as sentences with the field concerned (dotted, below `settings`); an empty list means
   * valid. Called only when every field by itself is valid.
   */
  readonly rules?: (settings: T, about: RuleContext) => readonly BrokenRule[];
  /**
   * Settings by the name of a habit, which a site file names in its setting `presets`. Of a kind that keeps its feed
   * apart (feed-settings.ts) they are the feed's.
   */
  readonly presets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * Of a kind whose sites send HL7 v2: where their messages arrive and how they are told from those of others. Null:
   * this site sends none.
   */
  readonly hl7?: (settings: T) => Hl7Address | null;
  /** Of a kind whose sites can be asked to register a person: which setting says so, and whether it does. */
  readonly registers?: { readonly field: string; readonly write: string; readonly isSet: (settings: T) => boolean };
  /** Sites of this kind tell what is open, so that their files hold no templates. */
  readonly publishesSlots?: true;
}

export interface BrokenRule {
  readonly field: string;
  readonly problem: string;
  readonly write: string;
}

/** What a rule may know about the site whose settings it looks at (production demands https, for one). */
export interface RuleContext {
  readonly site: string;
  readonly environment: Environment;
  readonly stage: Stage;
}

/** Any kind's settings, its type forgotten; every `SettingsSpec<T>` fits. */
export interface AnySettingsSpec {
  readonly fields: Readonly<Record<string, Setting>>;
  readonly rules?: (settings: never, about: RuleContext) => readonly BrokenRule[];
  readonly presets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly hl7?: (settings: never) => Hl7Address | null;
  readonly registers?: {
    readonly field: string;
    readonly write: string;
    readonly isSet: (settings: never) => boolean;
  };
  readonly publishesSlots?: true;
}

/** Kind name -> its settings. Handed in, because settings may not import connectors. */
export type KindSettings = ReadonlyMap<string, AnySettingsSpec>;
