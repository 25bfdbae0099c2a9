/**
 * Fault switches: how a simulator misbehaves on purpose. Set while it runs, forgotten when it restarts. A `times`
 * switch is true (always), false, or {times: n, match?: "POST /appointments"} (the next n calls whose method and path
 * contain `match`).
 */
export type SwitchKind = 'times' | 'number' | 'limit';
export type Times = boolean | { readonly times: number; readonly match?: string };
export type FaultValue = Times | number | null;

/** DESIGN section 9. `limit` switches: a number per second, null lifts the vendor's own limit, absent keeps it. */
export const COMMON_SWITCHES = {
  latencyMs: 'number',
  answerDelayMs: 'number',
  errorRate: 'number',
  rateLimit: 'limit',
  dropAnswer: 'times',
  silentDrop: 'times',
  echoFirst: 'times',
  duplicateWebhooks: 'times',
  reorderWebhooks: 'times',
  loseWebhooks: 'times',
  staleReads: 'number',
  clockSkewMs: 'number',
  outage: 'times',
} as const satisfies Record<string, SwitchKind>;

export class FaultError extends Error {}

export class Faults {
  readonly #kinds: Readonly<Record<string, SwitchKind>>;
  readonly #values = new Map<string, FaultValue>();
  readonly #struck = new Map<string, number>();
  readonly #changed: (() => void)[] = [];
  #random = 1;

  constructor(kinds: Readonly<Record<string, SwitchKind>> = COMMON_SWITCHES) {
    this.#kinds = kinds;
  }

  onChange(listener: () => void): void {
    this.#changed.push(listener);
  }

  number(name: string): number {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : 0;
  }

  /** The same for what is about to strike by it: counted unless it is 0. */
  felt(name: string): number {
    const value = this.number(name);
    if (value !== 0) this.count(name);
    return value;
  }

  /** The limit in force: the switch where it is set, else the vendor's own; null is none. */
  limit(name: string, own: number | null): number | null {
    const value = this.#values.get(name);
    return typeof value === 'number' || value === null ? value : own;
  }

  /** True when the switch would strike this call; `take` also counts it down. */
  strikes(name: string, call = ''): boolean {
    const value = this.#values.get(name);
    if (typeof value !== 'object' || value === null) return value === true;
    return value.times > 0 && call.includes(value.match ?? '');
  }

  take(name: string, call = ''): boolean {
    if (!this.strikes(name, call)) return false;
    const value = this.#values.get(name);
    if (typeof value === 'object' && value !== null) this.#values.set(name, { ...value, times: value.times - 1 });
    this.count(name);
    return true;
  }

  /** Strikes the given share of calls, the same ones in every run. */
  takeShare(name: string): boolean {
    const share = this.number(name);
    if (share <= 0) return false;
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    const strikes = this.#random / 2_147_483_647 < share;
    if (strikes) this.count(name);
    return strikes;
  }

  count(name: string): void {
    this.#struck.set(name, (this.#struck.get(name) ?? 0) + 1);
  }

  /** @throws FaultError naming the switch and what it takes; then nothing is changed */
  merge(body: unknown): void {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new FaultError('send a JSON object');
    const entries = Object.entries(body).map(([name, value]) => [name, this.#checked(name, value)] as const);
    for (const [name, value] of entries) this.#values.set(name, value);
    for (const listener of this.#changed) listener();
  }

  reset(): void {
    this.#values.clear();
    this.#struck.clear();
    for (const listener of this.#changed) listener();
  }

  report(): { readonly switches: object; readonly available: object; readonly struck: object } {
    return {
      switches: Object.fromEntries(this.#values),
      available: this.#kinds,
      struck: Object.fromEntries(this.#struck),
    };
  }

  #checked(name: string, value: unknown): FaultValue {
    const kind = this.#kinds[name];
    if (kind === undefined) {
      throw new FaultError(`there is no switch ${name}; there are ${Object.keys(this.#kinds).join(', ')}`);
    }
    if (kind !== 'times') {
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      if (kind === 'limit' && value === null) return null;
      throw new FaultError(`${name} takes a number${kind === 'limit' ? ' or null' : ''}`);
    }
    if (typeof value === 'boolean') return value;
    if (typeof value === 'object' && value !== null && 'times' in value && Number.isInteger(value.times)) {
      const match = 'match' in value && typeof value.match === 'string' ? { match: value.match } : {};
      return { times: value.times as number, ...match };
    }
    throw new FaultError(`${name} takes true, false or {"times": n, "match"?: text}`);
  }
}
