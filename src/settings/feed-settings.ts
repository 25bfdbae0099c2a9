/**
 * Where the settings of a site's HL7 v2 feed stand: under `hl7`, at a kind whose sites have more than that feed; else
 * they are the settings of the site as a whole.
 */
type Values = Readonly<Record<string, unknown>>;

/** Below `settings`. */
export function feedPath(settings: unknown): readonly string[] {
  return isObject(settings) && isObject(settings['hl7']) ? ['hl7'] : [];
}

/** Of a site without a feed: its settings, none of which a feed has a name for. */
export function feedSettings(settings: Values): Values {
  const own = settings['hl7'];
  return isObject(own) ? own : settings;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
