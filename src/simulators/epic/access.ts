/** Who may call: opaque tokens on every call, and how an answer leaves (sheet sections 1.3 and 2). */
import { Refusal, type Answer, type Call, type Route } from '../kit/route.ts';
import { fhir, outcome } from './answers.ts';
import { isMapped } from './token.ts';
import { settingsOf, type Hospital } from './hospital.ts';
import { TOKENS } from './model.ts';
import type { Channel, Client } from './seed.ts';
import { asXml } from './xml.ts';

export interface Caller {
  readonly client: Client;
  readonly channel: Channel;
}

type Handler = (call: Call, caller: Caller) => Answer;

/** A route that wants a token, and answers in the format that was asked for. */
export function guarded(hospital: Hospital, method: string, path: string, handle: Handler): Route {
  return {
    method,
    path,
    handle: (call) => formatted(hospital, call, () => handle(call, callerOf(hospital, call))),
  };
}

/** A route that anybody may ask. */
export function open(hospital: Hospital, path: string, handle: (call: Call) => Answer): Route {
  return { method: 'GET', path, handle: (call) => formatted(hospital, call, () => handle(call)) };
}

/** @throws Refusal 401 */
function callerOf(hospital: Hospital, call: Call): Caller {
  const [scheme, secret = ''] = (call.headers.authorization ?? '').split(' ');
  const token = scheme?.toLowerCase() === 'bearer' ? hospital.store.get(TOKENS, secret) : undefined;
  const client = hospital.seed.clients.find((one) => one.id === token?.clientId);
  if (token === undefined || client === undefined || token.expiresAt <= hospital.clock.due()) {
    throw new Refusal({ status: 401, body: '', headers: { 'www-authenticate': 'Bearer' } });
  }
  if (!isMapped(hospital, client)) throw new Refusal(fhir(outcome(hospital, [{ code: '4118' }]), 403));
  return { client, channel: client.channel ?? 'patient' };
}

/** XML is what a caller gets who does not ask for JSON. */
function formatted(hospital: Hospital, call: Call, work: () => Answer): Answer {
  const wish = call.query.get('_format') ?? call.headers.accept ?? '';
  const wantsXml = /xml/i.test(wish) || (!/json/i.test(wish) && settingsOf(hospital).xmlByDefault);
  if (!wantsXml) return work();
  const inXml = (answer: Answer): Answer => {
    const type = answer.headers?.['content-type'] ?? '';
    if (!type.startsWith('application/fhir+json')) return answer;
    const headers = { ...answer.headers, 'content-type': 'application/fhir+xml; charset=utf-8' };
    return { ...answer, body: asXml(answer.body), headers };
  };
  try {
    return inXml(work());
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(inXml(error.answer));
    throw error;
  }
}
