/** The shelf of a process that is no hub and shares its tokens with nobody: a rehearsal. */
import type { Instant } from '../../core/instant.ts';
import type { KeptToken, TokenFailure, TokenLease, TokenName, TokenShelf } from '../contract-tokens.ts';

interface Row {
  kept: KeptToken | null;
  generation: number;
  lease: TokenLease | null;
  notBefore: Instant;
  failure: TokenFailure | null;
  failures: number;
}

export function memoryShelf(): TokenShelf {
  const rows = new Map<string, Row>();
  const held = ({ name }: TokenName, { id }: TokenLease): Row | null => {
    const row = rows.get(name);
    return row?.lease?.id === id ? row : null;
  };
  return {
    standing: ({ name }, now) => {
      const row = rows.get(name);
      if (row === undefined) return Promise.resolve(null);
      const { kept, lease, notBefore, failure, failures } = row;
      const leaseUntil = lease !== null && lease.until > now ? lease.until : null;
      const usable = kept !== null && kept.endsAt > now ? kept : null;
      return Promise.resolve({ kept: usable, leaseUntil, notBefore, failure, failures });
    },
    lease: ({ name }, lease, now) => {
      const row = rows.get(name);
      if (row === undefined) {
        const { notBefore } = lease;
        rows.set(name, { kept: null, generation: 0, lease, notBefore, failure: null, failures: 0 });
        return Promise.resolve(true);
      }
      const isFree = row.lease === null || row.lease.until <= now;
      if (!isFree || row.notBefore > now || (row.kept !== null && row.kept.refreshAt > now))
        return Promise.resolve(false);
      Object.assign(row, { lease, notBefore: lease.notBefore });
      return Promise.resolve(true);
    },
    put: (name, lease, token) => {
      const row = held(name, lease);
      if (row === null) return Promise.resolve(null);
      row.generation += 1;
      const kept = { ...token, generation: row.generation };
      Object.assign(row, { kept, lease: null, failure: null, failures: 0 });
      return Promise.resolve(kept);
    },
    fail: (name, lease, failure, notBefore) => {
      const row = held(name, lease);
      if (row !== null) Object.assign(row, { lease: null, notBefore });
      if (row !== null && failure !== null) Object.assign(row, { failure, failures: row.failures + 1 });
      return Promise.resolve();
    },
    refuse: ({ name }, generation) => {
      const row = rows.get(name);
      if (row?.kept?.generation === generation) row.kept = null;
      return Promise.resolve();
    },
  };
}
