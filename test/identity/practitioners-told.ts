/** A feed that tells of practitioners, and the site file that answers what it says of them. */
import type { PractitionerAssertion } from '../../src/mappings/contract.ts';
import type { ResourceRule } from '../../src/settings/shape.ts';
import { BOB, during, fed, testPlan, testSites, type World } from '../support/builders.ts';

const [NORTH, SOUTH, FEED] = testSites();
let visits = 0;

/** With a visit of its own; the actors of that. */
export async function say(world: World, assertion: PractitionerAssertion): Promise<readonly string[]> {
  const key = `F-${assertion.code}-${String(++visits)}`;
  const participants = [{ actor: { kind: 'practitioner', assertion }, status: 'accepted' }] as const;
  await world.tell('feed', fed(key, during(9), { participants, patients: [BOB] }));
  return (await world.appointment('feed', key)).actors;
}

export async function write(world: World, practitioners: Readonly<Record<string, ResourceRule>>): Promise<void> {
  const feed = { ...FEED, resources: { ...FEED.resources, practitioners } };
  world.plan = testPlan([NORTH, SOUTH, feed]);
  await world.syncDirectory();
}
