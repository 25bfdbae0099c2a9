/** An authorization server, a key made for it, and tokens asked for there by a clock that a test moves. */
import { openBackendTokens, type BackendTokens, type TokenSources } from '../../../src/connectors/kit/backend-token.ts';
import { memoryShelf } from '../../../src/connectors/kit/token-shelf.ts';
import type { BackendToken, BackendTokenSpec } from '../../../src/connectors/contract-auth.ts';
import type { TokenShelf } from '../../../src/connectors/contract-tokens.ts';
import { HubError } from '../../../src/core/errors.ts';
import { makeSigningKey, signedJwt, type MadeKey, type SigningAlgorithm } from '../../../src/core/jwt.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../../support/authorization-server.ts';
import type { Cleanup } from '../../support/database.ts';
import { eventually } from '../../support/wait.ts';
import { handClock, type HandClock } from '../clock.ts';

export const never = new AbortController().signal;
export interface TokenWorld {
  readonly server: AuthorizationServer;
  readonly clock: HandClock;
  readonly shelf: TokenShelf;
  readonly key: MadeKey;
  /** Outcomes of questions. */
  readonly told: readonly string[];
  /** Another process of the hub. */
  node(more?: Partial<TokenSources>): BackendTokens;
  token(more?: Partial<BackendTokenSpec>, of?: BackendTokens): BackendToken;
}

export interface WorldOptions {
  readonly alg?: SigningAlgorithm;
  readonly secret?: string;
  readonly shelf?: TokenShelf;
  /** The server's clock minus ours. */
  readonly skew_ms?: number;
}

const made = new Map<SigningAlgorithm, Promise<MadeKey>>();

export async function tokenWorld(cleanup: Cleanup, options: WorldOptions = {}): Promise<TokenWorld> {
  const { alg = 'ES384', skew_ms = 0, shelf = memoryShelf(), secret } = options;
  const clock = handClock();
  const keyMade = made.get(alg) ?? makeSigningKey(alg, 2048);
  made.set(alg, keyMade);
  const key = await keyMade;
  const { jwk, privatePart } = key;
  const server = await startAuthorizationServer(cleanup, {
    now: () => clock.now() + skew_ms,
    ...(secret === undefined ? { keySet: () => Promise.resolve({ keys: [{ ...jwk }] }) } : { secret }),
  });
  const told: string[] = [];
  const node = (more: Partial<TokenSources> = {}): BackendTokens => {
    const tokens = openBackendTokens({
      clock,
      shelf,
      signer: {
        sign: (claims) =>
          Promise.resolve({ jwt: signedJwt({ alg, kid: jwk.kid, privatePart }, claims), kid: jwk.kid, alg }),
        jwksUrl: () => 'https://hub.example.org/.well-known/jwks/test.json',
      },
      asked: (_site, outcome) => told.push(outcome),
      random: () => 0.5,
      ...more,
    });
    cleanup.after(() => tokens.stop());
    return tokens;
  };
  const first = node();
  return {
    server,
    clock,
    shelf,
    key,
    told,
    node,
    token: (more = {}, of = first) =>
      of.lend('north')({ tokenUrl: server.tokenUrl, clientId: 'client-1', auth: 'private_key_jwt', ...more }),
  };
}

export async function failureOf(asked: Promise<unknown>): Promise<HubError> {
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HubError) return error;
  throw new Error('it was expected to fail with an error of the catalogue', { cause: error });
}

/** Moves the clock by small steps until it is settled: what waits for leave to ask looks again and again. */
export async function settled<T>(clock: HandClock, asked: Promise<T>): Promise<T> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  asked.then(mark, mark);
  await eventually(
    'the token',
    async () => {
      if (!done) await clock.advance(100);
      return done;
    },
    { every_ms: 5 },
  );
  return asked;
}
