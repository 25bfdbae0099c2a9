-- What sites say about which of their own records are one person (ADT A24, A37, A40 and their like), and what people
-- decide later. Append-only: the links that stand are a function of these rows, taken in the order of their times, so
-- whatever a decision did is undone by a later one and never by hand.
CREATE TABLE patient_decision (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site        text        NOT NULL,
  kind        text        NOT NULL CHECK (kind IN ('merge', 'link', 'unlink', 'remove', 'restore')),
  one         text        NOT NULL,             -- the site's key of a record; of a merge the one that was merged away
  other       text        NOT NULL DEFAULT '',  -- the other record; of a merge the one that stays
  at          timestamptz NOT NULL,             -- the site's own time
  reason      text        NOT NULL,             -- ADT^A40
  actor       text        NOT NULL,
  message_id  bigint,
  recorded_at timestamptz NOT NULL,
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (site, kind, one, other, at)           -- a replay, and a repeat under another control id, decide nothing new
);
CREATE INDEX patient_decision_one ON patient_decision (site, one);
CREATE INDEX patient_decision_other ON patient_decision (site, other);

-- What the decisions come to, for the one lookup that every message makes: the record that stands for this one now, and
-- since when the site no longer has it.
ALTER TABLE patient_link ADD COLUMN survivor_id uuid;
ALTER TABLE patient_link ADD COLUMN removed_at timestamptz;
