/** A patient index on a database of its own, and records of people who are made up. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { canonicalId } from '../src/fhir/canonical-ids.ts';
import { SYSTEMS, type Patient } from '../src/fhir/types.ts';
import { goldenIdOf } from '../src/identity/golden/replay.ts';
import { normalised } from '../src/identity/match/normalise.ts';
import type { Person, PersonRecord } from '../src/identity/match/person.ts';
import { systemScope, type Store } from '../src/store/contract.ts';
import { migrate } from '../src/store/migrate.ts';
import { openPool } from '../src/store/postgres.ts';
import { openKeys } from '../src/store/seal.ts';
import { openStore } from '../src/store/store.ts';
import { anotherRecord, makePerson, randomOf, recordOf, type Made } from '../test/support/people.ts';
import { openDatabase } from './database.ts';
import type { Run } from './figure.ts';

export interface Index {
  readonly store: Store;
  /** Statements that took most time, where profiles are asked for. */
  costly(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const MIGRATIONS = join(import.meta.dirname, '../src/store/sql');
const SCOPE = systemScope('bench');
const SEED = 20_261_122;
const STORED_AT_ONCE = 250;

export async function openIndex({ folder, profiles }: Run): Promise<Index> {
  const database = await openDatabase(join(folder, 'data'));
  const pool = await openPool({
    url: database.url,
    max: 10,
    applicationName: 'slotwire bench',
    statementTimeout_ms: 600_000,
    onError: () => undefined,
  });
  await migrate(pool, MIGRATIONS);
  const store = openStore({ pool, keys: await openKeys({ file: join(folder, 'keys.json') }) });
  return {
    store,
    costly: async () => (profiles === null ? [] : database.costly(14)),
    async close() {
      await store.close();
      await database.stop();
    },
  };
}

export function machine(): string {
  return `${String(availableParallelism())} cores for hub and database`;
}

/** Without a social security number, which feeds of schedulers seldom carry. */
const UNTOLD: ReadonlySet<string> = new Set(['ssn']);

interface Sited {
  readonly site: string;
  readonly record: PersonRecord;
}

function* sited(seed: number): Generator<Sited, never> {
  const random = randomOf(seed);
  for (;;) {
    const made: Made = makePerson(random);
    yield { site: 'north', record: recordOf(made, UNTOLD) };
    const chance = random();
    if (chance < 0.33) yield { site: 'south', record: { ...anotherRecord(random, made), identifiers: [] } };
    if (chance < 0.1) yield { site: 'west', record: { ...anotherRecord(random, made), identifiers: [] } };
  }
}

/** As if their sites had told of them; all are due to be placed. */
export async function storeRecords(store: Store, records: number): Promise<void> {
  const source = sited(SEED);
  for (let from = 0; from < records; from += STORED_AT_ONCE) {
    const part = Array.from({ length: Math.min(STORED_AT_ONCE, records - from) }, (_one, at) => {
      return { ...source.next().value, key: String(from + at) };
    });
    await write(store, part);
  }
}

/** People that the records are of, as yet another desk would write them, and one in five who has no record. */
export function someBodies(records: number, count: number): readonly Person[] {
  const random = randomOf(SEED + 1);
  const source = sited(SEED);
  const step = Math.max(1, Math.floor((records / count) * 1.25));
  return Array.from({ length: count }, () => {
    if (random() < 0.2) return normalised(recordOf(makePerson(random), UNTOLD));
    for (let skipped = 1; skipped < step; skipped += 1) source.next();
    return normalised(source.next().value.record);
  });
}

/** One person with the same record at each of so many sites; the ids of the records. */
export async function oneAtManySites(store: Store, sites: number, seed: number): Promise<readonly string[]> {
  const record = recordOf(makePerson(randomOf(SEED + 100 + seed)), UNTOLD);
  const part = Array.from({ length: sites }, (_one, at) => ({
    site: `site-${String(at)}`,
    record,
    key: `one-${String(seed)}`,
  }));
  await write(store, part);
  return part.map(({ site, key }) => canonicalId.patient(site, key));
}

async function write(store: Store, records: readonly (Sited & { readonly key: string })[]): Promise<void> {
  const now = systemClock.now();
  await store.transaction(SCOPE, async (tx) => {
    const links = records.map(({ site, key }) => {
      const id = canonicalId.patient(site, key);
      return tx.resources.linkPatient(id, goldenIdOf(id), site, key, now);
    });
    await Promise.all(links);
    const puts = records.map(({ site, key, record }) => {
      const id = canonicalId.patient(site, key);
      const cause = { site, messageId: null, siteTime: now, now };
      return tx.resources.put({ type: 'Patient', id, site, resource: patientOf(record, site, key) }, cause);
    });
    await Promise.all(puts);
  });
}

function patientOf(record: PersonRecord, site: string, key: string): Patient {
  const [name] = record.names;
  const contact = (
    system: 'phone' | 'email',
    values: readonly string[] = [],
  ): { system: typeof system; value: string }[] => values.map((value) => ({ system, value }));
  const telecom = [...contact('phone', record.phones), ...contact('email', record.emails)];
  const gender = record.gender === 'F' ? 'female' : record.gender === 'M' ? 'male' : undefined;
  return {
    resourceType: 'Patient',
    identifier: [
      {
        type: { coding: [{ system: SYSTEMS.identifierType, code: 'MR' }] },
        system: `urn:${site}:mrn`,
        value: key,
      },
    ],
    active: true,
    name: [{ ...(name?.family ? { family: name.family } : {}), given: [...(name?.given ?? [])] }],
    ...(telecom.length === 0 ? {} : { telecom }),
    ...(gender === undefined ? {} : { gender }),
    ...(record.birthDate ? { birthDate: record.birthDate } : {}),
    ...(record.addresses === undefined || record.addresses.length === 0
      ? {}
      : {
          address: record.addresses.map(({ lines, city, state, postalCode }) => ({
            line: [...lines],
            ...(city === undefined ? {} : { city }),
            ...(state === undefined ? {} : { state }),
            ...(postalCode === undefined ? {} : { postalCode }),
          })),
        }),
  };
}
