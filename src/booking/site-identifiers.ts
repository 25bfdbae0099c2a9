/**
 * By which numbers a site is told who a visit is for: its own, of one record. A link that nobody has decided never gets
 * here: only records of one golden Patient do.
 */
import { HubError } from '../core/errors.ts';
import type { Patient } from '../fhir/types.ts';
import { meaningOf } from '../settings/identifier-types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { PatientFacts } from '../connectors/contract.ts';

type Numbers = PatientFacts['identifiers'];

/**
 * Those of the record that the caller chose, else those of the one record that the site has of the person; else the
 * chosen record's numbers of a group or an enterprise, where the site's file takes such for bookings. Empty: none.
 *
 * @throws RULE_BROKEN when the site keys people by its own id and has several records: which of them is meant is not
 *   for the hub to say. A site that keys them by demographics is told none of the numbers then.
 */
export function identifiersFor(
  chosen: Patient,
  ofThisSite: readonly Patient[],
  site: SiteSettings,
  identity: 'id' | 'demographics',
): Numbers {
  const rules = Object.values(site.identifiers).filter((rule) => rule.useForWriteBack);
  const own = new Set(rules.map(({ system }) => system));
  const records = ofThisSite
    .map((record) => ({ record, numbers: numbersOf(record, own) }))
    .filter(({ numbers }) => numbers.length > 0);
  const meant = records.find(({ record }) => record.id === chosen.id);
  if (meant !== undefined) return meant.numbers;
  const distinct = new Map(records.map(({ numbers }) => [JSON.stringify(numbers), numbers]));
  const [only, ...more] = distinct.values();
  if (more.length === 0 && only !== undefined) return only;
  if (only === undefined) {
    return numbersOf(
      chosen,
      new Set(rules.filter((rule) => meaningOf(rule).scope !== 'site').map((rule) => rule.system)),
    );
  }
  if (identity === 'demographics') return [];
  throw new HubError('RULE_BROKEN', {
    detail:
      'the site has several records of this patient: book with the Patient of the record that is meant, or have the ' +
      'clinic merge them',
    site: site.id,
  });
}

function numbersOf({ identifier = [] }: Patient, systems: ReadonlySet<string>): Numbers {
  return identifier.flatMap(({ system, value, type, use }) =>
    system !== undefined && value !== undefined && use !== 'old' && systems.has(system)
      ? [{ system, value, type: type?.coding?.[0]?.code ?? '' }]
      : [],
  );
}
