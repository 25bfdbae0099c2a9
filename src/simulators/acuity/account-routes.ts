/** Account, reference data and clients (sheet 3.3). */
import type { Call, Route } from '../kit/route.ts';
import { jsonObject, notFound, ok, rule, textOf } from './answers.ts';
import { mayUse, principalOf } from './auth.ts';
import { checkCertificate, clientKey, readEmail } from './details.ts';
import { CLIENTS, type Client } from './model.ts';
import { ownerOf, showCalendars, showTypes } from './render.ts';
import { typeById, worldOf, type Account, type World } from './world.ts';

export function referenceRoutes(account: Account): Route[] {
  const read = (path: string, work: (world: World, call: Call) => unknown): Route => ({
    method: 'GET',
    path,
    handle: (call) => {
      principalOf(account, call);
      return ok(work(worldOf(account, call.view), call));
    },
  });
  return [
    // The only call without authorisation: the networks that webhooks come from.
    { method: 'GET', path: '/meta', handle: () => ok({ hooks: ['127.0.0.1/32', '::1/128'] }) },
    read('/me', (world, call) => {
      const { user } = principalOf(account, call);
      const { name, email, timezone } = world.seed.account;
      return { id: user.id, ownerID: ownerOf(world), name, email, timezone, currency: 'USD', plan: 'Premium' };
    }),
    read('/appointment-types', (world, call) => showTypes(world, call.query.get('includeDeleted') === 'true')),
    read('/calendars', (world, call) => {
      const { user } = principalOf(account, call);
      return showCalendars(world).filter((one) => mayUse(user, (one as { readonly id: number }).id));
    }),
    read('/forms', (world) => world.seed.forms.map((form) => showForm(world, form))),
    read('/labels', (world) => world.seed.labels),
    read('/appointment-addons', (world) => world.seed.addons),
    read('/products', (world) => world.seed.products),
    read('/orders', () => []),
    read('/certificates', (world) => world.seed.certificates),
    read('/certificates/check', (world, call) => {
      const type = typeById(world, call.query.get('appointmentTypeID'));
      if (type === undefined) throw rule('invalid_appointment_type');
      if (checkCertificate(world, type, call.query.get('certificate')) === null) throw rule('invalid_certificate');
      return world.seed.certificates.find((one) => one.certificate === call.query.get('certificate'));
    }),
  ];
}

function showForm(world: World, form: World['seed']['forms'][number]): object {
  const types = world.seed.appointmentTypes.filter((type) => type.formIDs?.includes(form.id) === true);
  return {
    id: form.id,
    name: form.name,
    description: form.description ?? '',
    hidden: false,
    appointmentTypeIDs: types.map((type) => type.id),
    fields: form.fields.map((field) => ({ required: false, type: 'textbox', ...field })),
  };
}

export function clientRoutes(account: Account): Route[] {
  const route = (method: string, work: (call: Call) => unknown): Route => ({
    method,
    path: '/clients',
    handle: (call) => {
      principalOf(account, call);
      return ok(work(call));
    },
  });
  return [
    route('GET', (call) => {
      const wanted = (call.query.get('search') ?? '').trim().toLowerCase();
      return call.view.all(CLIENTS).filter((one) => searchText(one).includes(wanted));
    }),
    route('POST', (call) => {
      const body = jsonObject(call.body);
      if (textOf(body['firstName']) === '') throw rule('required_first_name');
      if (textOf(body['lastName']) === '') throw rule('required_last_name');
      const client = clientFrom(body, { firstName: '', lastName: '', phone: '', email: '', notes: '' });
      call.write((tx) => tx.put(CLIENTS, clientKey(client), client));
      return client;
    }),
    route('PUT', (call) => {
      const body = jsonObject(call.body);
      return call.write((tx) => {
        const old = findClient(tx.all(CLIENTS), call.query);
        const next = clientFrom(body, old);
        tx.remove(CLIENTS, clientKey(old));
        tx.put(CLIENTS, clientKey(next), next);
        return next;
      });
    }),
    route('DELETE', (call) =>
      call.write((tx) => {
        const old = findClient(tx.all(CLIENTS), call.query);
        tx.remove(CLIENTS, clientKey(old));
        return old;
      }),
    ),
  ];
}

function searchText(client: Client): string {
  return `${client.firstName} ${client.lastName} ${client.phone} ${client.email}`.toLowerCase();
}

/** Clients have no id: first and last name, and the phone where given, name one. */
function findClient(clients: readonly Client[], query: URLSearchParams): Client {
  const same = (one: string, other: string | null): boolean =>
    other === null || one.toLowerCase() === other.toLowerCase();
  const found = clients.find((one) => {
    const named = query.get('firstName') !== null && query.get('lastName') !== null;
    const phone = same(one.phone, query.get('phone'));
    return named && phone && same(one.firstName, query.get('firstName')) && same(one.lastName, query.get('lastName'));
  });
  if (found === undefined) throw notFound('client');
  return found;
}

function clientFrom(body: Readonly<Record<string, unknown>>, old: Client): Client {
  const given = (name: keyof Client): string => (body[name] === undefined ? old[name] : textOf(body[name]));
  const email = body['email'] === undefined ? old.email : readEmail(body['email'], true);
  const [firstName, lastName, phone, notes] = [given('firstName'), given('lastName'), given('phone'), given('notes')];
  return { firstName, lastName, phone, email, notes };
}
