import type { SimulatedClock } from './clock.ts';
import type { Faults, SwitchKind } from './faults.ts';
import type { Answer, Route } from './route.ts';
import type { Store } from './store.ts';

/** One vendor's simulator. `name` is the kind as site files write it. */
export interface SimulatorKind {
  readonly name: string;
  readonly switches: Readonly<Record<string, SwitchKind>>;
  open(setup: Setup): SimulatorParts;
}

export interface Setup {
  readonly site: string;
  /** The seed file, parsed. The kind checks it and throws HubError CONFIG_INVALID. */
  readonly seed: unknown;
  readonly store: Store;
  readonly faults: Faults;
  readonly clock: SimulatedClock;
}

export interface SimulatorParts {
  readonly routes: readonly Route[];
  /** `/api/v1` and the like: taken off a path before it is matched. */
  readonly mount: readonly string[];
  /** A path may also end so (`.json`). */
  readonly suffix?: string;
  readonly edge: Edge;
  /** Named pieces of the whole truth, computed when asked for. */
  readonly truth: Readonly<Record<string, (query: URLSearchParams) => unknown>>;
  /** What staff can do, by the name of the action. Throws ActError for a person to read. */
  readonly acts: Readonly<Record<string, (request: Readonly<Record<string, unknown>>) => unknown>>;
  readonly echo: Echo | null;
  /** Waited for: whatever else must listen does so when this resolves. */
  started(url: string): void | Promise<void>;
  stop(): Promise<void>;
}

/** What the vendor's edge answers before an endpoint is reached. */
export interface Edge {
  readonly perSecond: number | null;
  readonly concurrent: number | null;
  limited(): Answer;
  failed(): Answer;
  notFound(path: string): Answer;
  wrongMethod(): Answer;
  /** Told of every request before anything else, also of those that a limit or an outage ends. */
  seen?(path: string): void;
  /** Extra refusals of this vendor, before authorisation. */
  intercept?(call: string): Answer | null;
}

/** The feed that speaks of a write: webhooks, for most. */
export interface Echo {
  takeQueued(): string[];
  firstAttempts(ids: readonly string[], limit_ms: number): Promise<void>;
  ring(): void;
}

export class ActError extends Error {}
