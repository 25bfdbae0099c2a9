/** What `$find` proposes, entry by entry. */
import { isBundle, type Appointment } from './wire.ts';

/** The Appointments of one page, which was read as a Bundle before. */
export function appointmentsIn(page: string): readonly Appointment[] {
  const bundle: unknown = JSON.parse(page);
  if (!isBundle(bundle)) return [];
  return (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Appointment' ? [resource as Appointment] : [],
  );
}

export interface Actors {
  readonly practitioners: readonly string[];
  readonly locations: readonly string[];
}

/** References are absolute at STU3 (vendor sheet section 3.2); type and id are their last two parts. */
export function actorsOf({ participant }: Appointment): Actors {
  const references = listOf(participant).flatMap((one) => {
    const actor = one['actor'];
    const reference = isObject(actor) ? actor['reference'] : undefined;
    const found = typeof reference === 'string' ? REFERENCE.exec(reference) : null;
    return found === null ? [] : [{ type: found[1], id: found[2] ?? '' }];
  });
  const of = (type: string): readonly string[] => references.filter((one) => one.type === type).map(({ id }) => id);
  return { practitioners: of('Practitioner'), locations: of('Location') };
}

const REFERENCE = /(?:^|\/)([A-Za-z]+)\/([A-Za-z0-9.-]+)(?:\/_history\/[^/]+)?$/;

type Fields = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
