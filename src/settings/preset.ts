/**
 * Presets of a kind: settings under one name, for a habit that many sites share. They lie below what the file itself
 * says and above the defaults, so a plan shows them like any other value. Of several, those named later lie above.
 */
import { feedPath, feedSettings } from './feed-settings.ts';
import type { Filled } from './fill.ts';
import type { AnySettingsSpec } from './spec.ts';

type Values = Readonly<Record<string, unknown>>;

export function withPresets(filled: Filled, spec: AnySettingsSpec | undefined): Filled {
  const { presets } = spec ?? {};
  if (presets === undefined || !isObject(filled.value) || !isObject(filled.value['settings'])) return filled;
  const whole = filled.value['settings'];
  const own = feedSettings(whole);
  const names: unknown = own['presets'];
  if (!Array.isArray(names)) return filled;
  // A name that is not known is refused by the schema, with the names that are.
  const known = names.flatMap((name) =>
    typeof name === 'string' && Object.hasOwn(presets, name) ? [presets[name]] : [],
  );
  const settings = [...known, own].reduce<Values>((below, above) => merged(below, above ?? {}), {});
  const [under] = feedPath(whole);
  const placed = under === undefined ? settings : { ...whole, [under]: settings };
  return { ...filled, value: { ...filled.value, settings: placed } };
}

/** A list is one value: the fields of a sender do not add up with those of another. */
function merged(below: Values, above: Values): Values {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = result[key];
    result[key] = isObject(under) && isObject(value) ? merged(under, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
