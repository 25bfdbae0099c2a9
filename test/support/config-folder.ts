/**
 * A CONFIG_DIR for tests: the shipped sandbox with a horizon of days instead of weeks and vendors without a limit, so
 * that a hub is ready within seconds. Open every day of the week, because tests run on Sundays too.
 */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument, type Document } from 'yaml';

const SHIPPED = join(import.meta.dirname, '../../config');

export const MIDTOWN = 'midtown-acuity';
export const NORTHSIDE = 'northside-acuity';
export const RIVERSIDE = 'riverside-hl7';
/** Works at all three sites; the others work at one each. */
export const RAO = { npi: '1043333339', midtown: '84021', northside: '91001', riverside: 'RAO' };
export const ORTIZ = '84022';
export const WEISS = '91002';
/** Site codes of the catalogue's therapy-50 and intake-30. */
export const THERAPY = { midtown: '5512', northside: '6611' };
export const INTAKE = { midtown: '5513', northside: '6612' };
export const GROUP = '5514';

export const HORIZON_DAYS = 4;
const HORIZON_SEEN_DAYS = HORIZON_DAYS + 1;
/** The same hours on the clock of the world at both practices. */
const HOURS = { [MIDTOWN]: '08:00-20:00', [NORTHSIDE]: '09:00-21:00' };
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** Persons 0 to 29 are patients of Midtown, 25 to 39 of Northside; each had one visit there before the hub came. */
export const PEOPLE: Readonly<Record<string, readonly [first: number, count: number]>> = {
  [MIDTOWN]: [0, 30],
  [NORTHSIDE]: [25, 15],
};

export type Edit = (document: Document) => void;

export interface ConfigFolder {
  readonly path: string;
  /** Changes one YAML file, named as below `config/`. */
  edit(file: string, change: Edit): Promise<void>;
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
}

/** Copies the shipped folder to `path` and makes it quick; `sites`: those that stay, default all. */
export async function quickConfig(
  path: string,
  sites: readonly string[] = [MIDTOWN, NORTHSIDE, RIVERSIDE],
): Promise<ConfigFolder> {
  await cp(SHIPPED, path, { recursive: true });
  const folder: ConfigFolder = {
    path,
    async edit(file, change) {
      const name = join(path, file);
      const document = parseDocument(await readFile(name, 'utf8'));
      change(document);
      await writeFile(name, document.toString());
    },
    read: (file) => readFile(join(path, file), 'utf8'),
    write: (file, text) => writeFile(join(path, file), text),
    remove: (file) => rm(join(path, file)),
  };
  for (const file of await readdir(join(path, 'sites'))) {
    const site = file.replace(/\.yaml$/, '');
    if (sites.includes(site)) continue;
    await folder.remove(`sites/${file}`);
    await folder.edit('hub.yaml', (hub) => hub.deleteIn(['simulators', site]));
  }
  await folder.edit('hub.yaml', (hub) => {
    hub.setIn(['limits', 'requestsPerClient_per_s'], 100_000);
    hub.setIn(['booking', 'resolveEvery_ms'], 500);
  });
  for (const site of sites.filter((id) => id !== RIVERSIDE)) await quickPractice(folder, site);
  if (sites.includes(RIVERSIDE)) {
    await folder.edit(`sites/${RIVERSIDE}.yaml`, (file) => file.setIn(['poll', 'horizon_days'], HORIZON_DAYS));
    await folder.edit(`sandbox/${RIVERSIDE}.yaml`, (seed) => {
      seed.setIn(['invented', 'fill'], 0);
      seed.setIn(['horizonDays'], HORIZON_SEEN_DAYS);
    });
  }
  return folder;
}

async function quickPractice(folder: ConfigFolder, site: string): Promise<void> {
  await folder.edit(`sites/${site}.yaml`, (file) => {
    file.setIn(['settings', 'requestsPerSecond'], 100_000);
    file.setIn(['settings', 'concurrentRequests'], 40);
    file.setIn(['settings', 'loadBeyond_days'], 0);
    file.setIn(['settings', 'showsWithin_ms'], 500);
    file.setIn(['poll', 'every_s'], 5);
    file.setIn(['poll', 'horizon_days'], HORIZON_DAYS);
  });
  await folder.edit(`sandbox/${site}.yaml`, (seed) => {
    const open = Object.fromEntries(WEEK.map((day) => [day, [HOURS[site as keyof typeof HOURS]]]));
    for (const calendar of [0, 1]) seed.setIn(['calendars', calendar, 'hours'], seed.createNode(open));
    const [first, count] = PEOPLE[site] ?? [0, 0];
    const [calendarID, appointmentTypeID] =
      site === MIDTOWN ? [Number(ORTIZ), Number(INTAKE.midtown)] : [Number(WEISS), Number(INTAKE.northside)];
    seed.setIn(['invented', 'fill'], 0);
    seed.setIn(['horizonDays'], HORIZON_SEEN_DAYS);
    // In the evening of today and after, when nothing is offered: their times are in nobody's way.
    const visits = Array.from({ length: count }, (_, index) => ({
      day: 1 + (index % 3),
      time: `${String(21 + Math.floor(index / 12)).padStart(2, '0')}:${String(5 * (Math.floor(index / 3) % 4) + 10)}`,
      calendarID,
      appointmentTypeID,
      person: first + index,
    }));
    seed.setIn(['visits'], seed.createNode(visits));
    seed.setIn(['settings', 'requestsPerSecond'], 100_000);
    seed.setIn(['settings', 'concurrentRequests'], 10_000);
    seed.setIn(['settings', 'webhookFirstRetrySeconds'], 1);
  });
}
