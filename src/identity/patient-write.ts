/** One way in which a Patient is written, whoever changes it. */
import { identifierTokens } from '../fhir/canonical.ts';
import type { Patient } from '../fhir/types.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** A site, and the labels that its records bear. */
export interface Labelled {
  readonly id: string;
  readonly sensitivity: { readonly site: readonly string[] };
}

export async function writePatient(
  id: string,
  resource: Patient,
  site: Labelled,
  tx: Tx,
  cause: Cause,
): Promise<boolean> {
  return tx.resources.put(
    {
      type: 'Patient',
      id,
      site: site.id,
      resource,
      active: resource.active !== false,
      tokens: identifierTokens(resource.identifier ?? []),
      security: site.sensitivity.site,
    },
    cause,
  );
}
