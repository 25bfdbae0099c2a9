/** The variables of DESIGN section 9, read once and checked. */
import { isAbsolute, resolve } from 'node:path';
import type { Environment } from './boot.ts';
import { HubError } from './core/errors.ts';

export function readEnvironment(variables: Readonly<Record<string, string | undefined>>, cwd: string): Environment {
  const path = (name: string, fallback: string): string => {
    const value = variables[name] ?? '';
    const chosen = value === '' ? fallback : value;
    return isAbsolute(chosen) ? chosen : resolve(cwd, chosen);
  };
  const port = (name: string, fallback: number): number => {
    const text = variables[name] ?? '';
    if (text === '') return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
    throw new HubError('CONFIG_INVALID', { detail: `${name} must be a port from 0 to 65535` });
  };
  const databaseUrl = variables['DATABASE_URL'] ?? '';
  return {
    httpPort: port('HTTP_PORT', 8080),
    mllpPort: port('MLLP_PORT', 2575),
    host: variables['HOST'] === undefined || variables['HOST'] === '' ? '127.0.0.1' : variables['HOST'],
    dataDir: path('DATA_DIR', './data'),
    configDir: path('CONFIG_DIR', './config'),
    databaseUrl: databaseUrl === '' ? null : databaseUrl,
    logLevel: variables['LOG_LEVEL'] ?? 'warn',
    variables,
  };
}
