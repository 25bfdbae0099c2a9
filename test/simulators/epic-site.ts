/** A small Epic site, the key set of a client of it, and calls with a token. */
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/core/clock.ts';
import { epicSimulator } from '../../src/simulators/epic/simulator.ts';
import { startSimulator } from '../../src/simulators/kit/start.ts';
import { call, clockFrom, list, MONDAY, temporaryFolder, text } from './practice.ts';
import type { Cleanup, Loose, Reply } from './practice.ts';

const HOURS = { mon: ['09:00-12:00'], tue: ['09:00-12:00'] };
export const OID = '1.2.840.114350.1.13.999.2';

export function epicSeed(jwksUrl: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    site: { name: 'NORTH', timezone: 'America/Chicago', oid: OID },
    clients: [
      { id: 'hub-patient', jwksUrl, channel: 'patient' },
      { id: 'hub-staff', jwksUrl, channel: 'staff' },
      { id: 'hub-unmapped', jwksUrl, mapped: false },
    ],
    departments: [
      { id: '17', fhirId: 'eLocNorth3', name: 'NORTH CLINIC' },
      { id: '18', fhirId: 'eLocSouth3', name: 'SOUTH CLINIC' },
    ],
    practitioners: [
      { id: '3301', fhirId: 'ePracKim3', npi: '1043333339', family: 'KIM', given: 'ARA' },
      { id: '3302', fhirId: 'ePracRao3', family: 'RAO', given: 'ASHA' },
    ],
    visitTypes: [
      { code: '410', name: 'OFFICE VISIT', minutes: 20 },
      { code: '411', name: 'LONG VISIT', minutes: 60 },
      { code: '412', name: 'PROCEDURE', minutes: 60, channels: ['staff'] },
    ],
    templates: [
      {
        practitioner: '3301',
        department: '17',
        hours: HOURS,
        patientHours: { mon: ['09:00-10:00'], tue: ['09:00-10:00'] },
        visitTypes: ['410', '412'],
      },
      { practitioner: '3302', department: '18', hours: HOURS, visitTypes: ['411'] },
    ],
    patients: [
      { mrn: '203711', family: 'LEE', given: 'NOA', birthDate: '1984-05-12', sex: 'F', phone: '5555550188' },
      { mrn: '203712', family: 'OKAFOR', given: 'IDRIS', birthDate: '1970-01-02', sex: 'M' },
    ],
    horizonDays: 7,
    ...more,
    settings: { loopbackJwks: true, retryMilliseconds: 5, ...(more['settings'] as object | undefined) },
  };
}

export interface Keys {
  readonly url: string;
  /** How often the set was fetched. */
  readonly fetches: () => number;
  readonly privateKey: (kid: string) => KeyObject;
  /** Makes a key and publishes it from now on. */
  readonly publish: (kid: string, type?: 'rsa' | 'ec' | 'weak') => KeyObject;
  readonly withdraw: (kid: string) => void;
  cacheControl: string | null;
}

/** A kept connection would be reused after a restart on the same port, and fail. */
const ONCE = { connection: 'close' };

