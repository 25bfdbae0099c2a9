/** What a site file leaves to other settings and files, put in: a plan has every site in full. */
import type { LocationSettings, MirrorSettings, ResourceRule, ResourceSettings, SiteSettings } from './shape.ts';
import { templateCalendars } from './template-slots.ts';

interface MirrorFile {
  readonly to: readonly string[];
  readonly as: MirrorSettings['as'];
}
type LocationFile = Omit<LocationSettings, 'timeZone'> & { readonly timeZone?: string };
export type SiteFile = Omit<SiteSettings, 'id' | 'identity' | 'locations' | 'mirror' | 'taxonomy'> & {
  readonly locations: Readonly<Record<string, LocationFile>>;
  readonly mirror: MirrorFile | readonly MirrorFile[];
};

/** The defaults that one field takes from another or from another file, which a schema cannot say. */
export function completeSite(
  id: string,
  file: SiteFile,
  people: ResourceSettings['practitioners'] | undefined,
): SiteSettings {
  const { timeZone, formerly } = file;
  const locations = Object.entries(file.locations).map(([key, place]) => [key, { timeZone, ...place }] as const);
  const mirrors = 'to' in file.mirror ? [file.mirror] : file.mirror;
  const calendars = { ...file.resources.calendars, ...templateCalendars(file) };
  const practitioners = { ...people, ...file.resources.practitioners };
  return {
    ...file,
    id,
    identity: formerly ?? id,
    locations: Object.fromEntries(locations),
    resources: { ...file.resources, calendars: named(calendars, file), practitioners: named(practitioners, file) },
    mirror: mirrors.flatMap((rule) => rule.to.map((to) => ({ to, as: rule.as }))),
  };
}

/** The site's own word for a specialty may stand in its rules too. */
function named(
  rules: Readonly<Record<string, ResourceRule>>,
  { specialties = {} }: Pick<SiteFile, 'specialties'>,
): Readonly<Record<string, ResourceRule>> {
  const entries = Object.entries(rules).map(([key, rule]): [string, ResourceRule] => {
    const { specialty } = rule;
    const code = specialty !== undefined && Object.hasOwn(specialties, specialty) ? specialties[specialty] : specialty;
    return [key, code === undefined ? rule : { ...rule, specialty: code }];
  });
  return Object.fromEntries(entries);
}
