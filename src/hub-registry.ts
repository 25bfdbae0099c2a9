/** Reads a file of NPPES from disk, piece by piece: what `slotwire identity nppes` does. No hub, no database. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { readRegistryFile, RegistryFileError } from './identity/registry-file.ts';
import type { RegistryEntry, RegistryFileKind } from './store/contract-registry.ts';

export { RegistryFileError } from './identity/registry-file.ts';

export interface RegistryFileRead {
  readonly kind: RegistryFileKind;
  readonly records: number;
  /** Entries that were sent on. */
  readonly entries: number;
}

/** So many are sent at once: below the limit of a request's body. */
const BATCH = 500;
const PIECE_BYTES = 1_048_576;

/** By its name, up to when a file is true: the last eight digits in it; null: it has none. */
export function dateOfFile(path: string): string | null {
  const [, year, month, day] = /(\d{4})(\d\d)(\d\d)\D*$/.exec(basename(path)) ?? [];
  const date = `${year ?? ''}-${month ?? ''}-${day ?? ''}`;
  return Number.isNaN(Date.parse(date)) ? null : date;
}

/** @throws RegistryFileError */
export async function readRegistry(
  path: string,
  wanted: ReadonlySet<string> | null,
  send: (kind: RegistryFileKind, entries: readonly RegistryEntry[]) => Promise<void>,
): Promise<RegistryFileRead> {
  let waiting: RegistryEntry[] = [];
  let read: RegistryFileRead = { kind: 'providers', records: 0, entries: 0 };
  const flush = async (most: number): Promise<void> => {
    while (waiting.length > most) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      await send(read.kind, batch);
    }
  };
  try {
    for await (const { kind, entries, records } of readRegistryFile(piecesOf(path), wanted)) {
      read = { kind, records, entries: read.entries + entries.length };
      for (const one of entries) waiting.push(one);
      await flush(BATCH - 1);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string')
      throw new RegistryFileError(`cannot be read (${error.code}).`, { cause: error });
    throw error;
  }
  await flush(0);
  return read;
}

function piecesOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>;
}
