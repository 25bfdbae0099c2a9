-- What a record said when it was indexed is known by its version: whoever still remembers it need not read and open it
-- again for each record that shares a key. 0: written by an earlier release, read each time.
ALTER TABLE patient_key ADD COLUMN version integer NOT NULL DEFAULT 0;
