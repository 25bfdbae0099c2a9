/** An HTTP client as lean as Node allows, so that what is measured is the server; connections are kept. */
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Client {
  send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  close(): void;
}

const TIMEOUT_MS = 60_000;

/** `base` may end in a path, which is put before every path. */
export function openClient(base: string, headers: Readonly<Record<string, string>>, connections = 1): Client {
  const url = new URL(base);
  const prefix = url.pathname.replace(/\/$/, '');
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  return {
    send: (method, path, body, more = {}) =>
      new Promise((resolve, reject) => {
        const call = request(
          {
            agent,
            host: url.hostname,
            port: url.port,
            method,
            path: prefix + path,
            timeout: TIMEOUT_MS,
            headers: {
              ...headers,
              ...more,
              ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.once('error', reject);
            response.once('end', () =>
              resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
            );
          },
        );
        call.once('timeout', () => call.destroy(new Error(`no answer to ${method} ${path}`)));
        call.once('error', reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** @throws Error with the answer when its status is not one of the 200s */
export function fine(answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new Error(`status ${answer.status}: ${answer.text.slice(0, 500)}`);
}

export function basic(user: string, key: string): string {
  return `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
}
