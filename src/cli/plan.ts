import { kindSettings, withSimulators } from '../boot.ts';
import { readEnvironment } from '../environment.ts';
import { standInSimulators } from '../hub-rehearsal.ts';
import { diffPlans, formatDiff, type PlanDiff } from '../settings/diff.ts';
import { formatIssue } from '../settings/issue.ts';
import { buildPlan } from '../settings/plan.ts';
import { redactPlan } from '../settings/redact.ts';
import { JSON_OPTION, printJson, type Call, type Command } from './command.ts';
import { hubAddress, hubApi, NoHub } from './hub-api.ts';

export const planCommand: Command = {
  name: 'plan',
  arguments: '',
  takes: [0, 0],
  summary: 'Shows what the configuration would start, stop and change at the running hub.',
  prose: [
    'The hub itself is asked what it would do on SIGHUP; nothing is changed. Without a running hub it shows what ' +
      'a start would ' +
      'bring. No secret is shown, with `--json` neither.',
    'The exit code is 1 when the configuration has issues or the hub would refuse it.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const environment = readEnvironment(call.variables, call.cwd);
    const { configDir } = environment;
    const variables = withSimulators(environment.variables, await standInSimulators(environment));
    const { plan, issues } = await buildPlan({ configDir, variables, kinds: kindSettings });
    if (plan === null) {
      for (const issue of issues) call.print(formatIssue(issue));
      call.warn(`The configuration in ${configDir} has issues; \`slotwire check\` tells the same.`);
      return 1;
    }
    const running = await askHub(call);
    const diff = running?.diff ?? diffPlans(null, plan);
    if (call.flags.has('json')) {
      const against = running === null ? null : { url: running.url, configDir: running.configDir };
      printJson(call, { against, diff, plan: redactPlan(plan, kindSettings) });
    } else {
      tell(call, configDir, running, diff);
    }
    return diff.refused.length > 0 ? 1 : 0;
  },
};

interface Running {
  readonly url: string;
  readonly configDir: string;
  readonly diff: PlanDiff;
}

/** Null when none runs. */
async function askHub(call: Call): Promise<Running | null> {
  if ((await hubAddress(call)).token === null) return null;
  const api = await hubApi(call);
  try {
    return { url: api.url, ...(await api.get<Omit<Running, 'url'>>('/plan')) };
  } catch (error) {
    if (error instanceof NoHub) return null;
    throw error;
  }
}

function tell(call: Call, configDir: string, running: Running | null, diff: PlanDiff): void {
  if (running === null) {
    call.print(`No running hub was found; a start with ${configDir} would bring:`);
  } else {
    call.print(`The hub at ${running.url} runs; reading ${running.configDir} again (SIGHUP) would bring:`);
    if (running.configDir !== configDir)
      call.warn(`Note: CONFIG_DIR here is ${configDir}, which is not what that hub reads.`);
  }
  for (const line of formatDiff(diff).split('\n')) call.print(`  ${line}`);
}
