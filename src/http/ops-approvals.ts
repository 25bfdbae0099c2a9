/**
 * What waits for a coordinator, and the decision about it. Unlike the rest of `/ops/api` it is open to coordinators
 * (`coordinator` of the client): each sees and decides what lies within its sites, places and clearances.
 */
import express, { Router, type Request, type RequestHandler } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant, type Instant, type Interval } from '../core/instant.ts';
import type { Decision, WaitingApproval } from '../booking/contract.ts';
import { authenticate, demand } from './auth.ts';
import { FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

const REASON_MAX = 500;

export function opsApprovals(deps: Pick<HttpDeps, 'approvals' | 'currentPlan'>): Router {
  const router = Router();
  router.use((req, _res, next) => {
    const caller = authenticate(deps.currentPlan(), req.get('authorization'));
    contextOf(req).caller = caller;
    demand(caller, 'decide');
    next();
  });
  router.use((req, res, next) => bodyReader(deps)(req, res, next));
  router.get('/', async (req, res) => {
    const waiting = await deps.approvals.list(callerOf(req).scope);
    res.json({ approvals: waiting.map(shown) });
  });
  router.post('/:booking', async (req, res) => {
    const { requestId, trace } = contextOf(req);
    const decision = { ...readDecision(req), bookingId: req.params.booking, requestId, trace };
    const { bookingId, state } = await deps.approvals.decide(decision, callerOf(req).scope);
    res.json({ booking: bookingId, decision: decision.decision, state });
  });
  return router;
}

function bodyReader({ currentPlan }: Pick<HttpDeps, 'currentPlan'>): RequestHandler {
  return express.raw({ type: () => true, limit: currentPlan().hub.limits.httpBody_bytes });
}

/** `{ "decision": "approve" }`, or `{ "decision": "decline", "reason": "..." }`. */
function readDecision(req: Request): Pick<Decision, 'decision' | 'reason'> {
  const body = readJson(req, FHIR_JSON);
  const { decision, reason } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (decision !== 'approve' && decision !== 'decline') {
    throw new HubError('REQUEST_INVALID', { detail: 'decision is approve or decline' });
  }
  if (reason === undefined) {
    if (decision === 'approve') return { decision };
    throw new HubError('REQUEST_INVALID', { detail: 'to decline takes a reason: the caller is told' });
  }
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > REASON_MAX) {
    throw new HubError('REQUEST_INVALID', { detail: `reason is a text of 1 to ${REASON_MAX} characters` });
  }
  return { decision, reason: reason.trim() };
}

function shown(one: WaitingApproval): Readonly<Record<string, unknown>> {
  const reference = (type: string, id: string | null): string | null => (id === null ? null : `${type}/${id}`);
  const at = (time: Instant): string => formatInstant(time);
  const period = (during: Interval | null): unknown =>
    during === null ? null : { start: at(during.start), end: at(during.end) };
  return {
    booking: one.bookingId,
    site: one.site,
    action: one.action,
    appointment: reference('Appointment', one.appointmentId),
    slot: reference('Slot', one.slotId),
    patient: reference('Patient', one.patientId),
    during: period(one.during),
    from: period(one.from),
    client: one.client,
    askedAt: at(one.askedAt),
    until: at(one.until),
  };
}
