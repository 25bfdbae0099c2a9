/** What a new user sees: addresses, the demo token, the sites, and three commands to paste. */
import axios from 'axios';
import type { Running } from './boot.ts';
import { systemClock } from './core/clock.ts';
import { formatInstant, HOUR_MS, plus } from './core/instant.ts';

const LOOK_EVERY_MS = 200;
const WAIT_AT_MOST_MS = 120_000;

export async function announce(running: Running, say: (line: string) => void): Promise<void> {
  const { hub } = running;
  const began = systemClock.monotonic();
  let told = '';
  for (;;) {
    const missing = await hub.missing();
    if (missing.length === 0) break;
    const text = missing.join('; ');
    if (text !== told) say(`Waiting: ${text}`);
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
    say(
      `Site        ${site.id} (${site.kind}, ${site.stage})${simulator === undefined ? '' : `  simulator ${simulator.url}`}`,
    );
  }
  if (running.tokens !== null)
    await threeCommands(running, say).catch(() => say('No free slot to show yet; see README.'));
  say('');
  say('Ready. Ctrl-C stops it; nothing is lost.');
}

interface Found {
  readonly entry?: readonly {
    readonly resource: { readonly id: string; readonly start?: string; readonly end?: string };
  }[];
}

async function threeCommands(running: Running, say: (line: string) => void): Promise<void> {
  const { hub, tokens, simulators } = running;
  const base = `${hub.httpUrl}/fhir/R4`;
  const token = tokens?.byName['scheduler'] ?? '';
  const get = async (query: string): Promise<Found> => {
    const { data } = await axios.get<Found>(`${base}/${query}`, {
      headers: { authorization: `Bearer ${token}` },
      proxy: false,
    });
    return data;
  };
  const from = formatInstant(plus(systemClock.now(), 24 * HOUR_MS));
  const search = `Slot?status=free&service-type=therapy-50&start=ge${from}&_sort=start&_count=20`;
  const slot = (await get(search)).entry?.[0]?.resource;
  const patient = (await get('Patient?_count=1')).entry?.[0]?.resource;
  say('');
  say(`Token       ${token}`);
  if (slot?.start === undefined || slot.end === undefined || patient === undefined) return;
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
  say('');
  say('1. Free slots across all sites:');
  say(`   curl -s -H 'Authorization: Bearer ${token}' '${base}/${search}'`);
  say('2. Book one:');
  say(
    `   curl -s -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/fhir+json' '${base}/Appointment/$book' -d '${body}'`,
  );
  say('3. See it busy everywhere (the same practitioner at every site), and present at its own site:');
  const around = `start=ge${slot.start.replace('+', '%2B')}&start=lt${slot.end.replace('+', '%2B')}`;
  say(`   curl -s -H 'Authorization: Bearer ${token}' '${base}/Slot?status:not=free&${around}'`);
  for (const { url, kind } of simulators) if (kind === 'acuity') say(`   curl -s '${url}/__sim/state'`);
}