/** A JWKS on loopback, with one RSA key `k1`. */
export async function keySet(t: Cleanup): Promise<Keys> {
  const keys = new Map<string, KeyObject>();
  let fetched = 0;
  const server = createServer((_request, response) => {
    fetched += 1;
    const set = [...keys].map(([kid, key]) => ({ ...createPublicKey(key).export({ format: 'jwk' }), kid }));
    if (made.cacheControl !== null) response.setHeader('cache-control', made.cacheControl);
    response.setHeader('connection', 'close').end(JSON.stringify({ keys: set }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const made: Keys = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    fetches: () => fetched,
    privateKey: (kid) => keys.get(kid)!,
    publish: (kid, type = 'rsa') => {
      const { privateKey } =
        type === 'ec'
          ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
          : generateKeyPairSync('rsa', { modulusLength: type === 'weak' ? 1024 : 2048 });
      keys.set(kid, privateKey);
      return privateKey;
    },
    withdraw: (kid) => keys.delete(kid),
    cacheControl: null,
  };
  made.publish('k1');
  return made;
}

export interface Site {
  readonly url: string;
  readonly folder: string;
  readonly base: string;
  readonly tokenUrl: string;
  readonly keys: Keys;
  readonly now: () => number;
  /** A FHIR call with the token of `hub-patient`, or of the client named. */
  readonly api: (method: string, path: string, body?: unknown, client?: string) => Promise<Reply>;
  readonly askToken: (claims?: Record<string, unknown>, signing?: Signing) => Promise<Reply>;
  readonly act: (action: string, more?: Record<string, unknown>) => Promise<Reply>;
  readonly faults: (switches: Record<string, unknown>) => Promise<Reply>;
  readonly state: (part: string) => Promise<Loose>;
  readonly stop: () => Promise<void>;
}

export interface Signing {
  readonly algorithm?: 'RS256' | 'RS384' | 'RS512' | 'ES384' | 'none';
  readonly key?: KeyObject;
  readonly kid?: string | null;
}

export async function epicSite(
  t: Cleanup,
  more: Record<string, unknown> = {},
  options: { readonly keys?: Keys; readonly clock?: Clock; readonly folder?: string } = {},
): Promise<Site> {
  const keys = options.keys ?? (await keySet(t));
  const folder = options.folder ?? temporaryFolder(t);
  const clock = options.clock ?? clockFrom(MONDAY);
  const seed = epicSeed(keys.url, more);
  const started = await startSimulator(epicSimulator, { site: 'eastbank', stateDir: folder, seed, clock });
  t.after(() => started.stop().catch(() => undefined));
  const { url } = started;
  const [base, tokenUrl] = [`${url}/Interconnect`, `${url}/Interconnect/oauth2/token`];
  const tokens = new Map<string, string>();
  const askToken: Site['askToken'] = (claims = {}, signing = {}) => {
    const now = Math.floor(clock.now() / 1000);
    const own = { aud: tokenUrl, jti: crypto.randomUUID(), exp: now + 240, nbf: now - 5, iat: now - 5 };
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion({ iss: 'hub-patient', sub: 'hub-patient', ...own, ...claims }, keys, signing),
    });
    return call('POST', tokenUrl, form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      ...ONCE,
    });
  };
  const tokenOf = async (client: string): Promise<string> => {
    const known = tokens.get(client);
    if (known !== undefined) return known;
    const token = text((await askToken({ iss: client, sub: client })).json['access_token']);
    tokens.set(client, token);
    return token;
  };
  return {
    ...{ url, folder, base, tokenUrl, keys, askToken },
    now: () => clock.now(),
    api: async (method, path, body, client = 'hub-patient') =>
      call(method, `${base}/api/FHIR${path}`, body, {
        authorization: `Bearer ${await tokenOf(client)}`,
        accept: 'application/fhir+json',
        ...ONCE,
      }),
    act: (action, fields = {}) => call('POST', `${url}/__sim/act`, { action, ...fields }, ONCE),
    faults: (switches) => call('POST', `${url}/__sim/faults`, switches, ONCE),
    state: async (part) => (await call('GET', `${url}/__sim/state?only=${part}`, undefined, ONCE)).json[part]!,
    stop: () => started.stop(),
  };
}

function assertion(claims: Record<string, unknown>, keys: Keys, signing: Signing): string {
  const { algorithm = 'RS384', key = keys.privateKey('k1'), kid = 'k1' } = signing;
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: algorithm, typ: 'JWT', ...(kid === null ? {} : { kid }) })}.${part(claims)}`;
  if (algorithm === 'none') return `${signed}.`;
  const hash = `sha${algorithm.slice(2)}`;
  const bytes = sign(hash, Buffer.from(signed), algorithm === 'ES384' ? { key, dsaEncoding: 'ieee-p1363' } : key);
  return `${signed}.${bytes.toString('base64url')}`;
}

export const FIND = '/STU3/Appointment/$find';
export const BOOK = '/STU3/Appointment/$book';
/** Tuesday 2026-12-01, 09:00 to 12:00 in Chicago. */
export const TUESDAY = { from: '2026-12-01T15:00:00Z', to: '2026-12-01T18:00:00Z' };

export function findBody(more: readonly object[] = [], window = TUESDAY): object {
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'startTime', valueDateTime: window.from },
      { name: 'endTime', valueDateTime: window.to },
      ...more,
    ],
  };
}

export function visitType(code: string, name = 'serviceType'): object {
  const coding = [{ system: `urn:oid:${OID}.7.2.808267`, code }];
  return { name, valueCodeableConcept: { coding } };
}

export function bookBody(patient: string, appointment: string, note?: string): object {
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'patient', valueIdentifier: { value: patient } },
      { name: 'appointment', valueIdentifier: { value: appointment } },
      ...(note === undefined ? [] : [{ name: 'appointmentNote', valueString: note }]),
    ],
  };
}

/** The resources of a bundle that were found, without what is said about the search. */
export function matches(reply: Reply): readonly Loose[] {
  const entries = list(reply.json['entry']);
  return entries.filter((one) => text(one['search']!['mode']) === 'match').map((one) => one['resource']!);
}

/** The numbers of every issue, of an outcome or of the one inside a bundle. */
export function codes(reply: Reply): readonly string[] {
  const outcomes =
    (reply.json['resourceType'] as unknown) === 'OperationOutcome'
      ? [reply.json]
      : list(reply.json['entry'])
          .map((one) => one['resource']!)
          .filter((one) => (one['resourceType'] as unknown) === 'OperationOutcome');
  return outcomes.flatMap((one) =>
    list(one['issue']).map((issue) => text(list(issue['details']!['coding'])[0]!['code'])),
  );
}

export async function patientId(site: Pick<Site, 'state'>, mrn = '203711'): Promise<string> {
  const found = list(await site.state('patients')).find((one) => text(one['mrn']) === mrn);
  return text(found?.['id']);
}

/** The id under which a `$find` offers the first time of 410. */
export async function proposal(site: Site): Promise<string> {
  return text(matches(await site.api('POST', FIND, findBody([visitType('410')])))[0]?.['id']);
}
