/**
 * Who acts for the patient of a booking (RelatedPerson): one of that very person, as any of their records has it that
 * the caller may see, and in use now. Sites are told nothing of it: neither kind has a place for it.
 */
import { HubError } from '../core/errors.ts';
import { DAY_MS, type Instant } from '../core/instant.ts';
import type { RelatedPerson } from '../fhir/types.ts';
import type { Tx } from '../store/contract.ts';

/**
 * Who has read of whom is in the audit.
 * @param records all of the patient
 * @throws HubError NOT_FOUND (none, or not visible), RULE_BROKEN
 */
export async function demandActing(
  tx: Tx,
  asked: { readonly acting?: string; readonly requestId: string },
  records: readonly string[],
  now: Instant,
): Promise<void> {
  const { acting: id, requestId } = asked;
  if (id === undefined) return;
  const served = await tx.resources.read('RelatedPerson', id);
  if (served === null || served.deleted) throw new HubError('NOT_FOUND', { detail: 'the RelatedPerson' });
  const person = JSON.parse(served.json) as RelatedPerson;
  const of = person.patient.reference?.replace('Patient/', '') ?? '';
  const refused = (detail: string): HubError => new HubError('RULE_BROKEN', { detail });
  if (!records.includes(of)) {
    throw refused('the RelatedPerson acts for another patient: search RelatedPerson?patient= of this one');
  }
  if (!isInUse(person, now)) {
    throw refused('the RelatedPerson does not act for this patient any more, or not yet: have the clinic say who does');
  }
  await tx.audit({
    at: now,
    action: 'book',
    resourceType: 'RelatedPerson',
    resourceId: id,
    outcome: 'success',
    requestId,
  });
}

/** `active` was told when their site spoke of them last; the period goes on since. */
function isInUse({ active, period = {} }: RelatedPerson, now: Instant): boolean {
  const from = Date.parse(period.start ?? '');
  const until = Date.parse(period.end ?? '');
  // The day of the end is theirs still; what has no bound is open.
  return active !== false && !(from > now) && !(now > until + DAY_MS);
}
