/** Rehearses with reads only what the connector will do, and says what to mend. */
import { asHubError } from '../../core/errors.ts';
import type { CheckResult, Site, Tools } from '../contract.ts';
import type { AcuityClient, CallFor } from './client.ts';
import type { AcuitySettings } from './settings.ts';
import type { Form } from './wire.ts';
import { isActive } from './webhook.ts';
import { calendarZone } from './zone.ts';

type Rehearsal = () => Promise<readonly CheckResult[]>;

export async function checkAcuity(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  tools: Tools,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const at: CallFor = { purpose: 'sync', signal };
  const login = await rehearse('credentials', async () => {
    await client.me([], at);
    return [good('credentials', 'accepted')];
  });
  // Without a login every other rehearsal would only repeat the same complaint.
  if (login.some((result) => !result.ok)) return login;
  return [
    ...login,
    ...(await rehearse('calendars', () => calendars(site, client, at))),
    ...(await rehearse('visit types', () => visitTypes(site, client, at))),
    ...(await rehearse('intake fields', () => intakeFields(site, client, at))),
    ...(await rehearse('labels', () => labels(site, client, at))),
    ...(await rehearse('webhooks', () => webhooks(site, client, tools, at))),
  ];
}

async function rehearse(what: string, run: Rehearsal): Promise<readonly CheckResult[]> {
  try {
    return await run();
  } catch (error) {
    return [bad(what, asHubError(error).message)];
  }
}

async function calendars(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  at: CallFor,
): Promise<readonly CheckResult[]> {
  const wanted = Object.keys(site.file.resources.calendars);
  if (wanted.length === 0) return [bad('calendars', 'List the calendars of this site under resources.calendars.')];
  const { value } = await client.calendars([], at);
  const known = new Map(value.map((calendar) => [String(calendar.id), calendar]));
  return wanted.map((id) => {
    const what = `calendar ${id}`;
    const zone = calendarZone(site.file, id);
    const calendar = known.get(id);
    if (calendar === undefined) {
      return bad(what, 'The account shows no such calendar: correct the id, or use an administrator’s API key.');
    }
    if (calendar.timezone !== undefined && calendar.timezone !== zone) {
      return bad(what, `Its zone is ${calendar.timezone} at the site, but ${zone} in the site file. Make them equal.`);
    }
    return good(what, `known, zone ${zone}`);
  });
}

async function visitTypes(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  at: CallFor,
): Promise<readonly CheckResult[]> {
  const listed = new Set(Object.keys(site.file.resources.calendars));
  const { value } = await client.appointmentTypes([], at);
  const known = new Map(value.map((type) => [String(type.id), type]));
  return Object.keys(site.file.visitTypes).map((id) => {
    const what = `visit type ${id}`;
    const type = known.get(id);
    if (type === undefined) return bad(what, 'The account has no such appointment type: correct or remove it.');
    if (type.active === false) return bad(what, 'This appointment type is deleted at the site: remove it.');
    if (!type.calendarIDs.some((calendar) => listed.has(String(calendar)))) {
      return bad(what, 'It is offered on none of the listed calendars: list one that offers it, or remove it.');
    }
    return good(what, `${type.type ?? 'service'}, ${type.duration} minutes`);
  });
}

async function intakeFields(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  at: CallFor,
): Promise<readonly CheckResult[]> {
  const { mrnField, birthDateField, bookingIdField } = site.settings;
  const wanted = Object.entries({ mrnField, birthDateField, bookingIdField }).flatMap(([name, id]) =>
    id === undefined ? [] : [{ name, id }],
  );
  const advice =
    bookingIdField === undefined
      ? [good('bookingIdField', 'not set: a lost answer is looked up by person and time, which can stay undecided')]
      : [];
  if (wanted.length === 0) return advice;
  const { value } = await client.forms([], at);
  const known = new Set(value.flatMap((form) => (form.fields ?? []).map((field) => field.id)));
  const results = wanted.map(({ name, id }) =>
    known.has(id) ? good(name, `field ${id} exists`) : bad(name, `No intake form has a field ${id}: correct the id.`),
  );
  return [...results, ...advice, ...(await withoutOurField(site, client, value, at))];
}

async function labels(site: Site<AcuitySettings>, client: AcuityClient, at: CallFor): Promise<readonly CheckResult[]> {
  const wanted = Object.entries(site.settings.labels);
  if (wanted.length === 0) return [];
  const known = new Set((await client.labels([], at)).value.map((label) => label.id));
  return wanted.map(([meaning, id]) => {
    const what = `label ${meaning}`;
    return known.has(id)
      ? good(what, `label ${id} exists`)
      : bad(what, `The account has no label ${id}: correct the id.`);
  });
}

/**
 * Bookings of such a type can be looked up only by person and time, which is worth knowing before the first lost
 * answer.
 */
async function withoutOurField(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  forms: readonly Form[],
  at: CallFor,
): Promise<readonly CheckResult[]> {
  const field = site.settings.bookingIdField;
  if (field === undefined) return [];
  const holding = new Set(forms.filter((form) => form.fields?.some((one) => one.id === field)).map((form) => form.id));
  const { value } = await client.appointmentTypes([], at);
  return value
    .filter((type) => String(type.id) in site.file.visitTypes)
    .filter((type) => type.formIDs !== undefined && !type.formIDs.some((form) => holding.has(form)))
    .map((type) =>
      bad(`visit type ${type.id}`, `Its forms lack field ${field} (bookingIdField): add that form to it.`),
    );
}

async function webhooks(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  tools: Tools,
  at: CallFor,
): Promise<readonly CheckResult[]> {
  const { webhooks: mode, webhookEvents } = site.settings;
  if (mode === 'none') return [good('webhooks', 'none: changes are seen by polling only')];
  const target = tools.webhookUrl;
  if (mode === 'static') {
    const where = target ?? 'the intake address of this site';
    return [good('webhooks', `static, not visible to the API: enter ${where} for event "changed" in the account`)];
  }
  if (target === null) {
    return [bad('webhooks', 'dynamic needs an address that the vendor can reach: set it, or write webhooks: static.')];
  }
  const { value } = await client.webhooks([], at);
  return webhookEvents.map((event) => {
    const ours = value.filter((hook) => hook.event === event && hook.target === target);
    const others = value.length - ours.length;
    if (ours.some(isActive)) return good(`webhook ${event}`, 'registered and active');
    if (ours.length === 0 && others >= 25) {
      return bad(`webhook ${event}`, 'The account has its 25 webhooks already: remove one that is not needed.');
    }
    return good(`webhook ${event}`, ours.length === 0 ? 'will be registered at start' : 'inactive, will be renewed');
  });
}

function good(what: string, detail: string): CheckResult {
  return { what, ok: true, detail };
}
function bad(what: string, detail: string): CheckResult {
  return { what, ok: false, detail };
}
