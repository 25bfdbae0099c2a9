/**
 * The golden record: a pure function of the records of one person, of what the operator trusts, and of what people said
 * over their heads. Never edited; the same input gives the same bytes, whatever was merged and taken apart before.
 */
import type { Coding, ContactPoint, HumanName, Identifier, Patient } from '../../fhir/types.ts';
import { byAge, choose, trustIn } from './choose.ts';
import { standing, type Decision, type OverrideDecision, type SingleAttribute, type SingleValues } from './decision.ts';
import type { Member, Origin, SetAttribute, Survivorship } from './member.ts';
import { candidatesFor, contactKey, guarantorContacts, identifierKey, isOfPerson, isOwn, nameKey } from './values.ts';

export interface GoldenRecord {
  readonly patient: Patient;
  /** Of each value where it comes from and why it, and not another, is shown. */
  readonly origins: readonly Origin[];
}

/**
 * For a reader who may not see some of the records: made of those that the reader may see, since a value or a link of
 * the others would tell of them.
 *
 * @param decisions the log, of which the overrides that belong to these records count
 */
export function goldenRecord(
  goldenId: string,
  members: readonly Member[],
  survivorship: Survivorship,
  decisions: readonly Decision[],
): GoldenRecord {
  const ordered = [...members].sort(byAge);
  const overrides = overridesOf(decisions, ordered);
  const one = <A extends SingleAttribute>(attribute: A): Chosen<SingleValues[A]> | null =>
    chosen(attribute, ordered, survivorship, overrides);
  const [gender, birthDate, deceased, address] = [one('gender'), one('birthDate'), one('deceased'), one('address')];
  const names = collectedNames(one('name'), speaking(ordered, survivorship));
  const identifiers = collectedIdentifiers(ordered);
  const telecom = collectedContacts(ordered, survivorship);
  const security = labels(ordered);
  const inUse = ordered.filter((member) => member.inUse);
  const patient: Patient = {
    resourceType: 'Patient',
    id: goldenId,
    ...(security.length === 0 ? {} : { meta: { security } }),
    ...(identifiers.length === 0 ? {} : { identifier: identifiers.map(({ value }) => value) }),
    active: inUse.length > 0,
    ...(names.length === 0 ? {} : { name: names.map(({ value }) => value) }),
    ...(telecom.length === 0 ? {} : { telecom: telecom.map(({ value }) => value) }),
    ...(gender === null ? {} : { gender: gender.value }),
    ...(birthDate === null ? {} : { birthDate: birthDate.value }),
    ...(deceased === null ? {} : { deceasedBoolean: deceased.value }),
    ...(address === null ? {} : { address: [address.value] }),
    ...(inUse.length === 0
      ? {}
      : { link: inUse.map(({ id }) => ({ other: { reference: `Patient/${id}` }, type: 'seealso' as const })) }),
  };
  const single = [gender, birthDate, deceased, address].flatMap((choice) => (choice === null ? [] : [choice]));
  const origins = [...identifiers, ...names, ...telecom, ...single].map(({ origin }) => origin);
  return { patient, origins };
}

interface Chosen<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** Of each attribute the last word about one of these records. */
function overridesOf(
  decisions: readonly Decision[],
  members: readonly Member[],
): ReadonlyMap<SingleAttribute, OverrideDecision> {
  const ids = new Set(members.map(({ id }) => id));
  const overrides = standing(decisions)
    .filter((decision) => decision.kind === 'override')
    .filter((decision) => ids.has(decision.one));
  return new Map(overrides.map((decision) => [decision.attribute, decision]));
}

function chosen<A extends SingleAttribute>(
  attribute: A,
  members: readonly Member[],
  survivorship: Survivorship,
  overrides: ReadonlyMap<SingleAttribute, OverrideDecision>,
): Chosen<SingleValues[A]> | null {
  const override = overrides.get(attribute);
  if (override !== undefined && override.value !== null) {
    const origin = { attribute, index: 0, source: override.one, ground: 'override', decision: override.seq } as const;
    return { value: override.value as SingleValues[A], origin };
  }
  const choice = choose(attribute, candidatesFor(attribute, members), survivorship);
  if (choice === null) return null;
  const { winner, ground } = choice;
  return { value: winner.value, origin: { attribute, index: 0, source: winner.member.id, ground, decision: null } };
}

/** The name that was chosen, and behind it all others that records in use have. */
function collectedNames(first: Chosen<HumanName> | null, members: readonly Member[]): readonly Chosen<HumanName>[] {
  const others = members.flatMap(({ id, patient }) =>
    (patient.name ?? []).filter(isOfPerson).map((value) => [value, id] as const),
  );
  return distinct('name', others, nameKey, first === null ? [] : [first]);
}

function collectedContacts(members: readonly Member[], survivorship: Survivorship): readonly Chosen<ContactPoint>[] {
  const guarantors = guarantorContacts(members);
  const own = speaking(members, survivorship).flatMap((member) =>
    (member.patient.telecom ?? [])
      .filter((value, index) => isOwn(member, 'telecom', index) && !guarantors.has(contactKey(value)))
      .map((value) => [value, member.id] as const),
  );
  return distinct('telecom', own, contactKey, []);
}

/** All that ever named the person; those of records that are not in use are old. */
function collectedIdentifiers(members: readonly Member[]): readonly Chosen<Identifier>[] {
  const used = members.filter(({ inUse }) => inUse);
  const old = members.filter(({ inUse }) => !inUse);
  const all = [
    ...used.flatMap(({ id, patient }) => (patient.identifier ?? []).map((value) => [value, id] as const)),
    ...old.flatMap(({ id, patient }) =>
      (patient.identifier ?? []).map(({ use: _use, ...value }) => [{ use: 'old', ...value }, id] as const),
    ),
  ];
  return distinct('identifier', all, identifierKey, []);
}

/** Records in use, or all where none is; of the most trusted site first, and of those the last word. */
function speaking(members: readonly Member[], { trust }: Survivorship): readonly Member[] {
  const inUse = members.filter((member) => member.inUse);
  return [...(inUse.length === 0 ? members : inUse)].sort(
    (one, other) =>
      trustIn(other.site, trust) - trustIn(one.site, trust) || other.statedAt - one.statedAt || byAge(one, other),
  );
}

/** Each value once, as the first has it. */
function distinct<T>(
  attribute: SetAttribute | 'name',
  values: readonly (readonly [T, string])[],
  keyOf: (value: T) => string,
  first: readonly Chosen<T>[],
): readonly Chosen<T>[] {
  const found = [...first];
  const seen = new Set(['', ...first.map(({ value }) => keyOf(value))]);
  for (const [value, source] of values) {
    const key = keyOf(value);
    if (seen.has(key)) continue;
    seen.add(key);
    const origin = { attribute, index: found.length, source, ground: 'collected', decision: null } as const;
    found.push({ value, origin });
  }
  return found;
}

/** Who may not read one of the records may not read what was made of it. */
function labels(members: readonly Member[]): readonly Coding[] {
  const all = members.flatMap(({ patient }) => patient.meta?.security ?? []);
  const byCode = new Map(all.map((coding) => [`${coding.system ?? ''}|${coding.code ?? ''}`, coding]));
  return [...byCode].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, coding]) => coding);
}
