/** Files in the shape in which CMS publishes NPPES: the provider file with its 330 columns, and the report. */

const TAXONOMY = (at: number): readonly string[] => [
  `Healthcare Provider Taxonomy Code_${at}`,
  `Provider License Number_${at}`,
  `Provider License Number State Code_${at}`,
  `Healthcare Provider Primary Taxonomy Switch_${at}`,
];
const OTHER = (at: number): readonly string[] => [
  `Other Provider Identifier_${at}`,
  `Other Provider Identifier Type Code_${at}`,
  `Other Provider Identifier State_${at}`,
  `Other Provider Identifier Issuer_${at}`,
];
const times = (most: number, of: (at: number) => readonly string[]): readonly string[] =>
  Array.from({ length: most }, (_one, index) => of(index + 1)).flat();
const FIRST = `NPI|Entity Type Code|Replacement NPI|Employer Identification Number (EIN)
Provider Organization Name (Legal Business Name)|Provider Last Name (Legal Name)|Provider First Name
Provider Middle Name|Provider Name Prefix Text|Provider Name Suffix Text|Provider Credential Text
Provider Other Organization Name|Provider Other Organization Name Type Code|Provider Other Last Name
Provider Other First Name|Provider Other Middle Name|Provider Other Name Prefix Text|Provider Other Name Suffix Text
Provider Other Credential Text|Provider Other Last Name Type Code`.split(/[|\n]/);
const DATES = `Provider Enumeration Date|Last Update Date|NPI Deactivation Reason Code|NPI Deactivation Date
NPI Reactivation Date|Provider Sex Code`.split(/[|\n]/);
const SOME = [...FIRST, ...times(16, (at) => [`Provider Address Part ${at}`]), ...DATES];
const REST = [...times(15, TAXONOMY), ...times(50, OTHER)];
/** As many as the real file has. */
const COLUMNS = [...SOME, ...times(330 - SOME.length - REST.length, (at) => [`Provider Remark ${at}`]), ...REST];

export interface Nppes {
  readonly npi: string;
  readonly entity?: '1' | '2';
  readonly family?: string;
  readonly other?: string;
  readonly given?: string;
  readonly organisation?: string;
  readonly off?: string;
  readonly on?: string;
  /** The second is the primary one. */
  readonly taxonomies?: readonly [string, string];
  readonly address?: string;
}

/** Every cell in quotes, lines ended by LF. */
export function providerFile(rows: readonly Nppes[]): string {
  return [COLUMNS, ...rows.map(cells)].map((row) => `${row.map((cell) => `"${cell}"`).join(',')}\n`).join('');
}

function cells(row: Nppes): readonly string[] {
  const values: Readonly<Record<string, string | undefined>> = {
    NPI: row.npi,
    'Entity Type Code': row.entity,
    'Provider Organization Name (Legal Business Name)': row.organisation,
    'Provider Last Name (Legal Name)': row.family,
    'Provider First Name': row.given,
    'Provider Other Last Name': row.other,
    'Provider Address Part 1': row.address,
    'NPI Deactivation Date': row.off,
    'NPI Reactivation Date': row.on,
    'Healthcare Provider Taxonomy Code_1': row.taxonomies?.[0],
    'Healthcare Provider Primary Taxonomy Switch_1': row.taxonomies === undefined ? undefined : 'N',
    'Healthcare Provider Taxonomy Code_2': row.taxonomies?.[1],
    'Healthcare Provider Primary Taxonomy Switch_2': row.taxonomies === undefined ? undefined : 'Y',
  };
  return COLUMNS.map((name) => values[name] ?? '');
}

export function deactivationReport(rows: readonly (readonly [npi: string, date: string])[]): string {
  const lines = rows.map(([npi, date]) => `${npi},${date}`);
  return ['NPPES Deactivated Records as of Feb 9 2026,', 'NPI,NPPES Deactivation Date', ...lines, ''].join('\r\n');
}
