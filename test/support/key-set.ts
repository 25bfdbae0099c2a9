/** The hub's key set where a site reads it, for tests that have no hub's door. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cleanup } from './database.ts';

export interface ServedKeySet {
  /** What stands before `/.well-known/jwks/{environment}.json`. */
  readonly url: string;
  /** How often it was read. */
  readonly reads: () => number;
}

export async function serveKeySet(
  cleanup: Cleanup,
  jwks: (environment: string) => Promise<unknown>,
): Promise<ServedKeySet> {
  let reads = 0;
  const server = createServer((request, response) => {
    const [, environment = ''] = /^\/\.well-known\/jwks\/([a-z]+)\.json$/.exec(request.url ?? '') ?? [];
    reads += 1;
    jwks(environment).then(
      (set) => {
        response.setHeader('Content-Type', 'application/json');
        response.setHeader('Cache-Control', 'public, max-age=60');
        response.end(JSON.stringify(set));
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, reads: () => reads };
}
