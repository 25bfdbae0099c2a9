/**
 * Who shares a key or a phone with the records of a batch. Records are placed one behind the other, also when they are
 * placed together: what the index holds is read once, and each record sees of the batch what was placed before it, as
 * if that were written already.
 */
import type { BlindKey, Blocks, ContactRow, Entry, IndexStore, KeyRow } from '../../store/contract-index.ts';

export interface Found {
  /** `ID VERSION` of each record that shares a key. */
  readonly names: readonly string[];
  /** Keys that more records share than the cap, with what of them was read instead. */
  readonly capped: readonly {
    readonly kind: string;
    /**
     * tight: the block of the tighter key. none: that one is over the cap too, or there is none: records are missed.
     */
    readonly read: 'tight' | 'none';
  }[];
}

/** A row that is there from behind one turn up to another. */
interface Row {
  readonly id: string;
  readonly from: number;
  readonly until: number;
}
interface KeyOf extends Row {
  readonly tight: string;
  readonly name: string;
}
interface ContactOf extends Row {
  readonly who: string;
}

/** A record on its way into the index. */
type Placing = Pick<Entry, 'id' | 'version' | 'keys' | 'contacts' | 'who'>;
type Index = Pick<IndexStore, 'blocks' | 'tightBlocks' | 'owners' | 'rowsOf' | 'contactsOf'>;

const NOBODY: readonly string[] = [];

/** Phones and addresses that more different people have belong to nobody (docs/identity.md). */
const SHARED_BY = 8;

export class Neighbours {
  /** Records of the batch that have keys or contacts already. */
  readonly before: readonly string[];
  readonly #index: Index;
  readonly #cap: number;
  readonly #turnOf: ReadonlyMap<string, number>;
  readonly #keys = new Map<string, KeyOf[]>();
  readonly #contacts = new Map<string, ContactOf[]>();
  readonly #owners = new Map<string, readonly string[]>();
  readonly #loose = new Map<string, readonly string[] | null>();
  readonly #tight = new Map<string, readonly string[] | null>();

