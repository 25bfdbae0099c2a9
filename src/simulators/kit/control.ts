/** `/__sim/state`, `/__sim/act` and `/__sim/faults`: for people and tests, not part of any vendor's interface. */
import type { SimulatedClock } from './clock.ts';
import { FaultError, type Faults } from './faults.ts';
import { ActError, type SimulatorParts } from './kind.ts';
import { Refusal, type Answer } from './route.ts';

export interface ControlOptions {
  readonly identity: { readonly site: string; readonly kind: string };
  readonly parts: SimulatorParts;
  readonly faults: Faults;
  readonly clock: SimulatedClock;
  readonly calls: ReadonlyMap<string, number>;
}

export async function control(options: ControlOptions, method: string, url: URL, body: Buffer): Promise<Answer> {
  const call = `${method} ${url.pathname}`;
  try {
    switch (call) {
      case 'GET /__sim/state':
        return ok(state(options, url.searchParams));
      case 'POST /__sim/act':
        return ok(await act(options, readJson(body)));
      case 'GET /__sim/faults':
        return ok(options.faults.report());
      case 'POST /__sim/faults':
        options.faults.merge(readJson(body));
        return ok(options.faults.report());
      case 'DELETE /__sim/faults':
        options.faults.reset();
        return ok(options.faults.report());
      default:
        return { status: 404, body: { error: 'there are /__sim/state, /__sim/act and /__sim/faults' } };
    }
  } catch (error) {
    if (error instanceof ActError || error instanceof FaultError)
      return { status: 400, body: { error: error.message } };
    if (error instanceof Refusal)
      return { status: 409, body: { error: 'the system refused it', refusal: error.answer } };
    throw error;
  }
}

/** `?only=appointments,blocks` leaves out the rest. */
function state(options: ControlOptions, query: URLSearchParams): Record<string, unknown> {
  const only = query.get('only')?.split(',');
  const pieces: SimulatorParts['truth'] = {
    now: () => new Date(options.clock.now()).toISOString(),
    ...options.parts.truth,
    faults: () => options.faults.report(),
    calls: () => Object.fromEntries(options.calls),
  };
  const chosen = Object.entries(pieces).filter(([name]) => only === undefined || only.includes(name));
  return { ...options.identity, ...Object.fromEntries(chosen.map(([name, piece]) => [name, piece(query)])) };
}

async function act(options: ControlOptions, request: unknown): Promise<unknown> {
  if (typeof request !== 'object' || request === null) throw new ActError('send {"action": name, ...}');
  const fields = request as Record<string, unknown>;
  const name = typeof fields['action'] === 'string' ? fields['action'] : '';
  if (name === 'advance-clock') {
    const ms = fields['ms'];
    if (typeof ms !== 'number' || ms < 0) throw new ActError('advance-clock takes ms, a positive number');
    options.clock.advance(ms);
    return { now: new Date(options.clock.now()).toISOString() };
  }
  const action = Object.hasOwn(options.parts.acts, name) ? options.parts.acts[name] : undefined;
  if (action !== undefined) return (await action(fields)) ?? {};
  const known = ['advance-clock', ...Object.keys(options.parts.acts)].join(', ');
  throw new ActError(`there is no action ${JSON.stringify(name)}; there are ${known}`);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ActError('the body is not JSON');
  }
}
