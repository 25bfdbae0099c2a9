/** What a new user sees: addresses, the demo token, the sites, and three commands to paste. */
import type { Running } from './boot.ts';
import { systemClock } from './core/clock.ts';
import { asHubError, HubError } from './core/errors.ts';
import { formatInstant, HOUR_MS, plus } from './core/instant.ts';
import { SYSTEMS } from './fhir/types.ts';
import type { Plan } from './settings/shape.ts';

const LOOK_EVERY_MS = 200;
const WAIT_AT_MOST_MS = 120_000;

export async function announce(running: Running, say: (line: string) => void): Promise<void> {
  const { hub } = running;
  const began = systemClock.monotonic();
  let told = '';
  for (;;) {
    const missing = await hub.missing().catch(untilItAnswers);
    if (missing.length === 0) break;
    // How many messages wait changes all the time and tells a person nothing.
    const text = missing.filter((line) => !/^\d/.test(line)).join('; ');
    if (text !== told && text !== '') say(`Waiting: ${text}`);
    told = text;
    if (systemClock.monotonic() - began > WAIT_AT_MOST_MS) break;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  say('');
  say(`FHIR API    ${hub.httpUrl}/fhir/R4   (metadata is open, all else wants a token)`);
  say(`Operations  ${hub.httpUrl}/ops`);
  say(`HL7 v2      mllp://${hub.mllp.host}:${hub.mllp.port}`);
  for (const site of hub.plan().sites) {
    const simulator = running.simulators.find((one) => one.site === site.id);
    const where = simulator === undefined ? '' : `  simulator ${simulator.url}`;
    say(`Site        ${site.id} (${site.kind}, ${site.stage})${where}`);
  }
  if (running.tokens !== null)
    await threeCommands(running, say).catch(() => say('No free slot to show yet; see README.'));
  say('');
  say('Ready. Ctrl-C stops it; nothing is lost.');
}

/** The hub is in service by now: a database that is away for a moment must not end it. */
function untilItAnswers(thrown: unknown): readonly string[] {
  const error = asHubError(thrown);
  if (error.class !== 'transient') throw error;
  return [error.message];
}

interface FoundSlot {
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly meta?: { readonly source?: string };
}
interface Found {
  readonly entry?: readonly { readonly resource: FoundSlot }[];
}

/** With real ids of this moment, so that each can be pasted as it stands. */
async function threeCommands(running: Running, say: (line: string) => void): Promise<void> {
  const { hub, tokens, simulators } = running;
  const base = `${hub.httpUrl}/fhir/R4`;
  const token = tokens?.byName['scheduler'] ?? '';
  const get = async (query: string): Promise<readonly FoundSlot[]> => {
    const answer = await fetch(`${base}/${query}`, { headers: { authorization: `Bearer ${token}` } });
    const found = (await answer.json()) as Found;
    return (found.entry ?? []).map(({ resource }) => resource);
  };
  const from = formatInstant(plus(systemClock.now(), 24 * HOUR_MS));
  const search = `Slot?status=free&service-type=therapy-50&start=ge${from}&_sort=start&_count=20`;
  const npi = sharedNpi(hub.plan());
  const actor = npi === null ? '' : `&schedule.actor:Practitioner.identifier=${SYSTEMS.npi}%7C${npi}`;
  const [slots, [patient]] = [
    await get(`${search.replace('_count=20', '_count=200')}${actor}`),
    await get('Patient?_count=1'),
  ];
  const slot = slots.find((one) => slots.some((other) => offeredTwice(one, other))) ?? slots[0];
  say('');
  say(`Token       ${token}`);
  if (slot === undefined || patient === undefined) throw new HubError('NOT_FOUND');
  const body = JSON.stringify({
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'appointment-resource',
        resource: {
          resourceType: 'Appointment',
          status: 'proposed',
          slot: [{ reference: `Slot/${slot.id}` }],
          start: slot.start,
          end: slot.end,
          participant: [{ actor: { reference: `Patient/${patient.id}` }, status: 'accepted' }],
        },
      },
    ],
  });
  const curl = `   curl -sg -H 'Authorization: Bearer ${token}'`;
  say('');
  say('1. Free slots across all sites:');
  say(`${curl} '${base}/${search}'`);
  say('2. Book one:');
  say(`${curl} -H 'Content-Type: application/fhir+json' '${base}/Appointment/$book' -d '${body}'`);
  say('3. See the practitioner busy at every site, and the visit at its own site:');
  const time = (text: string): string => text.replace('+', '%2B');
  say(`${curl} '${base}/Slot?start=ge${time(slot.start)}&start=lt${time(slot.end)}${actor}'`);
  const own = simulators.find(({ site }) => slot.meta?.source?.startsWith(`urn:slotwire:site:${site}`) === true);
  if (own !== undefined) say(`   curl -s '${own.url}/__sim/state?only=appointments'`);
}

/** The same time of the same person, offered by two sites. */
function offeredTwice(one: FoundSlot, other: FoundSlot): boolean {
  const site = (slot: FoundSlot): string => slot.meta?.source?.split('#')[0] ?? '';
  return site(one) !== site(other) && Date.parse(one.start) === Date.parse(other.start);
}

function sharedNpi(plan: Plan): string | null {
  const seen = new Set<string>();
  for (const site of plan.sites) {
    const here = Object.values(site.resources.calendars).flatMap(({ practitioner }) => practitioner ?? []);
    for (const reference of new Set(here)) {
      if (seen.has(reference) && reference.startsWith('npi:')) return reference.slice('npi:'.length);
      seen.add(reference);
    }
  }
  return null;
}
