/**
 * XCN and PL: a person and a place as a message names them. Who and where that is, the site file and identity decide.
 */
import type { Repetition } from '../../hl7v2/segment.ts';
import { isFillerNpi, isNpi } from '../../core/npi.ts';
import { listedThing } from '../../fhir/practitioner-rule.ts';
import type { PractitionerAssertion, ResourceAssertion } from '../contract.ts';
import { part, type Composite, type Reading } from './reading.ts';

const NPI_OID = '2.16.840.1.113883.4.6';

/** Repetitions of one XCN field: one person under several authorities. Null when none of them names anybody. */
export function personOf(reading: Reading, ids: readonly Repetition[], where: string): ResourceAssertion | null {
  const npi = ids
    .filter(saysNpi)
    .map((id) => part(id, 1))
    .find(isNpi);
  const refused =
    npi === undefined ? ids.map((id) => (saysNpi(id) ? part(id, 1) : '')).find((text) => text !== '') : undefined;
  if (refused !== undefined) {
    reading.warn(where, 'says NPI, but the check digit does not fit; taken for a code of this site');
  }
  const codes = ids.map((id) => part(id, 1)).filter((code) => code !== '');
  // Rooms and machines are booked like people at many sites.
  const thing = codes.map((code) => listedThing(reading.site, code)).find((one) => one !== null);
  if (thing !== undefined) return thing;
  const listed = codes.find((code) => Object.hasOwn(reading.site.resources.practitioners, code));
  const others = ids.filter((id) => !saysNpi(id)).map((id) => part(id, 1));
  const local = others.find((code) => code !== '');
  const named = ids.find((id) => part(id, 2) !== '' || part(id, 3) !== '');
  const [family, given] = named === undefined ? ['', ''] : [part(named, 2), part(named, 3)];
  // A person without any id is told by the name as written: better one odd record than a visit that occupies nobody.
  const name = [family, given].filter((text) => text !== '').join(' ');
  // 9999999999 is everybody's: it would make one person of them all.
  const only = codes.find((text) => name === '' || !isFillerNpi(text));
  const code = listed ?? local ?? only ?? name;
  if (code === '') return null;
  if (codes.length === 0) reading.warn(where, 'names a person without an id; taken by the name as written');
  const assertion: PractitionerAssertion = {
    code,
    ...(npi === undefined ? {} : { npi }),
    ...(refused === undefined ? {} : { refusedNpi: refused }),
    ...(family === '' ? {} : { family }),
    ...(given === '' ? {} : { given }),
  };
  return { kind: 'practitioner', assertion };
}

/** XCN-13 type, or XCN-9 authority by name or OID. */
function saysNpi(xcn: Composite): boolean {
  const names = [part(xcn, 13), part(xcn, 9)].map((text) => text.toUpperCase());
  return names.some((name) => name.startsWith('NPI')) || part(xcn, 9, 2) === NPI_OID;
}

/**
 * PL: point of care^room^bed^facility. The finest level that the site file lists, as it lists it: `CARD^R1`, then
 * `CARD`, then the facility; where it lists none, point of care and room as sent. Null for an empty place.
 */
export function locationOf(reading: Reading, pl: Composite): ResourceAssertion | null {
  const [pointOfCare, room, facility] = [part(pl, 1), part(pl, 2), part(pl, 4)];
  const fine = [pointOfCare, room].filter((text) => text !== '').join('^') || facility;
  if (fine === '') return null;
  const candidates = [fine, pointOfCare, room === '' ? '' : `^${room}`, facility].filter((text) => text !== '');
  const device = candidates.find((candidate) => Object.hasOwn(reading.site.resources.devices, candidate));
  if (device !== undefined) return { kind: 'device', code: device };
  const listed = candidates.flatMap((candidate) => listedLocation(reading, candidate) ?? [])[0];
  // HL7 has nine parts; the description is for people. `11&X-Ray Room&L` is a code with its text.
  const description = part(pl, 9) || part(pl, 1, 2);
  return { kind: 'location', code: listed ?? fine, ...(description === '' ? {} : { name: description }) };
}

/** The key of the location that has this key or code. */
export function listedLocation(reading: Reading, code: string): string | undefined {
  const { locations } = reading.site;
  if (Object.hasOwn(locations, code)) return code;
  return Object.keys(locations).find((key) => locations[key]?.codes.includes(code) === true);
}

export function actorKey(actor: ResourceAssertion): string {
  return actor.kind === 'practitioner'
    ? `practitioner:${actor.assertion.npi ?? actor.assertion.code}`
    : `${actor.kind}:${actor.code}`;
}
