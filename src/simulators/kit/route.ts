import type { IncomingHttpHeaders } from 'node:http';
import type { View, Writer } from './store.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Without the mount point and without a `.json` ending where the vendor allows one. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly address: string;
  /** For reads: the present rows, or older ones under the fault `staleReads`. */
  readonly view: View;
  /** The only way for a vendor endpoint to write: the faults silentDrop, dropAnswer and echoFirst hang on it. */
  write<T>(work: (tx: Writer) => T): T;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON unless it is a string. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  /** `/appointments/:id`: a part that starts with a colon matches one path segment. */
  readonly path: string;
  /** A promise only where the vendor itself must ask somebody: other calls are answered meanwhile. */
  handle(call: Call): Answer | Promise<Answer>;
}

/** Thrown by an endpoint to answer something else than success. What the call wrote is undone. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`answered ${answer.status}`);
    this.answer = answer;
  }
}

export type Found =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Record<string, string> }
  | { readonly kind: 'wrong-method' }
  | { readonly kind: 'none' };

export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  let otherMethod = false;
  for (const route of routes) {
    const params = match(route.path, path);
    if (params === null) continue;
    if (route.method === method) return { kind: 'route', route, params };
    otherMethod = true;
  }
  return otherMethod ? { kind: 'wrong-method' } : { kind: 'none' };
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = text;
    else if (part !== text) return null;
  }
  return params;
}
