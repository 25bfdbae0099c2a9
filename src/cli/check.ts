import { kindSettings, withSimulators, type Environment } from '../boot.ts';
import { readEnvironment } from '../environment.ts';
import { lendSimulators, rehearse, standInSimulators, type LentSimulators, type Rehearsal } from '../hub-rehearsal.ts';
import { formatIssue, type Issue } from '../settings/issue.ts';
import { buildPlan } from '../settings/plan.ts';
import type { Plan } from '../settings/shape.ts';
import { JSON_OPTION, printJson, type Call, type Command, type ExitCode } from './command.ts';
import { hubAddress } from './hub-api.ts';
import { columns, counted } from './table.ts';

export const checkCommand: Command = {
  name: 'check',
  arguments: '',
  takes: [0, 0],
  summary: 'Tells everything that is wrong with the configuration, then rehearses the connection to each site.',
  prose: [
    'Every issue is one line, `file:line field: what is wrong; what to write instead`. When there is none, each ' +
      'site is asked ' +
      'what the hub will ask it: reads only, with the credentials of its file. A running hub is not disturbed. ' +
      'In the sandbox the ' +
      'simulators that run are used, and missing ones are started and stopped again.',
    'The exit code is 1 when anything is wrong, so that a pipeline can run it before a deployment.',
  ],
  options: {
    offline: { prose: 'Look at the files only; call no site.' },
    json: JSON_OPTION,
  },
  async run(call) {
    const environment = readEnvironment(call.variables, call.cwd);
    if (call.flags.has('offline')) {
      return checkPlan(call, environment, await standInSimulators(environment), false);
    }
    const lent = await lendSimulators(environment);
    try {
      return await checkPlan(call, environment, lent.simulators, true);
    } finally {
      await lent.release();
    }
  },
};

async function checkPlan(
  call: Call,
  environment: Environment,
  simulators: LentSimulators['simulators'],
  online: boolean,
): Promise<ExitCode> {
  const { configDir } = environment;
  const variables = withSimulators(environment.variables, simulators);
  const { plan, issues } = await buildPlan({ configDir, variables, kinds: kindSettings });
  const json = call.flags.has('json');
  if (!json) tellPlan(call, configDir, plan, issues);
  const sites: Rehearsal[] = [];
  if (plan !== null && online) {
    for await (const rehearsal of rehearse(plan, await hubUrl(call), call.clock, environment)) {
      sites.push(rehearsal);
      if (!json) tellSite(call, rehearsal);
    }
  }
  const wrong = sites.flatMap((site) => site.results.filter((result) => !result.ok));
  if (json) printJson(call, { configDir, issues, sites });
  else if (sites.length > 0) tellEnd(call, sites.length, wrong.length);
  return issues.length > 0 || wrong.length > 0 ? 1 : 0;
}

function tellPlan(call: Call, configDir: string, plan: Plan | null, issues: readonly Issue[]): void {
  for (const issue of issues) call.print(formatIssue(issue));
  if (plan === null) {
    const rest = 'Mend them, then run this again: the sites were not asked.';
    call.warn(`${counted(issues.length, 'issue')} in ${configDir}. ${rest}`);
    return;
  }
  const has = `${counted(plan.sites.length, 'site')}, environment ${plan.hub.environment}`;
  call.print(`The configuration in ${configDir} has no issues: ${has}.`);
}

function tellSite(call: Call, { site, kind, stage, results }: Rehearsal): void {
  call.print('');
  call.print(`${site} (${kind}, ${stage})`);
  const row = ({ what, ok, detail }: Rehearsal['results'][number]): readonly string[] => [
    `  ${ok ? 'ok' : 'NOT OK'}`,
    what,
    detail,
  ];
  for (const line of columns(results.map(row))) call.print(line);
}

function tellEnd(call: Call, sites: number, wrong: number): void {
  call.print('');
  if (wrong === 0) call.print(`${counted(sites, 'site')} rehearsed, all is well.`);
  else call.warn(`${counted(wrong, 'thing')} to mend: the lines that say NOT OK tell what to do.`);
}

/** Where webhooks of sandbox sites arrive. */
async function hubUrl(call: Call): Promise<string> {
  return (await hubAddress(call)).url;
}
