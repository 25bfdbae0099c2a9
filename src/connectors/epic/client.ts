/**
 * One function per call (vendor sheet section 3). A search is read whole: pages are followed by `next` as it was given,
 * since a page may hold fewer entries than there are, and a search that expired on the way (4113) begins anew.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { Budget, Purpose } from '../contract.ts';
import { openHttp, type Answer, type CallToken, type HttpCall } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import { CODE, codesOfAnswer, toldIn } from './outcome.ts';
import type { EpicSettings } from './settings.ts';
import { isBundle } from './wire.ts';

export interface CallFor {
  readonly purpose: Purpose;
  readonly signal: AbortSignal;
}

export interface Search {
  /** The pages as they were sent. */
  readonly pages: readonly string[];
  /** Epic's numbers in the outcome entries of all pages. */
  readonly codes: readonly string[];
  /** Our time when the first request left. */
  readonly readAt: Instant;
}

export type EpicClient = ReturnType<typeof openClient>;

const FIND = 'POST /Appointment/$find';
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Searches whose pages expired are begun anew so often. */
const RESTARTS = 2;

export function openClient(site: string, settings: EpicSettings, lent: Lent) {
  const baseUrl = settings.stu3BaseUrl.replace(/\/$/, '');
  const http = openHttp({
    site,
    baseUrl,
    headers: { accept: 'application/fhir+json', 'user-agent': 'slotwire' },
    clock: lent.clock,
    budget: lent.budget,
    token: lent.token,
    timeout_ms: settings.timeout_ms,
    maxAnswer_bytes: MAX_ANSWER_BYTES,
    readRetries: settings.readRetries,
  });

  function ask(call: Omit<HttpCall, 'effect' | 'purpose'>, at: CallFor): Promise<Answer> {
    return http.send({ ...call, effect: 'read', purpose: at.purpose }, at.signal);
  }

  /** Null: the search expired before its last page. */
  async function readPages(first: Answer, name: string, at: CallFor): Promise<Search | null> {
    const pages: string[] = [];
    const codes: string[] = [];
    for (let answer = first; ;) {
      if (answer.status >= 400) {
        const told = codesOfAnswer(answer.text);
        if (pages.length > 0 && told.includes(CODE.sessionExpired)) return null;
        throw unexpected(site, name, answer, told);
      }
      const bundle = readJson(answer.text, isBundle, name);
      pages.push(answer.text);
      const told = toldIn(bundle);
      if (told.failed) throw unexpected(site, name, answer, told.codes);
      codes.push(...told.codes);
      const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
      if (next === undefined) return { pages, codes, readAt: first.sentAt };
      if (pages.length >= settings.findPages) {
        const detail = `${name}: more than ${settings.findPages} pages (findPages)`;
        throw new HubError('SITE_PAGE_FULL', { detail, site });
      }
      answer = await ask({ name: `${name}, next page`, method: 'GET', path: below(baseUrl, next, name, site) }, at);
    }
  }

  return {
    /** Changes nothing in spite of its method: what it proposes is held for nobody. */
    async find(parameters: unknown, at: CallFor): Promise<Search> {
      for (let begun = 0; begun <= RESTARTS; begun += 1) {
        const first = await ask({ name: FIND, method: 'POST', path: '/Appointment/$find', json: parameters }, at);
        const search = await readPages(first, FIND, at);
        if (search !== null) return search;
      }
      throw new HubError('SITE_FAILED', { detail: `${FIND}: its pages expire before they are read (4113)`, site });
    },
    close: () => http.close(),
  };
}

interface Lent {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly token: CallToken;
}

/** A page elsewhere than at the site would be asked for with the site's token. */
function below(baseUrl: string, next: string, name: string, site: string): string {
  if (next.startsWith(`${baseUrl}/`) || next.startsWith(`${baseUrl}?`)) return next.slice(baseUrl.length);
  const detail = `${name}: the next page is not below stu3BaseUrl`;
  throw new HubError('SITE_ANSWER_UNREADABLE', { detail, site });
}

function unexpected(site: string, name: string, answer: Answer, codes: readonly string[]): HubError {
  const numbers = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
  const code = answer.status === 404 || answer.status === 410 ? 'SITE_NOT_FOUND' : 'SITE_REFUSED';
  return new HubError(code, { detail: `${name}: status ${answer.status}${numbers}`, site });
}
