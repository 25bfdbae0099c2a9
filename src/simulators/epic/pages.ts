/** Paging: a cached search, kept for a while, followed by links (sheet section 2). */
import { randomToken } from '../../core/ids.ts';
import type { Answer } from '../kit/route.ts';
import { fhir, refusal, searchset, type Found, type Issue } from './answers.ts';
import { settingsOf, type Hospital, type Version } from './hospital.ts';

interface Session {
  readonly found: readonly Found[];
  readonly count: number;
  readonly self: string;
  readonly expiresAt: number;
}

export const SESSION = 'sessionID';

export class Pages {
  readonly #hospital: Hospital;
  readonly #sessions = new Map<string, Session>();

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
  }

  first(version: Version, self: string, found: readonly Found[], query: URLSearchParams, issues: Issue[]): Answer {
    const { pageSize, sessionSeconds } = settingsOf(this.#hospital);
    const asked = Number(query.get('_count') ?? pageSize);
    const count = Number.isInteger(asked) && asked > 0 ? asked : pageSize;
    const now = this.#hospital.clock.due();
    for (const [id, { expiresAt }] of this.#sessions) if (expiresAt <= now) this.#sessions.delete(id);
    const session = { found, count, self, expiresAt: now + sessionSeconds * 1000 };
    return this.#page(version, randomToken(12), session, 0, issues);
  }

  /** @throws Refusal 4113 when the session has expired */
  next(version: Version, query: URLSearchParams): Answer {
    const id = query.get(SESSION) ?? '';
    const session = this.#sessions.get(id);
    if (session === undefined || session.expiresAt <= this.#hospital.clock.due()) {
      throw refusal(this.#hospital, 400, { code: '4113' });
    }
    return this.#page(version, id, session, Number(query.get('from') ?? 0), []);
  }

  /** Under the fault pageShort a page holds fewer than were asked for, at times none, and more pages follow. */
  #page(version: Version, id: string, session: Session, from: number, issues: readonly Issue[]): Answer {
    const isShort = this.#hospital.faults.take('pageShort');
    const size = isShort ? Math.floor(session.count / 2) : session.count;
    const to = from + size;
    const { self, found } = session;
    const hasMore = to < found.length;
    if (hasMore) this.#sessions.set(id, session);
    const path = new URL(self);
    const next = `${path.origin}${path.pathname}?${SESSION}=${id}&from=${to}`;
    const more = { total: found.length, issues, ...(hasMore ? { next } : {}) };
    return fhir(searchset(this.#hospital, version, self, found.slice(from, to), more));
  }
}
