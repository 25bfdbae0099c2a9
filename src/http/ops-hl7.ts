/**
 * HL7 v2 messages as an operator reads them: segment by segment, and what became of them. They name patients, so every
 * look is written down with who looked. Mounted behind the check for an admin's token.
 */
import { Router, type Request } from 'express';
import { HubError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import { ackCode } from '../hl7v2/acknowledge.ts';
import { messageBytes } from '../hl7v2/batch.ts';
import { describeMessage, type DescribedMessage } from '../hl7v2/describe.ts';
import { header } from '../hl7v2/header.ts';
import { parseMessage } from '../hl7v2/message.ts';
import type { Explained } from '../pipeline/explain.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import { callerOf, contextOf } from './context.ts';
import type { HttpDeps } from './deps.ts';
import { shown } from './ops-actions.ts';

export function opsHl7(deps: HttpDeps): Router {
  const router = Router();
  router.get('/messages/:id/hl7', async (req, res) => {
    const masked = switchOf(req, 'masked');
    const message = await read(deps, req);
    const site = deps.currentPlan().sites.find(({ id }) => id === message.site) ?? null;
    const raw = switchOf(req, 'raw') ? { raw: Buffer.from(message.body).toString('base64') } : {};
    res.json({ ...shown(message), messages: describe(message.body, site, masked), ...raw });
  });
  router.get('/messages/:id/explain', async (req, res) => {
    const id = (await read(deps, req)).id;
    const explained = await deps.explain(callerOf(req).scope, id);
    if (explained === null) throw new HubError('NOT_FOUND', { detail: `there is no message ${id}` });
    res.json(shownExplained(explained));
  });
  return router;
}

/** Each message of the frame or batch. */
export function describe(body: Uint8Array, site: SiteSettings | null, masked: boolean): readonly DescribedMessage[] {
  const charset = site?.settings['charsetWhenAbsent'];
  const options = { masked, ...(typeof charset === 'string' ? { defaultCharset: charset } : {}) };
  return messageBytes(body).map((bytes) => describeMessage(bytes, options));
}

/** As the API shows it. `orderedBy`: where its ordering time was read. */
export function shownExplained(explained: Explained): Readonly<Record<string, unknown>> {
  const { message, site, waitsFor, sameControlId, nextStep, made, now } = explained;
  return {
    ...shown(message),
    acknowledgement: message.via === 'hl7' ? ackCode(header(message.body), 'accepted') : null,
    orderedAt: message.occurredAt === null ? null : formatInstant(message.occurredAt),
    orderedBy: orderedBy(message, site),
    waitsFor,
    sameControlId,
    nextStep,
    made,
    now,
  };
}

/** The first field of the site's list that holds something. */
function orderedBy({ body, occurredAt }: InboxMessage, site: SiteSettings | null): string | null {
  const paths = site?.settings['orderingTime'];
  if (occurredAt === null || !Array.isArray(paths)) return null;
  const [first = body] = messageBytes(body);
  const { message } = parseMessage(first);
  const named = paths.filter((path): path is string => typeof path === 'string');
  return (
    named.find((path) => {
      const [segment = '', place = ''] = path.split('-');
      const [field, component = '1'] = place.split('.');
      return (message.first(segment)?.component(Number(field), Number(component)) ?? '') !== '';
    }) ?? null
  );
}

/** @throws HubError NOT_FOUND, PARAMETER_INVALID where it is no HL7 v2 */
async function read(deps: HttpDeps, req: Request): Promise<InboxMessage> {
  const text = String(req.params['id']);
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
  if (id === null) throw new HubError('NOT_FOUND', { detail: 'a message has a number' });
  return deps.store.transaction(callerOf(req).scope, async (tx) => {
    const message = await tx.inbox.get(id);
    if (message === null) throw new HubError('NOT_FOUND', { detail: `there is no message ${id}` });
    if (!/hl7-v2/.test(message.contentType)) {
      throw new HubError('PARAMETER_INVALID', { detail: `message ${id} is no HL7 v2 message` });
    }
    await tx.audit({
      at: deps.clock.now(),
      action: 'read',
      site: message.site,
      resourceId: `message:${id}`,
      outcome: 'success',
      requestId: contextOf(req).requestId,
    });
    return message;
  });
}

/** @throws HubError PARAMETER_INVALID */
function switchOf(req: Request, name: string): boolean {
  const value = req.query[name];
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new HubError('PARAMETER_INVALID', { detail: `${name} is true or false` });
}
