/**
 * The sandbox's order of things: simulators start first, on free ports, and their addresses are the variables that the
 * site files of the sandbox name. So hub.yaml is read for its simulators before the plan can be built.
 */
import { join } from 'node:path';
import { check } from './check.ts';
import { fill, type Variables } from './fill.ts';
import { hubSchema } from './hub-spec.ts';
import { loadConfig } from './load.ts';
import type { SimulatorSettings } from './shape.ts';
import { View } from './view.ts';

export interface WantedSimulator extends SimulatorSettings {
  /** The site id that it stands for. */
  readonly site: string;
  /** Absolute or relative as CONFIG_DIR is. */
  readonly seedFile: string;
}

/** Empty outside the sandbox and where hub.yaml has issues: `buildPlan` tells those. */
export async function wantedSimulators(configDir: string, variables: Variables): Promise<readonly WantedSimulator[]> {
  const { hub } = await loadConfig(configDir);
  if (hub === null) return [];
  const view = View.of(check(await fill(hub, hubSchema, { configDir, variables }), hubSchema));
  if (view.at('environment').text() !== 'sandbox') return [];
  return view
    .at('simulators')
    .children()
    .flatMap(([site, simulator]) => {
      const kind = simulator.at('kind').text();
      const seed = simulator.at('seed').text();
      return kind === undefined || seed === undefined ? [] : [{ site, kind, seed, seedFile: join(configDir, seed) }];
    });
}

/** The variable that holds a simulator's address: `SANDBOX_MIDTOWN_ACUITY_URL` for the site midtown-acuity. */
export function simulatorVariable(site: string): string {
  return `SANDBOX_${site.toUpperCase().replaceAll('-', '_')}_URL`;
}

/** The variable that holds the port where a simulator takes HL7 v2 requests: `SANDBOX_RIVERSIDE_HL7_REQUEST_PORT`. */
export function requestPortVariable(site: string): string {
  return simulatorVariable(site).replace(/_URL$/, '_REQUEST_PORT');
}
