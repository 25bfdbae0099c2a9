-- People who were erased. What stays of a record is its id, so that whatever names it finds out that it is gone, and so
-- that its site's next news does not bring it back. The site's own key goes from `patient_link`: it is recognised by
-- the id that follows from it.
ALTER TABLE patient_link ADD COLUMN erased_at timestamptz;
CREATE TABLE patient_erasure (
  patient_id uuid        PRIMARY KEY,
  erased_at  timestamptz NOT NULL,
  erased_by  text        NOT NULL,
  reason     text        NOT NULL,
  -- Messages that may be about it: keyed hashes of sequence keys. Looked for up to the newest of that moment, some at a
  -- time; then they go too.
  hashes     text[]      NOT NULL,
  swept_to   bigint      NOT NULL DEFAULT 0,
  up_to      bigint      NOT NULL
);
CREATE INDEX patient_erasure_open ON patient_erasure (swept_to) WHERE hashes <> '{}';

-- Messages in which its site told of it afterwards, noted by the transaction that applied them: to be emptied.
CREATE TABLE erased_news (
  inbox_id bigint PRIMARY KEY
);

-- A message whose body was taken away, because it was about nobody but people who were erased. It cannot be replayed.
ALTER TABLE inbox ADD COLUMN emptied_at timestamptz;
