/** Questions to the index that write nothing: who is near a person, and how two compare. */
import type { IndexedRecord } from '../../store/contract-index.ts';
import type { Tx } from '../../store/contract.ts';
import { KEY_CAP } from '../match/candidates.ts';
import type { SharedValues } from '../match/compare.ts';
import { contactsOf } from '../match/frequencies.ts';
import { matcher, type Explanation, type Matcher } from '../match/matcher.ts';
import type { Person } from '../match/person.ts';
import { settled } from './budgets.ts';
import { measured } from './measure.ts';
import { isShared, Neighbours, ownersOf, type Found } from './neighbours.ts';
import { screened } from './screen.ts';
import { entryOf, type SightOptions } from './sight.ts';

/** No record has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface Nearby {
  readonly ids: readonly string[];
  readonly capped: Found['capped'];
}

/**
 * Records that may be of a person who has none here: all that share a key and are not two people for certain. What is
 * remembered of them decides that, so that only these few have to be read.
 */
export async function nearby(tx: Tx, person: Person, options: SightOptions): Promise<Nearby> {
  const asked = { person, entry: entryOf(tx, { id: NOBODY, version: 0, inUse: true }, person) };
  const neighbours = await Neighbours.of(tx.index, [asked.entry], options.cap ?? KEY_CAP);
  const measure = await measured(tx, [person], options);
  const hits = await screened({ tx, batch: [asked], neighbours, measure, memory: options.memory });
  return { ids: hits.get(NOBODY) ?? [], capped: neighbours.found(asked.entry).capped };
}

/** To compare one with others. */
export async function matcherFor(
  tx: Tx,
  self: Person,
  others: readonly Person[],
  options: Pick<SightOptions, 'model' | 'now'>,
): Promise<Matcher> {
  const [shared, measure] = await Promise.all([sharedOf(tx, self), measured(tx, [self, ...others], options)]);
  return matcher({ ...measure, shared });
}

async function sharedOf(tx: Tx, person: Person): Promise<SharedValues> {
  const contacts = contactsOf(person);
  const hashes = tx.index.blindedContacts(contacts);
  const owners = await ownersOf(tx.index, hashes);
  return new Set(contacts.filter((_contact, at) => isShared(owners.get(hashes[at] ?? ''))));
}

/** Of a pair that somebody asks about, as it would be judged now. */
export async function explained(
  tx: Tx,
  [one, other]: readonly [IndexedRecord, IndexedRecord],
  options: SightOptions,
): Promise<Explanation> {
  const [left, right] = [options.memory.personOf(one), options.memory.personOf(other)];
  const told = (await matcherFor(tx, left, [right], options)).explain(left, right);
  const shared = await sharedOf(tx, left);
  return settled(told, options.care, await tx.index.size(), {
    sites: [one.site, other.site],
    people: [left, right],
    shared: () => shared,
  });
}
