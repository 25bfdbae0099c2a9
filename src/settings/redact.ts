/** Copies of settings that may be logged and shown: what is declared secret reads `***`. */
import { schemaOfKey } from './fill.ts';
import { hubSchema } from './hub-spec.ts';
import { siteSchema } from './site-spec.ts';
import type { Plan, SiteSettings } from './shape.ts';
import { objectOf } from './declare.ts';
import type { AnySettingsSpec, KindSettings, ValueSchema } from './spec.ts';
import { subscribersSchema } from './subscriber-spec.ts';

export const REDACTED = '***';

/** A login inside an address is as secret as a password field, wherever the address stands. */
const LOGIN_IN_ADDRESS = /(:\/\/)[^/\s?#@]+@/g;

export function redactPlan(plan: Plan, kinds: KindSettings): Plan {
  const subscribers = redacted({ subscribers: plan.subscribers }, subscribersSchema);
  return {
    hub: redacted(plan.hub, hubSchema),
    sites: plan.sites.map((site) => redactSite(site, kinds.get(site.kind))),
    ...subscribers,
  };
}

/** Of a kind that is not known, all settings are taken for secrets. */
export function redactSite(site: SiteSettings, kind: AnySettingsSpec | undefined): SiteSettings {
  const shown = redacted(site, siteSchema(kind));
  if (kind !== undefined) return shown;
  return { ...shown, settings: Object.fromEntries(Object.keys(site.settings).map((key) => [key, REDACTED])) };
}

/** What stands under `settings:` of a site. */
export function redactSettings<T extends object>(settings: T, kind: AnySettingsSpec): T {
  return redacted(settings, objectOf(kind.fields));
}

function redacted<T>(value: T, schema: ValueSchema | undefined): T {
  return replaced(value, schema) as T;
}

function replaced(value: unknown, schema: ValueSchema | undefined): unknown {
  if (value === undefined || value === null) return value;
  if (schema?.secret === true) return REDACTED;
  if (typeof value === 'string') return value.replaceAll(LOGIN_IN_ADDRESS, `$1${REDACTED}@`);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, schema?.items));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, replaced(child, schemaOfKey(schema, key))]),
  );
}
