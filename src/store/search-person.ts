/** One person, by any of its records, as SQL. */
import { allOf, sourceOf, visibleRows, type Building } from './search-sql.ts';

/**
 * Every record of the same person (DESIGN section 7). A record that the scope may not see is neither followed nor
 * reached: the link alone would tell that it exists. Golden ids are no records: whom they stand for to whoever asks is
 * told before (identity/contract-serve).
 */
export function linkedPatients(ids: string, building: Building): string {
  const visible = (id: string): string => {
    const patient = sourceOf('Patient', building);
    return `JOIN resource ${patient.as} ON ${patient.as}.id = ${id} AND ${allOf(visibleRows(patient, building))}`;
  };
  return `ARRAY(
      WITH named(id) AS MATERIALIZED (SELECT unnest(${ids})),
      given(id) AS (SELECT named.id FROM named ${visible('named.id')}), same(id) AS (
        SELECT id FROM given
        UNION SELECT other.patient_id FROM given JOIN patient_link mine ON mine.patient_id = given.id
              JOIN patient_link other USING (golden_id)
        UNION SELECT other.patient_id FROM given JOIN patient_link other ON other.golden_id = given.id)
      SELECT same.id FROM same ${visible('same.id')})`;
}
