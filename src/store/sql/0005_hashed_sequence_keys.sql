-- Sequence keys are stored as keyed hashes, which begin with `~`: plain ones name appointments and patients. The hub
-- hashes what earlier versions stored when it starts (it has the key, this file has not); this index finds those rows,
-- and is empty from then on.
CREATE INDEX inbox_plain_keys ON inbox (id) WHERE sequence_keys[1] NOT LIKE '~%';
