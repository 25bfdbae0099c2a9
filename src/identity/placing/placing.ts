/** The patient index at work: how the hub places records (pipeline/identify.ts calls it). */
import type { Instant } from '../../core/instant.ts';
import { IDENTITY_LOG, type PatientPlacing } from '../contract.ts';
import { KEY_EPOCH } from '../match/keys.ts';
import type { Model } from '../match/model.ts';
import { SHIPPED_MODEL } from '../match/shipped.ts';
import { memory, type Memory } from './memory.ts';
import { place, placeMany } from './place.ts';
import type { SightOptions } from './sight.ts';

const AT_ONCE = 50_000;

export interface PlacingOptions {
  /** Records that may share a key before its tight form is asked instead. */
  readonly cap?: number;
  readonly memory?: Memory;
}

export function patientPlacing(
  model: Model = SHIPPED_MODEL,
  { cap, memory: remembered = memory() }: PlacingOptions = {},
): PatientPlacing {
  const at = (now: Instant): SightOptions => ({
    model,
    memory: remembered,
    now,
    ...(cap === undefined ? {} : { cap }),
  });
  return {
    place: (tx, id, now) => place(tx, id, at(now)),
    placeMany: (tx, ids, now) => placeMany(tx, ids, at(now)),
    async catchUp(tx, now) {
      await tx.lock([IDENTITY_LOG]);
      const copied = await tx.identity.copySiteDecisions(AT_ONCE, now);
      await tx.index.due(copied, now);
      return copied.length + (await tx.index.dueUnindexed(KEY_EPOCH, AT_ONCE, now));
    },
  };
}