  private constructor(
    index: Index,
    entries: readonly Placing[],
    cap: number,
    rows: readonly KeyRow[],
    contacts: readonly ContactRow[],
  ) {
    this.#index = index;
    this.#cap = cap;
    this.#turnOf = new Map(entries.map(({ id }, turn) => [id, turn]));
    this.before = [...new Set([...rows, ...contacts].map(({ id }) => id))];
    const untilItsTurn = (id: string): Row => ({ id, from: -1, until: this.#turnOf.get(id) ?? -1 });
    for (const { id, h, tight, version } of rows) {
      push(this.#keys, h, { ...untilItsTurn(id), tight, name: `${id} ${String(version)}` });
    }
    for (const { id, h, who } of contacts) push(this.#contacts, h, { ...untilItsTurn(id), who });
    entries.forEach(({ id, version, keys, contacts: of, who }, from) => {
      const name = `${id} ${String(version)}`;
      for (const { h, tight } of keys) push(this.#keys, h, { id, from, until: Infinity, tight, name });
      for (const h of of) push(this.#contacts, h, { id, from, until: Infinity, who });
    });
  }

  /** @param entries in the order in which they are placed; who shares something with them is read by `read` */
  static async of(index: Index, entries: readonly Placing[], cap: number): Promise<Neighbours> {
    const ids = entries.map(({ id }) => id);
    const [rows, contacts] = await Promise.all([index.rowsOf(ids), index.contactsOf(ids)]);
    return new Neighbours(index, entries, cap, rows, contacts);
  }

  /** Reads who shares the keys and contacts of these. */
  async read(entries: readonly Placing[]): Promise<void> {
    const keys = entries.flatMap((entry) => entry.keys);
    const fresh = keys.map(({ h }) => h).filter((h) => !this.#loose.has(h));
    const [loose] = await Promise.all([
      this.#index.blocks(fresh, this.before, this.#cap),
      this.know(entries.flatMap((entry) => entry.contacts)),
    ]);
    for (const h of fresh) this.#loose.set(h, readOf(loose, h));
    const mayBeFull = ({ h, tight }: BlindKey): boolean => {
      const names = this.#loose.get(h);
      const most = (names?.length ?? 0) + (this.#keys.get(h)?.length ?? 0);
      return tight !== '0' && !this.#tight.has(`${h} ${tight}`) && (names === null || most > this.#cap);
    };
    const full = keys.filter(mayBeFull);
    const tight = await this.#index.tightBlocks(full, this.before, this.#cap);
    for (const key of full) {
      const name = `${key.h} ${key.tight}`;
      this.#tight.set(name, readOf(tight, name));
    }
  }

  /** Reads who has these contacts. */
  async know(contacts: readonly string[]): Promise<void> {
    const missing = [...new Set(contacts)].filter((h) => !this.#owners.has(h));
    const found = await ownersOf(this.#index, missing, this.before);
    for (const h of missing) this.#owners.set(h, found.get(h) ?? []);
  }

  /** `h` of the keys that the record had before. */
  keysBefore(rowsOf: string): readonly string[] {
    const has = (rows: readonly KeyOf[]): boolean => rows.some(({ id, from }) => id === rowsOf && from === -1);
    return [...this.#keys].flatMap(([h, rows]) => (has(rows) ? [h] : []));
  }

  /** Of one that was read. */
  found({ id, keys }: Pick<Entry, 'id' | 'keys'>): Found {
    const turn = this.#turnOf.get(id) ?? 0;
    const names = new Set<string>();
    const capped: { kind: string; read: 'tight' | 'none' }[] = [];
    for (const { kind, h, tight } of keys) {
      const near = this.#keys.get(h)?.filter((row) => row.id !== id && isThere(row, turn)) ?? [];
      if (this.#read(this.#loose.get(h), near, names)) continue;
      const within = near.filter((row) => row.tight === tight);
      const isRead = tight !== '0' && this.#read(this.#tight.get(`${h} ${tight}`), within, names);
      capped.push({ kind, read: isRead ? 'tight' : 'none' });
    }
    return { names: [...names], capped };
  }

  /** False: they are more than the cap. */
  #read(stored: readonly string[] | null | undefined, near: readonly KeyOf[], names: Set<string>): boolean {
    if (stored === null || (stored?.length ?? 0) + near.length > this.#cap) return false;
    for (const name of stored ?? []) names.add(name);
    for (const { name } of near) names.add(name);
    return true;
  }

  /** Whether more people have this contact than live together, at the turn of this record. To be known before. */
  isShared(h: string, id: string): boolean {
    const turn = this.#turnOf.get(id) ?? 0;
    const who = new Set(this.#owners.get(h));
    for (const row of this.#contacts.get(h) ?? []) if (isThere(row, turn)) who.add(row.who);
    return isShared([...who]);
  }
}

/** The different people who have each of these contacts, as far as `isShared` needs them. */
export function ownersOf(
  index: Pick<IndexStore, 'owners'>,
  contacts: readonly string[],
  besides: readonly string[] = [],
): ReturnType<IndexStore['owners']> {
  return index.owners(contacts, besides, SHARED_BY + 1);
}

export function isShared(owners: readonly string[] = []): boolean {
  return owners.length > SHARED_BY;
}

/** Null, which is more than the cap, stays null. */
function readOf(blocks: Blocks, key: string): readonly string[] | null {
  const names = blocks.get(key);
  return names === undefined ? NOBODY : names;
}

function push<T>(rows: Map<string, T[]>, key: string, row: T): void {
  const known = rows.get(key);
  if (known === undefined) rows.set(key, [row]);
  else known.push(row);
}

function isThere({ from, until }: Row, turn: number): boolean {
  return from < turn && turn <= until;
}
