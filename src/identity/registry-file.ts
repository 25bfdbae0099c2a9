/**
 * The files of NPPES as CMS publishes them: `npidata_pfile_*.csv` (330 columns, some ten gigabytes a month; weekly ones
 * have the same columns), and the report of deactivated NPIs (two columns under a title, saved as CSV). Read as a
 * stream: of a record that is not wanted nothing but its first cell is looked at.
 */
import { isNpi } from '../core/npi.ts';
import { readCsvText } from '../settings/csv.ts';
import type { RegistryEntry, RegistryFileKind } from '../store/contract-registry.ts';

/** What is wrong with a file, for the person who has it: names line and column, never its content. */
export class RegistryFileError extends Error {}

export interface RegistryReading {
  readonly kind: RegistryFileKind;
  readonly entries: readonly RegistryEntry[];
  /** Records of the file so far, its heading left out. */
  readonly records: number;
}

const NEWLINE = 10;
const QUOTE = 34;
/** No line of these files comes near it: a quote that is never closed would take the rest of the file for a cell. */
const RECORD_MAX_BYTES = 262_144;
/** The report has a title, perhaps an empty line, above its heading. */
const HEADING_WITHIN = 5;
const TAXONOMIES = 15;

/**
 * Yields what each piece of the file holds, in constant memory.
 *
 * @param wanted null: all
 * @throws RegistryFileError
 */
export async function* readRegistryFile(
  pieces: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string> | null,
): AsyncGenerator<RegistryReading> {
  let columns: Columns | null = null;
  let [line, records] = [0, 0];
  for await (const found of recordsOf(pieces)) {
    const entries: RegistryEntry[] = [];
    for (const record of found) {
      line++;
      if (columns === null) {
        columns = columnsOf(record);
        if (columns === null && line >= HEADING_WITHIN)
          throw new RegistryFileError('has neither the columns of a provider file of NPPES nor those of its report.');
        continue;
      }
      const npi = firstCell(record);
      if (npi === '') continue;
      records++;
      if (wanted !== null && !wanted.has(npi)) continue;
      const entry = columns.read(record, line);
      if (entry !== null) entries.push(entry);
    }
    if (columns !== null) yield { kind: columns.kind, entries, records };
  }
  if (columns === null)
    throw new RegistryFileError('has neither the columns of a provider file of NPPES nor those of its report.');
}

/** Records end with a line; line ends within quotes are part of a cell. */
async function* recordsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    const found: Buffer[] = [];
    let [from, at, isQuoted] = [0, 0, false];
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === NEWLINE && !isQuoted) {
        found.push(bytes.subarray(from, at));
        from = at + 1;
      }
    }
    rest = bytes.subarray(from);
    if (rest.length > RECORD_MAX_BYTES)
      throw new RegistryFileError('holds a line without an end: a quote is opened and never closed, or it is no text.');
    if (found.length > 0) yield found;
  }
  if (rest.length === 0) return;
  // The last line may have no end; one that stops within a quote was cut.
  if (rest.filter((byte) => byte === QUOTE).length % 2 === 1)
    throw new RegistryFileError('ends in the middle of a line: it was cut short. Unpack or fetch it again.');
  yield [rest];
}

function firstCell(record: Buffer): string {
  const text = record.subarray(0, 16).toString('latin1');
  return /^\uFEFF?\s*"?(\d{10})"?\s*(?:,|$)/.exec(text)?.[1] ?? '';
}

interface Columns {
  readonly kind: RegistryFileKind;
  /** Null: the number cannot be an NPI. */
  read(record: Buffer, line: number): RegistryEntry | null;
}

function columnsOf(record: Buffer): Columns | null {
  const names = cellsOf(record).map((name) => name.toLowerCase());
  const at = (name: string): number => names.indexOf(name.toLowerCase());
  if (at('NPI') !== 0) return null;
  const reader = (cells: readonly string[], line: number) => {
    if (cells.length !== names.length)
      throw new RegistryFileError(`line ${line} has ${cells.length} cells, and the heading ${names.length}.`);
    return (name: string): string | null => cells[at(name)] || null;
  };
  if (at('NPPES Deactivation Date') > 0) {
    return {
      kind: 'deactivations',
      read(of, line) {
        const cell = reader(cellsOf(of), line);
        const npi = cell('NPI') ?? '';
        const deactivatedOn = dateIn(cell('NPPES Deactivation Date'), line);
        if (!isNpi(npi) || deactivatedOn === null) return null;
        return { npi, entity: null, family: null, otherFamily: null, taxonomy: null, deactivatedOn };
      },
    };
  }
  if (['Entity Type Code', 'Provider Last Name (Legal Name)', 'NPI Deactivation Date'].some((name) => at(name) < 0))
    return null;
  return {
    kind: 'providers',
    read(of, line) {
      const cell = reader(cellsOf(of), line);
      const npi = cell('NPI') ?? '';
      if (!isNpi(npi)) return null;
      const entity = cell('Entity Type Code');
      return {
        npi,
        entity: entity === '1' ? 1 : entity === '2' ? 2 : null,
        family: cell('Provider Last Name (Legal Name)'),
        otherFamily: cell('Provider Other Last Name'),
        taxonomy: primaryTaxonomy(cell),
        deactivatedOn: deactivated(cell, line),
      };
    },
  };
}

function primaryTaxonomy(cell: (name: string) => string | null): string | null {
  const numbers = Array.from({ length: TAXONOMIES }, (_one, index) => String(index + 1));
  const primary = numbers.find((number) => cell(`Healthcare Provider Primary Taxonomy Switch_${number}`) === 'Y');
  return cell(`Healthcare Provider Taxonomy Code_${primary ?? '1'}`);
}

/** A number that was reactivated since is in use. */
function deactivated(cell: (name: string) => string | null, line: number): string | null {
  const off = dateIn(cell('NPI Deactivation Date'), line);
  const on = dateIn(cell('NPI Reactivation Date'), line);
  return off === null || (on !== null && on >= off) ? null : off;
}

/** `05/31/2020`. */
function dateIn(text: string | null, line: number): string | null {
  if (text === null) return null;
  const [, month = '', day = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) ?? [];
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (Number.isNaN(Date.parse(date)))
    throw new RegistryFileError(`line ${line} has a date that is not written as MM/DD/YYYY.`);
  return date;
}

function cellsOf(record: Buffer): readonly string[] {
  return readCsvText(record.toString('utf8')).records[0]?.cells ?? [];
}
