/** Dockerfile, compose.yaml and .ci/run are not run by tests: what can be told from their text is told here. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, constants, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { composeSchema } from './deploy/compose-schema.ts';
import { copyOf, execForm, readDockerfile, type Instruction, type Stage } from './deploy/dockerfile.ts';

const PROJECT = join(import.meta.dirname, '..');
const MARK = '# Not run here: no container engine was at hand; schema-checked by test/deploy.test.ts.';

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}
interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
}

const read = (path: string): Promise<string> => readFile(join(PROJECT, path), 'utf8');
const compose = async (): Promise<Compose> => parse(await read('compose.yaml')) as Compose;

async function lastStage(): Promise<Stage> {
  const stage = readDockerfile(await read('Dockerfile')).stages.at(-1);
  assert.ok(stage);
  return stage;
}

function only(stage: Stage, name: string): Instruction {
  const found = stage.instructions.filter((instruction) => instruction.name === name);
  assert.equal(found.length, 1, `one ${name} in the last stage`);
  return found[0]!;
}

test('what nobody has run says so in its first line', async () => {
  for (const file of ['Dockerfile', 'compose.yaml']) assert.equal((await read(file)).split('\n')[0], MARK, file);
});

test('the image is built in stages, and only the last one stays', async () => {
  const { stages } = readDockerfile(await read('Dockerfile'));
  assert.equal(stages.length, 2);
  for (const { image } of stages) assert.match(image, /^node:24(\.\d+\.\d+)?-slim$/, 'the Node of package.json');
  const copies = stages[1]?.instructions.filter(({ name }) => name === 'COPY').map(({ value }) => copyOf(value)) ?? [];
  const from = copies.flatMap((copy) => copy.from ?? []);
  assert.deepEqual(from, [stages[0]?.name], 'packages come from the first stage');
});

test('what only development needs is not installed', async () => {
  const { stages } = readDockerfile(await read('Dockerfile'));
  const installs = stages.flatMap(({ instructions }) =>
    instructions.filter(({ name, value }) => name === 'RUN' && /\bnpm\b/.test(value)),
  );
  assert.deepEqual(
    installs.map(({ value }) => /^npm ci --omit=dev\b/.test(value)),
    [true],
  );
});

test('the server runs as a user who is not root, set after everything that root must do', async () => {
  const { instructions } = await lastStage();
  const users = instructions.filter(({ name }) => name === 'USER');
  assert.equal(users.at(-1)?.value, 'node');
  const last = instructions.lastIndexOf(users.at(-1)!);
  const byRoot = instructions.filter(({ name }, at) => at > last && ['RUN', 'COPY', 'ADD'].includes(name));
  assert.deepEqual(byRoot, []);
});

test('the health check asks /readyz without a shell and without a program that the image lacks', async () => {
  const { value } = only(await lastStage(), 'HEALTHCHECK');
  const [options = '', command = ''] = value.split(/\bCMD\s+/);
  assert.match(options, /--start-period=60s/, 'as long as a first start may take');
  const words = execForm(command);
  assert.equal(words?.[0], 'node');
  assert.match(words[2] ?? '', /\/readyz/);
});

test('the health check passes when the hub is ready, and only then', async () => {
  const words = execForm(only(await lastStage(), 'HEALTHCHECK').value.split(/\bCMD\s+/)[1] ?? '') ?? [];
  for (const [status, expected] of [
    [200, 0],
    [503, 1],
  ] as const) {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/readyz' ? status : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    assert.equal(await exitCode(words.slice(1), { HTTP_PORT: String(port) }), expected, String(status));
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await exitCode(words.slice(1), { HTTP_PORT: String(port) }), 1, 'nobody listens');
  }
});

function exitCode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return promisify(execFile)(process.execPath, args, { env }).then(
    () => 0,
    (error: unknown) => (error as { code: number }).code,
  );
}

test('the program is started without a shell, so that it hears SIGTERM', async () => {
  const stage = await lastStage();
  assert.deepEqual(execForm(only(stage, 'CMD').value), ['node', 'src/main.ts']);
  assert.equal(only(stage, 'STOPSIGNAL').value, 'SIGTERM');
  assert.equal(stage.instructions.filter(({ name }) => name === 'ENTRYPOINT').length, 0);
});

test('the hub listens on every address of the container, on the ports that the image names', async () => {
  const stage = await lastStage();
  const env = new Map(
    only(stage, 'ENV')
      .value.split(/\s+/)
      .map((pair) => pair.split('=') as [string, string]),
  );
  assert.equal(env.get('HOST'), '0.0.0.0');
  assert.equal(only(stage, 'EXPOSE').value, `${env.get('HTTP_PORT') ?? ''} ${env.get('MLLP_PORT') ?? ''}`);
  const volumes = execForm(only(stage, 'VOLUME').value) ?? [];
  assert.ok(env.get('DATA_DIR')?.startsWith(`${volumes[0] ?? ''}/`), 'data and what lies beside it are in the volume');
});

test('no secret is in the image: neither in a variable nor among the files that the build may read', async () => {
  const text = await read('Dockerfile');
  assert.doesNotMatch(text, /^(ENV|ARG).*(PASSWORD|SECRET|TOKEN|KEY)/m);
  const ignored = (await read('.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(ignored[0], '*', 'everything is left out but what is named');
  const allowed = new Set(ignored.slice(1).map((line) => line.replace(/^!/, '')));
  const copied = readDockerfile(text)
    .stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY'))
    .map(({ value }) => copyOf(value))
    .flatMap(({ from, sources }) => (from === null ? sources : []));
  assert.deepEqual([...allowed].sort(), [...new Set(copied)].sort());
  for (const path of copied) await access(join(PROJECT, path), constants.R_OK);
});

test('what the image copies is all that the hub needs to be loaded', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-image-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const copied = (await lastStage()).instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ value }) => copyOf(value));
  for (const { from, sources } of copied) {
    for (const path of from === null ? sources : [])
      await cp(join(PROJECT, path), join(folder, path), { recursive: true });
  }
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  const code = `const { MIGRATIONS } = await import('./src/boot.ts');
    const { readMigrations } = await import('./src/store/migrate.ts');
    console.log((await readMigrations(MIGRATIONS)).length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    env: {},
  });
  assert.ok(Number(stdout) > 0, 'the migrations are there');
});

test('compose.yaml holds only keys and forms that the specification has', async () => {
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTuples: false }).compile(composeSchema);
  assert.ok(validate(await compose()), JSON.stringify(validate.errors, null, 2));
  assert.ok(!validate({ services: { hub: { image: 'a:1', enviroment: {} } } }), 'a misspelt key is found');
  assert.ok(!validate({ services: { hub: { image: 'a' } } }), 'an image without a version is found');
});

test('the hub waits for a database that answers, and finds it by its name', async () => {
  const { services } = await compose();
  const { hub, database } = services;
  assert.ok(hub && database);
  assert.deepEqual(hub.depends_on, { database: { condition: 'service_healthy' } });
  assert.ok(database.healthcheck?.test.includes('pg_isready'));
  assert.match(database.image, /^postgres:1[5-9]/);
  const url = new URL(withVariables(hub.environment['DATABASE_URL'] ?? '', { POSTGRES_PASSWORD: 'secret' }));
  assert.equal(url.hostname, 'database');
  assert.equal(url.username, database.environment['POSTGRES_USER']);
  assert.equal(url.pathname, `/${database.environment['POSTGRES_DB'] ?? ''}`);
  assert.equal(url.password, 'secret');
});

test('compose refuses to start without a password, and none stands in the file', async () => {
  const { services } = await compose();
  const secrets = Object.values(services).flatMap(({ environment }) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL/.test(name)),
  );
  assert.equal(secrets.length, 2);
  for (const [name, value] of secrets) assert.match(value, /\$\{[A-Z_]+:\?[^}]+\}/, name);
});

test('every volume is declared, data survive a new container, configuration is read-only inside', async () => {
  const { services, volumes } = await compose();
  const mounts = Object.values(services).flatMap((service) => service.volumes);
  const named = mounts.map((mount) => mount.split(':')[0] ?? '').filter((name) => !name.startsWith('.'));
  assert.deepEqual(named.sort(), Object.keys(volumes).sort());
  const image = execForm(only(await lastStage(), 'VOLUME').value)?.[0];
  assert.ok(mounts.includes(`hub:${image ?? ''}`));
  assert.ok(mounts.includes('./config:/app/config:ro'));
});

test('ports are open to this machine only, and the hub has longer to stop than it takes', async () => {
  const { hub } = (await compose()).services;
  for (const port of hub?.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
  assert.ok(Number.parseInt(hub?.stop_grace_period ?? '', 10) > 10);
});

function withVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{([A-Z_]+)[^}]*\}/g, (_, name: string) => values[name] ?? '');
}

test('.ci/run installs once, checks, and runs the test command of the README, within half an hour', async () => {
  await access(join(PROJECT, '.ci/run'), constants.X_OK);
  const script = await read('.ci/run');
  await promisify(execFile)('bash', ['-n', join(PROJECT, '.ci/run')]);
  const steps = [...script.matchAll(/^step (\d+) (.+?)(?: \|\| \{)?$/gm)].map(([, limit, command]) => [
    Number(limit),
    command,
  ]);
  assert.deepEqual(
    steps.map(([, command]) => command),
    ['npm ci', 'npm run check', 'npm test', 'npm run fuzz -- hl7 --seconds 60 --seed 20261122'],
  );
  assert.ok(steps.reduce((sum, [limit]) => sum + Number(limit), 0) < 1_800);
  assert.match(await read('README.md'), /^npm ci && npm test$/m, 'the README tests the same way');
});
