-- What overlaps a time is looked for among the slots of the day before it, since a slot may be a day long: with the end
-- in the index those that are over by then are passed over without being read. Before each booking's commit that was
-- the dearest question.
CREATE INDEX slot_reach ON slot (schedule_id, start_at, end_at);
DROP INDEX slot_schedule;
ALTER INDEX slot_reach RENAME TO slot_schedule;
