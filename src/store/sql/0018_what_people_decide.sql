-- What a person said is taken back by a word that says nothing itself (undo): all is as if it had never been said. What
-- was said at once (taking one person apart says two things of each link) is taken back at once: `act` is the place of
-- the first of it, null where it is the only one.
ALTER TABLE identity_decision
  ADD COLUMN act bigint,
  DROP CONSTRAINT identity_decision_kind_check,
  DROP CONSTRAINT identity_decision_check1,
  ADD CONSTRAINT identity_decision_kind CHECK (kind IN ('link', 'unlink', 'not-same', 'merge', 'override', 'undo')),
  ADD CONSTRAINT identity_decision_shape CHECK (
    (kind = 'override' OR kind = 'undo' OR other IS NOT NULL) AND (other IS NULL) = (attribute IS NOT NULL)
    AND (kind <> 'override' OR other IS NULL));
UPDATE identity_decision d SET act = f.first
FROM (SELECT xid, actor, min(seq) AS first FROM identity_decision WHERE actor_kind = 'person' GROUP BY 1, 2) f
WHERE d.actor_kind = 'person' AND d.xid = f.xid AND d.actor = f.actor AND d.seq <> f.first;
CREATE INDEX identity_decision_act ON identity_decision (act) WHERE act IS NOT NULL;

-- Pairs are looked at in the order in which they are due. A claim ends: whoever leaves is not waited for. An overdue
-- pair goes to the next role, one step after the other; a row that a hub of the release before claimed has no end.
ALTER TABLE identity_review
  ADD COLUMN claimed_until timestamptz,
  ADD COLUMN role text NOT NULL DEFAULT 'records',
  ADD COLUMN escalated smallint NOT NULL DEFAULT 0;
UPDATE identity_review SET claimed_until = changed_at + interval '1 hour' WHERE state = 'claimed';
CREATE INDEX identity_review_due ON identity_review (due_at, lo, hi) WHERE state IN ('open', 'claimed');
DROP INDEX identity_review_open;

-- How many steps up its chain an overdue work item went.
ALTER TABLE work_item ADD COLUMN escalated smallint NOT NULL DEFAULT 0;
