/** People as they are shown to callers: golden records, links to them, and who a description fits. */
import type { Patient } from '../../fhir/types.ts';
import { namespacesOfAll, NO_NAMESPACES } from '../../settings/identifier-types.ts';
import type { Plan } from '../../settings/shape.ts';
import type { Served } from '../../store/contract-resources.ts';
import type { Tx } from '../../store/contract.ts';
import type { PeopleServing } from '../contract-serve.ts';
import { SURVIVORSHIP, type Survivorship } from '../golden/member.ts';
import { goldenIdPatient, referring } from '../golden/patient-link.ts';
import type { Model } from '../match/model.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import type { Memory } from '../placing/memory.ts';
import { memoryUnder } from '../placing/placing.ts';
import { crossReferenced } from './cross-reference.ts';
import { goldenServed, pointerServed } from './golden-served.ts';
import { matchedPeople } from './match-people.ts';
import { openedPlan } from './opened-plan.ts';
import { found, goldenOf, peopleSeen, personMeant } from './people-seen.ts';
import { undecidedPlan } from './undecided.ts';

export interface ServingOptions {
  /** Asked anew for each answer, so that what an operator trusts holds at once. */
  readonly survivorship?: () => Survivorship;
  readonly model?: Model;
  /** Default: one of its own, of a size that fits. */
  readonly memory?: Memory;
  /** The plan in force: what numbers mean. */
  readonly plan?: () => Plan;
}

/** Fewer than those that are placed: callers ask about somebody, and then about somebody else. */
const REMEMBERED = 5_000;

export function servingMemory(plan?: () => Plan): Memory {
  return memoryUnder(plan, REMEMBERED);
}

export function peopleServing({
  survivorship = () => SURVIVORSHIP,
  model = SHIPPED_MODEL,
  plan,
  memory: remembered = servingMemory(plan),
}: ServingOptions = {}): PeopleServing {
  return {
    meant: personMeant,
    goldenOf,
    async person(tx, id) {
      const known = await found(tx, id);
      if (known === null) return null;
      if (known.person !== null) return (await goldenServed(tx, [known.person], survivorship()))[0] ?? null;
      const pointer = goldenIdPatient(id, known.resolution);
      return pointer === null ? null : pointerServed(tx, pointer, known.people);
    },
    linked,
    match: (tx, asked) =>
      matchedPeople(tx, asked, {
        model,
        memory: remembered,
        survivorship: survivorship(),
        namespaces: plan === undefined ? NO_NAMESPACES : namespacesOfAll(plan().sites),
      }),
    crossReference: crossReferenced,
    opened: openedPlan,
    undecided: undecidedPlan,
  };
}

async function linked(tx: Tx, served: readonly Served[]): Promise<readonly Served[]> {
  const patients = served.filter(({ type, deleted }) => type === 'Patient' && !deleted);
  if (patients.length === 0) return served;
  const people = await peopleSeen(tx, patients.map(({ id }) => id)); // prettier-ignore
  const goldenOf = new Map(people.flatMap(({ goldenId, records }) => records.map(({ id }) => [id, goldenId])));
  return served.map((one) => {
    const goldenId = one.type === 'Patient' && !one.deleted ? goldenOf.get(one.id) : undefined;
    if (goldenId === undefined) return one;
    const { link = [], ...patient } = JSON.parse(one.json) as Patient;
    return { ...one, json: JSON.stringify({ ...patient, link: referring(link, goldenId) }) };
  });
}
