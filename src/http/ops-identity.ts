/**
 * Who is who, for the people who decide it: pairs to look at, why they are like each other, decisions and their
 * undoing. Answers hold ids, levels and bits; the records themselves are read through the FHIR API by whoever may see
 * them.
 */
import express, { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { formatInstant, parseInstant } from '../core/instant.ts';
import type {
  Asked,
  ExplainedPair,
  PeopleDesk,
  PersonShown,
  ShownDecision,
  ShownPair,
} from '../identity/contract-desk.ts';
import { FHIR_JSON, readJson } from './body.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';

const REVIEWS = 50;
const REVIEWS_MAX = 500;
const REASON_MAX = 500;
const RECORDS_MAX = 50;

export function opsIdentity({ people, currentPlan }: Pick<HttpDeps, 'people' | 'currentPlan'>): Router {
  const router = Router();
  const body = express.raw({ type: () => true, limit: currentPlan().hub.limits.httpBody_bytes });
  router.get('/', async (req, res) => {
    res.json(await people.stats(asked(req)));
  });
  router.get('/reviews', async (req, res) => {
    const { pairs, next } = await people.reviews(asked(req), limitOf(req), placeOf(req));
    const after = next === null ? null : [formatInstant(next.dueAt), next.lo, next.hi].join('_');
    res.json({ reviews: pairs.map(shownPair), ...(after === null ? {} : { next: after }) });
  });
  router.get('/verdicts', async (req, res) => {
    const { verdicts, next } = await people.verdicts(asked(req), limitOf(req), numberOf(req));
    res.json({ verdicts, ...(next === null ? {} : { next }) });
  });
  router.get('/pairs/:one/:other', async (req, res) => {
    const [one, other] = pairOf(req.params);
    res.json(shown(await people.explain(asked(req), one, other)));
  });
  router.post('/pairs/:one/:other/claim', async (req, res) => {
    const [one, other] = pairOf(req.params);
    await people.claim(asked(req), one, other);
    res.json({ one, other, claimed: true });
  });
  router.post('/pairs/:one/:other/release', async (req, res) => {
    const [one, other] = pairOf(req.params);
    await people.release(asked(req), one, other);
    res.json({ one, other, claimed: false });
  });
  router.post('/pairs/:one/:other', body, async (req, res) => {
    const [one, other] = pairOf(req.params);
    const { verdict, reason } = fieldsOf(req);
    if (verdict !== 'same' && verdict !== 'different') {
      throw new HubError('REQUEST_INVALID', { detail: 'verdict is same or different' });
    }
    res.json(await people.decide(asked(req), { one, other, verdict, reason: reasonOf(reason) }));
  });
  router.post('/unmerge', body, async (req, res) => {
    const { records, reason, overrule } = fieldsOf(req);
    const parting = { records: recordsOf(records), reason: reasonOf(reason), overrule: overrule === true };
    res.json(await people.unmerge(asked(req), parting));
  });
  router.get('/people/:id', async (req, res) => {
    res.json(shownPerson(await people.person(asked(req), recordOf(req.params.id))));
  });
  router.post('/people/:id/override', body, async (req, res) => {
    const { attribute, value, reason } = fieldsOf(req);
    const known = ATTRIBUTES.find((one) => one === attribute);
    if (known === undefined || value === undefined) {
      const detail = `attribute is one of ${ATTRIBUTES.join(', ')}, and value the whole value, or null to withdraw it`;
      throw new HubError('REQUEST_INVALID', { detail });
    }
    const saying = { person: recordOf(req.params.id), attribute: known, value, reason: reasonOf(reason) };
    res.json(await people.override(asked(req), saying));
  });
  router.post('/decisions/:seq/undo', body, async (req, res) => {
    const { seq } = req.params;
    if (!/^\d{1,15}$/.test(seq))
      throw new HubError('PARAMETER_INVALID', { detail: 'a decision is named by its number' });
    res.json(await people.undo(asked(req), { decision: Number(seq), reason: reasonOf(fieldsOf(req)['reason']) }));
  });
  router.post('/erase', body, async (req, res) => {
    const { records, reason } = fieldsOf(req);
    res.json(await people.erase(asked(req), { records: recordsOf(records), reason: reasonOf(reason) }));
  });
  return router;
}

const ATTRIBUTES = ['name', 'gender', 'birthDate', 'deceased', 'address'] as const;

function asked(req: Request): Asked {
  return { scope: callerOf(req).scope, requestId: contextOf(req).requestId };
}

function recordsOf(records: unknown): readonly string[] {
  if (Array.isArray(records) && records.length > 0 && records.length <= RECORDS_MAX) return records.map(recordOf);
  throw new HubError('REQUEST_INVALID', { detail: `records is a list of 1 to ${RECORDS_MAX} Patient ids` });
}

function recordOf(id: unknown): string {
  const plain = typeof id === 'string' ? id.replace(/^Patient\//, '').toLowerCase() : '';
  if (!isUuid(plain)) throw new HubError('REQUEST_INVALID', { detail: 'a record is named by the id of its Patient' });
  return plain;
}

function pairOf({ one, other }: Readonly<Record<string, string>>): readonly [string, string] {
  return [recordOf(one), recordOf(other)];
}

function limitOf({ query }: Request): number {
  const { limit } = query;
  if (limit === undefined) return REVIEWS;
  const number = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (number >= 1 && number <= REVIEWS_MAX) return number;
  throw new HubError('PARAMETER_INVALID', { detail: `limit is a whole number from 1 to ${REVIEWS_MAX}` });
}

/** A place in the log of decisions. */
function numberOf({ query }: Request): number | null {
  const { after } = query;
  if (after === undefined) return null;
  if (typeof after === 'string' && /^\d{1,15}$/.test(after)) return Number(after);
  throw new HubError('PARAMETER_INVALID', { detail: 'after is the next of the list before' });
}

function fieldsOf(req: Request): Readonly<Record<string, unknown>> {
  const read = readJson(req, FHIR_JSON);
  return (typeof read === 'object' && read !== null ? read : {}) as Readonly<Record<string, unknown>>;
}

function reasonOf(reason: unknown): string {
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= REASON_MAX) return reason.trim();
  throw new HubError('REQUEST_INVALID', { detail: `reason is a text of 1 to ${REASON_MAX} characters` });
}

/** Where a list ended, as it was told. */
function placeOf({ query }: Request): Parameters<PeopleDesk['reviews']>[2] {
  const { after } = query;
  if (after === undefined) return null;
  const [due = '', lo = '', hi = ''] = typeof after === 'string' ? after.split('_') : [];
  const dueAt = parseInstant(due);
  if (dueAt !== null && isUuid(lo) && isUuid(hi)) return { dueAt, lo, hi };
  throw new HubError('PARAMETER_INVALID', { detail: 'after is the `next` of the list before' });
}

function shown({ decisions, review, ...pair }: ExplainedPair): Readonly<Record<string, unknown>> {
  return { ...pair, review: review === null ? null : shownPair(review), decisions: decisions.map(shownDecision) };
}

function shownPerson({ records, overrides, decisions, ...person }: PersonShown): Readonly<Record<string, unknown>> {
  return {
    ...person,
    records: records.map(({ since, ...one }) => ({ ...one, since: formatInstant(since) })),
    overrides: overrides.map(({ at, ...one }) => ({ ...one, at: formatInstant(at) })),
    decisions: decisions.map(shownDecision),
  };
}

function shownPair({ openedAt, dueAt, claimedUntil, ...pair }: ShownPair): Readonly<Record<string, unknown>> {
  return {
    ...pair,
    openedAt: formatInstant(openedAt),
    dueAt: formatInstant(dueAt),
    claimedUntil: claimedUntil === null ? null : formatInstant(claimedUntil),
  };
}

/** What a person said that a value is stays where the records are. */
function shownDecision({ value: _value, at, ...decision }: ShownDecision): Readonly<Record<string, unknown>> {
  return { ...decision, at: formatInstant(at) };
}
