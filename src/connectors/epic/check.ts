/** Rehearses with questions alone what the connector will do: a token, and a `$find` for each visit type and place. */
import type { Clock } from '../../core/clock.ts';
import { asHubError } from '../../core/errors.ts';
import { DAY_MS, plus } from '../../core/instant.ts';
import type { BackendToken } from '../contract-auth.ts';
import type { CheckResult, Site } from '../contract.ts';
import { parametersFor } from './availability.ts';
import { calendarOf, isCalendar } from './calendar.ts';
import type { CallFor, EpicClient } from './client.ts';
import { CODE } from './outcome.ts';
import type { EpicSettings } from './settings.ts';

export async function checkEpic(
  site: Site<EpicSettings>,
  client: EpicClient,
  token: BackendToken,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const login = await token.check(signal);
  const calendars = calendarForms(site);
  // Without a token every other rehearsal would only repeat the same complaint.
  if (login.some(({ ok }) => !ok)) return [...login, ...calendars];
  const found: CheckResult[] = [];
  const known = Object.keys(site.file.resources.calendars).filter(isCalendar);
  const departments = new Map(known.map((calendar) => [calendarOf(calendar).department, calendar]));
  for (const calendar of departments.values())
    for (const visitType of Object.keys(site.file.visitTypes))
      found.push(await findOnce(site, client, { calendar, visitType }, clock, { purpose: 'sync', signal }));
  return [...login, ...calendars, ...found];
}

function calendarForms({ file }: Site<EpicSettings>): readonly CheckResult[] {
  const all = Object.keys(file.resources.calendars);
  const how = '<FHIR id of the department>/<FHIR id of the practitioner>, both of STU3';
  if (all.length === 0)
    return [{ what: 'calendars', ok: false, detail: `List calendars under resources.calendars, each as ${how}.` }];
  return all
    .filter((calendar) => !isCalendar(calendar))
    .map((calendar) => ({ what: `calendar ${calendar}`, ok: false, detail: `Write it as ${how}.` }));
}

async function findOnce(
  site: Site<EpicSettings>,
  client: EpicClient,
  pair: { readonly calendar: string; readonly visitType: string },
  clock: Clock,
  at: CallFor,
): Promise<CheckResult> {
  const what = `$find of visit type ${pair.visitType} in department ${calendarOf(pair.calendar).department}`;
  const bad = (detail: string): CheckResult => ({ what, ok: false, detail });
  const window = { start: clock.now(), end: plus(clock.now(), DAY_MS) };
  try {
    const { codes } = await client.find(parametersFor(site.settings, { ...pair, window }), at);
    if (codes.includes(CODE.decisionTree))
      return bad('The decision tree picks no visit type for it (59200): the Cadence build must be mended there.');
    if (CODE.ignored.some((code) => codes.includes(code)))
      return bad(
        'Epic ignores a part of the question. Write serviceTypeName with the other name; where that does not help, ' +
          'look at visitTypeSystem, at the code, and at the id of the department.',
      );
    return { what, ok: true, detail: 'understood' };
  } catch (error) {
    return bad(asHubError(error).message);
  }
}
