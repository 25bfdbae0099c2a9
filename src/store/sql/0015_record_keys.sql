-- Each patient record is sealed under a data key of its own. It stands here once, beside the record, wrapped by the
-- hub's key (`key_id`), so that reading a record asks nothing more and destroying the key destroys every version. Null:
-- what an earlier release sealed by the hub's key itself, in the record and in all its versions; made anew after the
-- start (src/store/reseal.ts).
ALTER TABLE resource ADD COLUMN data_key bytea;
CREATE INDEX resource_unkeyed ON resource (id) WHERE type = 'Patient' AND sealed IS NOT NULL AND data_key IS NULL;
