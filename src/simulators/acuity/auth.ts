/** Basic and OAuth2 (sheet section 1). */
import { randomToken } from '../../core/ids.ts';
import { Refusal, type Answer, type Call, type Route } from '../kit/route.ts';
import { failure, FORBIDDEN, ok, UNAUTHORIZED } from './answers.ts';
import type { Actor } from './booking.ts';
import { CODES, TOKENS } from './model.ts';
import type { User } from './seed.ts';
import type { Account } from './world.ts';

export interface Principal {
  readonly user: User;
  readonly viaOAuth: boolean;
}

/** @throws Refusal 401 */
export function principalOf(account: Account, call: Call): Principal {
  const [scheme, secret] = (call.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() === 'basic') {
    const [id, key] = splitOnce(Buffer.from(secret ?? '', 'base64').toString('utf8'));
    const user = account.seed.users.find((one) => String(one.id) === id && one.apiKey === key);
    if (user !== undefined) return { user, viaOAuth: false };
  }
  if (scheme?.toLowerCase() === 'bearer') {
    const userId = account.store.get(TOKENS, secret ?? '')?.userId;
    const user = account.seed.users.find((one) => one.id === userId);
    if (user !== undefined) return { user, viaOAuth: true };
  }
  throw new Refusal(UNAUTHORIZED);
}

export function actorOf(account: Account, call: Call): Actor {
  const { user } = principalOf(account, call);
  return { admin: call.query.get('admin') === 'true', mayUse: (id) => mayUse(user, id) };
}

/** Users who are no admins see their own calendars only. */
export function mayUse(user: User, calendarID: number): boolean {
  return user.admin !== false || (user.calendarIDs ?? []).includes(calendarID);
}

/** @throws Refusal 403 when the query names a calendar of somebody else */
export function checkCalendar(user: User, calendarID: string | null): void {
  if (calendarID !== null && calendarID !== '' && !mayUse(user, Number(calendarID))) throw new Refusal(FORBIDDEN);
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The login page is skipped: whoever asks is taken for the user that the seed ties to the app. */
export function oauthRoutes(account: Account): Route[] {
  const clientById = (id: string | null): Account['seed']['oauthClients'][number] | undefined =>
    account.seed.oauthClients.find((one) => one.clientId === id);

  const authorize = (call: Call): Answer => {
    const client = clientById(call.query.get('client_id'));
    const redirectUri = call.query.get('redirect_uri') ?? '';
    if (client === undefined || !URL.canParse(redirectUri)) return oauthError('invalid_client', 'Unknown client_id.');
    if (call.query.get('response_type') !== 'code') return oauthError('unsupported_response_type', 'Use code.');
    if (call.query.get('scope') !== 'api-v1') return oauthError('invalid_scope', 'The only scope is api-v1.');
    const code = randomToken();
    call.write((tx) => tx.put(CODES, code, { clientId: client.clientId, redirectUri, userId: client.userId }));
    const location = new URL(redirectUri);
    location.searchParams.set('code', code);
    const state = call.query.get('state');
    if (state !== null) location.searchParams.set('state', state);
    return { status: 302, body: '', headers: { location: location.href } };
  };

  const token = (call: Call): Answer => {
    const form = new URLSearchParams(call.body.toString('utf8'));
    const client = clientById(form.get('client_id'));
    if (client === undefined || client.clientSecret !== form.get('client_secret')) {
      return { status: 401, body: { error: 'invalid_client', error_description: 'Unknown client.' } };
    }
    if (form.get('grant_type') !== 'authorization_code') {
      return oauthError('unsupported_grant_type', 'Use authorization_code.');
    }
    const code = form.get('code') ?? '';
    const grant = account.store.get(CODES, code);
    if (grant?.clientId !== client.clientId || grant.redirectUri !== form.get('redirect_uri')) {
      return oauthError('invalid_grant', 'The code is unknown, used, or for another redirect_uri.');
    }
    const accessToken = randomToken();
    call.write((tx) => {
      tx.remove(CODES, code);
      tx.put(TOKENS, accessToken, grant);
    });
    return ok({ access_token: accessToken, token_type: 'Bearer' });
  };

  return [
    { method: 'GET', path: '/oauth2/authorize', handle: authorize },
    { method: 'POST', path: '/oauth2/token', handle: token },
  ];
}

function oauthError(error: string, description: string): Answer {
  return {
    status: 400,
    body: { ...(failure(400, error, description).body as object), error_description: description },
  };
}
