/** One person, by any of the ids that stand for it, as SQL. */
import { allOf, sourceOf, visibleRows, type Building } from './search-sql.ts';

/**
 * Every record of the same person (DESIGN section 7), golden or not. A record that the scope may not see is neither
 * followed nor reached: the link alone would tell that it exists. A golden id is no record; one that has gone over to
 * another stands for that one, and of one that is split over several people nobody can tell who is meant.
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
        UNION SELECT other.patient_id FROM given JOIN patient_link other ON other.golden_id = given.id
        UNION SELECT other.patient_id FROM named
              LEFT JOIN golden_patient g ON g.id = named.id AND g.state = 'redirected'
              JOIN patient_link other ON other.golden_id = coalesce(g.leads_to[1], named.id)
              WHERE NOT EXISTS (SELECT FROM resource r WHERE r.type = 'Patient' AND r.id = named.id))
      SELECT same.id FROM same ${visible('same.id')})`;
}
