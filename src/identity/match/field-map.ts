/** From the columns of a file to what a record says. */
import type { CsvTable } from './csv.ts';
import type { PersonRecord, RecordIdentifier } from './person.ts';

/** What a column may hold, each with other names under which files have it. */
const COLUMNS = {
  given: ['givenname', 'firstname', 'first', 'forename', 'fname', 'patientfirstname'],
  middle: ['middlename', 'secondname', 'mname', 'middleinitial'],
  family: ['familyname', 'surname', 'lastname', 'last', 'lname', 'patientlastname'],
  previousFamily: ['maiden', 'maidenname', 'previousname', 'formername', 'birthname', 'previousfamily'],
  suffix: ['namesuffix', 'generation'],
  birthDate: ['dateofbirth', 'dob', 'birthdate', 'birth', 'birthday'],
  gender: ['sex', 'administrativegender', 'administrativesex'],
  street: ['address', 'address1', 'addressline1', 'streetaddress', 'streetname', 'line1', 'addr1'],
  number: ['streetnumber', 'housenumber', 'streetno', 'houseno'],
  line2: ['address2', 'addressline2', 'unit', 'apartment', 'addr2', 'locality'],
  city: ['suburb', 'town', 'municipality'],
  state: ['province', 'region'],
  postcode: ['postalcode', 'zip', 'zipcode', 'postal'],
  phone: ['telephone', 'phonenumber', 'mobile', 'cell', 'homephone', 'telecom', 'tel'],
  email: ['emailaddress', 'mail'],
  ssn: ['socsecid', 'socialsecuritynumber', 'social', 'nationalid', 'nhsnumber', 'ihi', 'socialsecurity'],
  mrn: ['medicalrecordnumber', 'patientnumber', 'recordnumber'],
  member: ['memberid', 'insuranceid', 'policynumber', 'subscriberid'],
  multipleBirth: ['twin', 'multiplebirthflag'],
  id: ['recid', 'uniqueid', 'recordid', 'rowid'],
} as const;

export type ColumnUse = keyof typeof COLUMNS;

export const COLUMN_USES = Object.keys(COLUMNS) as readonly ColumnUse[];

/** Where each use is found: the places of its columns. */
export type FieldMap = ReadonlyMap<ColumnUse, readonly number[]>;

/** What is wrong with the map, in a sentence. */
export class FieldMapError extends Error {}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

export function useOf(name: string): ColumnUse | null {
  const wanted = bare(name);
  const found = COLUMN_USES.find((use) => bare(use) === wanted || (COLUMNS[use] as readonly string[]).includes(wanted));
  return found ?? null;
}

/** Of a heading alone, where no map is given: columns whose names are known. */
export function guessedMap(heading: readonly string[]): FieldMap {
  const map = new Map<ColumnUse, number[]>();
  heading.forEach((name, at) => {
    const use = useOf(name);
    if (use !== null) map.set(use, [...(map.get(use) ?? []), at]);
  });
  return map;
}

/**
 * `given=first_name,family=last_name`: the use and its column, in either order; a use may come several times.
 *
 * @throws FieldMapError
 */
export function writtenMap(pairs: readonly (readonly [string, string])[], heading: readonly string[]): FieldMap {
  const map = new Map<ColumnUse, number[]>();
  const places = new Map(heading.map((name, at) => [bare(name), at]));
  for (const [one, other] of pairs) {
    const found = usedColumn(one, other, places) ?? usedColumn(other, one, places);
    if (found === null) {
      const known = COLUMN_USES.join(', ');
      throw new FieldMapError(
        `${one}=${other} is no field and column. Fields: ${known}. Columns: ${heading.join(', ')}.`,
      );
    }
    map.set(found.use, [...(map.get(found.use) ?? []), found.at]);
  }
  return map;
}

function usedColumn(
  use: string,
  column: string,
  places: ReadonlyMap<string, number>,
): { readonly use: ColumnUse; readonly at: number } | null {
  const known = useOf(use);
  const at = places.get(bare(column));
  return known === null || at === undefined ? null : { use: known, at };
}

/** One record a row. Phones, e-mail addresses and earlier names may stand in several columns. */
export function records(table: CsvTable, map: FieldMap): readonly PersonRecord[] {
  return table.rows.map((row) => recordOf(row, map));
}

function recordOf(row: readonly string[], map: FieldMap): PersonRecord {
  const all = (use: ColumnUse): readonly string[] =>
    (map.get(use) ?? []).flatMap((at) => (row[at] === undefined || row[at] === '' ? [] : [row[at]]));
  const one = (use: ColumnUse): string | undefined => all(use)[0];
  const name = { family: one('family'), given: [...all('given'), ...all('middle')], suffix: one('suffix') };
  return {
    names: [name, ...all('previousFamily').map((family) => ({ family }))],
    birthDate: one('birthDate'),
    gender: one('gender'),
    addresses: [
      {
        lines: [one('street') ?? '', ...all('street').slice(1), ...all('line2')],
        number: one('number'),
        city: one('city'),
        state: one('state'),
        postalCode: one('postcode'),
      },
    ],
    phones: all('phone'),
    emails: all('email'),
    identifiers: [
      ...all('ssn').map((value): RecordIdentifier => ({ kind: 'social', system: 'ssn', value })),
      ...all('mrn').map((value): RecordIdentifier => ({ kind: 'person', system: 'mrn', value })),
      ...all('member').map((value): RecordIdentifier => ({ kind: 'family', system: 'member', value })),
    ],
    multipleBirth: /^(?:1|y|yes|true)$/i.test(one('multipleBirth') ?? ''),
  };
}
