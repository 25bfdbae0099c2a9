/**
 * Who is who, for the people who decide it: pairs to look at, why they are like each other, decisions and their
 * undoing. Answers hold ids, levels and bits; the records themselves are read through the FHIR API by whoever may see
 * them.
 */
import express, { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import { formatInstant } from '../core/instant.ts';
import type { Asked, PeopleDesk } from '../identity/contract-desk.ts';
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
    const reviews = await people.reviews(asked(req), limitOf(req));
    res.json({
      reviews: reviews.map(({ openedAt, dueAt, ...pair }) => ({
        ...pair,
        openedAt: formatInstant(openedAt),
        dueAt: formatInstant(dueAt),
      })),
    });
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
    if (!Array.isArray(records) || records.length === 0 || records.length > RECORDS_MAX) {
      throw new HubError('REQUEST_INVALID', { detail: `records is a list of 1 to ${RECORDS_MAX} Patient ids` });
    }
    const parting = { records: records.map(recordOf), reason: reasonOf(reason), overrule: overrule === true };
    res.json(await people.unmerge(asked(req), parting));
  });
  return router;
}

function asked(req: Request): Asked {
  return { scope: callerOf(req).scope, requestId: contextOf(req).requestId };
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

function fieldsOf(req: Request): Readonly<Record<string, unknown>> {
  const read = readJson(req, FHIR_JSON);
  return (typeof read === 'object' && read !== null ? read : {}) as Readonly<Record<string, unknown>>;
}

function reasonOf(reason: unknown): string {
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= REASON_MAX) return reason.trim();
  throw new HubError('REQUEST_INVALID', { detail: `reason is a text of 1 to ${REASON_MAX} characters` });
}

function shown({
  decisions,
  review,
  ...pair
}: Awaited<ReturnType<PeopleDesk['explain']>>): Readonly<Record<string, unknown>> {
  return {
    ...pair,
    review: review === null ? null : { ...review, dueAt: formatInstant(review.dueAt) },
    // What a person said that a value is stays where the records are.
    decisions: decisions.map(({ value: _value, at, ...decision }) => ({ ...decision, at: formatInstant(at) })),
  };
}
