/** Riverside with a port for requests: what callers book there goes to the site as SRM. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { RIVERSIDE, type ConfigFolder } from './config-folder.ts';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const HOURS = '09:00-17:00';
/** Office visits on every day of the week, as a template of the site file says it. */
export const OFFICE_HOURS = { day: { days: WEEK, hours: [HOURS], visitTypes: ['OFFICE'] } };

/** A port that nobody listens on just now: the site file names it before the simulator takes it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
  return found;
}

/** Both practitioners work at these hours; `templates` as in the site file. */
export async function takesRequests(config: ConfigFolder, port: number, templates: object): Promise<void> {
  await config.edit(`sandbox/${RIVERSIDE}.yaml`, (seed) => {
    seed.setIn(['requests'], { port });
    for (const at of [0, 1])
      seed.setIn(['practitioners', at, 'hours'], Object.fromEntries(WEEK.map((day) => [day, [HOURS]])));
  });
  await config.edit(`sites/${RIVERSIDE}.yaml`, (site) => {
    site.setIn(['settings', 'requests'], { host: '127.0.0.1', port, answerWithin_ms: 2_500, decideWithin_ms: 200 });
    site.setIn(['templates'], templates);
  });
}

/** A site that is asked and does not answer is told of soon. */
export async function waitsBriefly(config: ConfigFolder): Promise<void> {
  await config.edit('hub.yaml', (hub) => {
    hub.setIn(['booking', 'wait_ms'], 3_000);
    hub.setIn(['booking', 'siteTimeout_ms'], 4_000);
  });
}
