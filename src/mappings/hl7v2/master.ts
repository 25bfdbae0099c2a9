/**
 * Master files: MFN M02 (who works at the site) and M05 (its places). Each MFE is one entry. The site file's own words
 * stand before them; what is deleted or deactivated is no longer active, and nothing else is taken away.
 */
import { isNpi } from '../../core/npi.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import type { Change, MapIssue, Mapped, PractitionerAssertion } from '../contract.ts';
import { listedLocation } from './actors.ts';
import { fieldOf, incomplete, part, said, type Composite, type Reading } from './reading.ts';

/** Table 0180: MDL and MDC take an entry out of use, MAD and MAC into it; MUP says nothing of that. */
const IN_USE: Readonly<Record<string, boolean>> = { MAD: true, MAC: true, MDC: false, MDL: false };

export function mapMaster(reading: Reading, of: 'staff' | 'places'): Mapped {
  if (part(reading.message.first('MFI') ?? NOTHING, 3).toUpperCase() === 'REP') {
    reading.warn('MFI-3', 'replaces the whole file; what it does not list stays, since a file may be cut short');
  }
  const entries = reading.message.groups('MFE');
  const changes: Change[] = [];
  const issues: MapIssue[] = [];
  for (const { head: mfe, segments } of entries) {
    if (mfe === undefined) continue;
    const action = part(mfe, 1).toUpperCase();
    if (IN_USE[action] === undefined && action !== 'MUP') reading.warn('MFE-1', 'is no known action; read as MUP');
    const change = of === 'staff' ? staff(reading, mfe, segments) : place(reading, mfe, segments);
    if ('problem' in change) issues.push(change);
    else changes.push({ ...change, ...(active(change.active, action) ?? {}) });
  }
  if (entries.length === 0) issues.push(incomplete('MFE', 'the segment is missing, so no entry is named'));
  return issues.length > 0 ? { kind: 'unreadable', issues } : { kind: 'changes', changes, warnings: reading.warnings };
}

const NOTHING = { component: (): undefined => undefined };

/** What takes it out of use goes before a flag that was copied along; a flag goes before the mere adding. */
function active(flag: boolean | undefined, action: string): { readonly active: boolean } | undefined {
  const byAction = IN_USE[action];
  const known = byAction === false || action === 'MAC' ? byAction : (flag ?? byAction);
  return known === undefined ? undefined : { active: known };
}

/** Table 0183. */
function flagOf(text: string): { readonly active?: boolean } {
  const flag = text.toUpperCase();
  return flag === 'A' ? { active: true } : flag === 'I' ? { active: false } : {};
}

function staff(
  reading: Reading,
  mfe: Segment,
  segments: readonly Segment[],
): Extract<Change, { kind: 'practitioner' }> | MapIssue {
  const stf = segments.find(({ name }) => name === 'STF');
  const pra = segments.find(({ name }) => name === 'PRA');
  const ids = stf?.repetitions(2) ?? [];
  const codes = [
    stf === undefined ? '' : part(stf, 1),
    part(mfe, 4),
    ...ids.filter((id) => !isNpiType(part(id, 5)) && !isNpiType(part(id, 4))).map((id) => part(id, 1)),
    pra === undefined ? '' : part(pra, 1),
  ].filter((code) => code !== '');
  const listed = codes.find((code) => Object.hasOwn(reading.site.resources.practitioners, code));
  const code = listed ?? codes[0];
  if (code === undefined) return incomplete('STF-1', 'neither STF-1 nor MFE-4 names the person');
  const npi = npisOf(reading, ids, pra);
  const name = stf === undefined ? undefined : fieldOf(stf, 3);
  const [family, given] = name === undefined ? ['', ''] : [part(name, 1), part(name, 2)];
  const assertion: PractitionerAssertion = {
    code,
    ...npi,
    ...(family === '' ? {} : { family }),
    ...(given === '' ? {} : { given }),
    ...specialtiesIn(segments),
  };
  return { kind: 'practitioner', at: reading.at, assertion, ...flagOf(stf === undefined ? '' : part(stf, 7)) };
}

/** PRA-5 by name, and of ORG the finest of area of specialization, classification and provider type. */
function specialtiesIn(segments: readonly Segment[]): Pick<PractitionerAssertion, 'specialties'> {
  const byName = segments
    .filter(({ name }) => name === 'PRA')
    .flatMap((pra) => pra.repetitions(5).map((specialty) => part(specialty, 1)));
  const byUnit = segments
    .filter(({ name }) => name === 'ORG')
    .flatMap((org) => [8, 7, 6].map((field) => part(org, field)).find((text) => text !== '') ?? []);
  const words = [...new Set([...byUnit, ...byName])].filter((word) => word !== '');
  return words.length === 0 ? {} : { specialties: words };
}

function isNpiType(text: string): boolean {
  return text.toUpperCase().startsWith('NPI');
}

/** STF-2 and PRA-6, where they say so. */
function npisOf(
  reading: Reading,
  ids: readonly Composite[],
  pra: Segment | undefined,
): Pick<PractitionerAssertion, 'npi' | 'refusedNpi'> {
  const said = [
    ...ids.filter((id) => isNpiType(part(id, 5)) || isNpiType(part(id, 4))),
    ...(pra?.repetitions(6) ?? []).filter((id) => isNpiType(part(id, 2))),
  ].map((id) => part(id, 1));
  const npi = said.find(isNpi);
  if (npi !== undefined) return { npi };
  const refused = said.find((text) => text !== '');
  if (refused === undefined) return {};
  reading.warn('PRA-6', 'says NPI, but the check digit does not fit');
  return { refusedNpi: refused };
}

function place(
  reading: Reading,
  mfe: Segment,
  segments: readonly Segment[],
): Extract<Change, { kind: 'place' }> | MapIssue {
  const loc = segments.find(({ name }) => name === 'LOC');
  const pl = loc === undefined ? undefined : fieldOf(loc, 1);
  const [pointOfCare, room, facility] = pl === undefined ? ['', '', ''] : [part(pl, 1), part(pl, 2), part(pl, 4)];
  const code = [pointOfCare, room].filter((text) => text !== '').join('^') || facility || part(mfe, 4);
  if (code === '') return incomplete('LOC-1', 'neither LOC-1 nor MFE-4 names the place');
  const name =
    (loc === undefined ? '' : part(loc, 2)) || (pl === undefined ? '' : part(pl, 9)) || said(mfe.component(4, 2));
  const departments = segments.filter((segment) => segment.name === 'LDP').map((ldp) => flagOf(part(ldp, 6)).active);
  // Open as long as one of its departments is.
  const flags = departments.filter((flag) => flag !== undefined);
  const flag = flags.length === 0 ? {} : { active: flags.includes(true) };
  // Exactly this place: that a room is closed must not close the clinic that it lies in.
  const key = listedLocation(reading, code) ?? code;
  return { kind: 'place', at: reading.at, code: key, ...(name === '' ? {} : { name }), ...flag };
}
