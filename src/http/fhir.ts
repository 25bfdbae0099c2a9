/** `/fhir/R4`: what is served where. Everything but metadata and SMART configuration takes a bearer token. */
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { capabilityStatement } from '../fhir/capability.ts';
import { isStoredType } from '../fhir/search-params.ts';
import { sendFhir } from './answer.ts';
import { authenticate, ClientRates, demand } from './auth.ts';
import { callerOf, contextOf, fhirBase } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { sendAnswer } from './fhir-answer.ts';
import { refusalLog } from './fhir-audit.ts';
import { book } from './fhir-book.ts';
import { bookSet, setStatus } from './fhir-book-set.ts';
import { hold } from './fhir-hold.ts';
import { match } from './fhir-match.ts';
import { crossReference } from './fhir-pix.ts';
import { patchAppointment, updateAppointment } from './fhir-update.ts';
import { read, readVersion } from './fhir-read.ts';
import { search } from './fhir-search.ts';

type Handler = (req: Request, res: Response, deps: HttpDeps) => Promise<void>;

export function fhirRouter(given: HttpDeps, startedAt: Instant): Router {
  const deps: HttpDeps = { ...given, refusals: refusalLog(given.store) };
  const router = Router();
  const on =
    (handler: Handler): RequestHandler =>
    (req, res) =>
      handler(req, res, deps);
  router.use(negotiate);
  router.get('/metadata', (req, res) => {
    const facts = { base: fhirBase(req), version: deps.version, at: startedAt, zone: deps.currentPlan().hub.timeZone };
    sendFhir(res, 200, JSON.stringify(capabilityStatement(facts)));
  });
  router.get('/.well-known/smart-configuration', smartConfiguration);
  router.use(authenticated(deps, new ClientRates(deps.clock)));
  // Behind authentication: a stranger's body is not read. Read as bytes, because text that is not UTF-8 is refused,
  // not mended.
  router.use((req, res, next) => bodyReader(deps)(req, res, next));
  router.post('/Appointment/$book', on(book));
  router.post('/Appointment/$book-set', on(bookSet));
  router.post('/Appointment/$hold', on(hold));
  router.get('/Appointment/$booking-status/:booking', on(bookingStatus));
  router.get('/Appointment/$set-status/:set', on(setStatus));
  router.put('/Appointment/:id', on(updateAppointment));
  router.patch('/Appointment/:id', on(patchAppointment));
  router.post('/Patient/$match', on(match));
  router.get('/Patient/$ihe-pix', on(crossReference));
  router.post('/Patient/$ihe-pix', on(crossReference));
  router.post('/:type/_search', on(search));
  router.get('/:type/_search', notServed);
  router.get('/:type', on(search));
  router.get('/:type/:id', on(read));
  router.get('/:type/:id/_history/:version', on(readVersion));
  router.use(notServed);
  return router;
}

function bodyReader(deps: HttpDeps): RequestHandler {
  return express.raw({ type: () => true, limit: deps.currentPlan().hub.limits.httpBody_bytes });
}

function authenticated(deps: HttpDeps, rates: ClientRates): RequestHandler {
  return (req, _res, next) => {
    const plan = deps.currentPlan();
    const caller = authenticate(plan, req.get('authorization'));
    contextOf(req).caller = caller;
    rates.take(caller.id, plan.hub.limits.requestsPerClient_per_s);
    next();
  };
}

/** Accept and `_format`: JSON of FHIR 4.0 or nothing. `_format` goes before the header; it is read with the search. */
const negotiate: RequestHandler = (req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  const format = /(?:^|[?&])_format=([^&]*)/.exec(req.originalUrl)?.[1];
  const wanted = (format === undefined || format === '' ? (req.get('accept') ?? '*/*') : plain(format))
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  if (!wanted.some(acceptable)) throw new HubError('NOT_ACCEPTABLE');
  next();
};

function plain(text: string): string {
  try {
    // A plus that was not percent-encoded: application/fhir+json.
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function acceptable(part: string): boolean {
  const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
  const version = parameters.find((piece) => piece.startsWith('fhirversion='));
  if (version !== undefined && !/^fhirversion="?4\.0(?:\.\d+)?"?$/.test(version)) return false;
  return ['*/*', 'application/*', 'application/fhir+json', 'application/json', 'text/json', 'json', ''].includes(type);
}

/** SMART Backend Services come later; until then nothing is promised (the document must be there and must not lie). */
export const smartConfiguration: RequestHandler = (_req, res) => {
  res.status(200).json({
    capabilities: [],
    grant_types_supported: [],
    scopes_supported: [],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: [],
  });
};

/** Where a booking stands: 202 until it is settled, then what the call would have answered. */
async function bookingStatus(req: Request, res: Response, deps: HttpDeps): Promise<void> {
  const caller = callerOf(req);
  demand(caller, 'read');
  const id = req.params['booking'];
  const answer = typeof id === 'string' && isUuid(id) ? await deps.desk.status(id, caller.scope) : null;
  if (answer === null) throw new HubError('NOT_FOUND');
  const form = req.query['form'] === 'resource' ? 'resource' : 'bundle';
  sendAnswer(req, res, answer, { form, scope: caller.scope, patientId: null });
}

/** Says what is wrong: the type, the operation, or the method. */
const notServed: RequestHandler = (req, res) => {
  const parts = req.path.split('/').filter((part) => part !== '');
  const [type = '', second] = parts;
  if (type !== '' && !isStoredType(type)) {
    throw new HubError('NOT_FOUND', { detail: 'this resource type is not served; /metadata lists those that are' });
  }
  if (parts.some((part) => part.startsWith('$'))) {
    throw new HubError('METHOD_UNSUPPORTED', { detail: 'this operation, or this way of calling it, is not supported' });
  }
  const instance = second !== undefined && second !== '_search';
  const allowed = instance
    ? type === 'Appointment'
      ? 'GET, HEAD, PUT, PATCH'
      : 'GET, HEAD'
    : second === '_search'
      ? 'POST'
      : 'GET, HEAD';
  res.setHeader('Allow', allowed);
  const detail =
    type === 'Appointment'
      ? 'a visit is booked by POST Appointment/$book and changed by PUT or PATCH'
      : 'the sites own these; the hub does not write them';
  throw new HubError('METHOD_UNSUPPORTED', { detail });
};
