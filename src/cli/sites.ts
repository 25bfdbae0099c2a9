import { JSON_OPTION, printJson, UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { printTable } from './table.ts';

interface SitesAnswer {
  readonly at: string;
  readonly sites: readonly Site[];
}
interface Site {
  readonly id: string;
  readonly kind: string;
  readonly stage: string;
  readonly environment: string;
  readonly state: string;
  readonly completeness: { readonly share: number } | null;
  readonly feeds: readonly Feed[];
  readonly queued: number;
  readonly hints: number;
  readonly parked: number;
}
interface Feed {
  readonly name: string;
  readonly lag_s: number | null;
  readonly silence_s: number | null;
  readonly usualPerHour: number | null;
  readonly error: string | null;
}

export const sitesCommand: Command = {
  name: 'sites',
  arguments: '[forget SITE]',
  takes: [0, 2],
  summary: 'Shows how each site of the running hub stands; deletes what is stored of one that is gone.',
  prose: [
    '`sites forget SITE` deletes everything stored of a site that no site file names any more, but for ledger and ' +
      'audit log, into which it is written. There is no way back.',
    'Queued: messages that wait to be applied. Hints: objects that the site said have changed and that wait to ' +
      'be fetched. ' +
      'Parked: messages that need a person (`slotwire parked`). Proven: how much of the horizon was found to be at ' +
      'the site as our copy says (`--json` names the rest); empty where the site cannot be asked and was not held ' +
      'against a file (`slotwire reconcile`).',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const [action, site] = call.arguments;
    if (action !== undefined) return forget(call, action, site);
    const answer = await (await hubApi(call)).get<SitesAnswer>('/sites');
    if (call.flags.has('json')) {
      printJson(call, answer);
      return 0;
    }
    const rows = answer.sites.map(({ id, kind, stage, state, queued, hints, parked, completeness }) =>
      [id, kind, stage, state, queued, hints, parked, provenShare(completeness)].map(String),
    );
    const head = ['site', 'kind', 'stage', 'state', 'queued', 'hints', 'parked', 'proven'];
    printTable(call, head, rows);
    return 0;
  },
};

function provenShare(completeness: Site['completeness']): string {
  return completeness === null ? '' : `${Math.floor(completeness.share * 100)} %`;
}

async function forget(call: Call, action: string, site: string | undefined): Promise<ExitCode> {
  if (action !== 'forget' || site === undefined || !/^[a-z0-9-]{1,64}$/.test(site)) {
    throw new UsageError('write `sites`, or `sites forget SITE` with the id of a site that was removed.');
  }
  await (await hubApi(call)).post(`/sites/${site}/forget`);
  call.print(`Everything stored of ${site} is deleted, but for ledger and audit log.`);
  return 0;
}

export const lagCommand: Command = {
  name: 'lag',
  arguments: '',
  takes: [0, 0],
  summary: 'Shows how far the running hub lags behind each feed of each site.',
  prose: [
    'Lag is now minus the newest moment of a site that is proven seen. A feed that only pushes has no lag; it ' +
      'has silence, to be ' +
      'read against what is usual in this hour of the week.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const { at, sites } = await (await hubApi(call)).get<SitesAnswer>('/sites');
    if (call.flags.has('json')) {
      printJson(call, { at, feeds: sites.flatMap(({ id, feeds }) => feeds.map((feed) => ({ site: id, ...feed }))) });
      return 0;
    }
    const rows = sites.flatMap(({ id, feeds }) =>
      feeds.length === 0
        ? [[id, 'none', '', '', '', 'nothing was heard yet']]
        : feeds.map((feed) => [
            id,
            feed.name,
            seconds(feed.lag_s),
            seconds(feed.silence_s),
            feed.usualPerHour === null ? '' : feed.usualPerHour.toFixed(1),
            feed.error ?? '',
          ]),
    );
    printTable(call, ['site', 'feed', 'lag', 'silence', 'usual/hour', 'error'], rows);
    return 0;
  },
};

function seconds(value: number | null): string {
  if (value === null) return '';
  if (value < 120) return `${value} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}
