-- Whom a site was asked to register. Written and committed before the message leaves, and never taken out again while
-- the person is known: who is registered twice is a duplicate at the site. Ids alone, nothing of the person.
CREATE TABLE patient_registration (
  site        text        NOT NULL,
  patient_id  uuid        NOT NULL, -- the record by which the person was described
  golden_id   uuid        NOT NULL, -- the id that the site was given for the person
  state       text        NOT NULL CHECK (state IN ('asked', 'accepted', 'refused', 'unsent', 'unknown')),
  code        text,                 -- of a refusal: codes of the site, no words
  asked_at    timestamptz NOT NULL,
  answer_by   timestamptz NOT NULL, -- asked and not answered by then: the hub that waited is gone
  shows_by    timestamptz NOT NULL, -- by then the site should have told of its record
  record_id   uuid,                 -- the site's record that came with the id
  heard_at    timestamptz,
  settled_at  timestamptz,          -- the site had a record of the person by then, or people were asked to look
  PRIMARY KEY (site, patient_id),
  UNIQUE (site, golden_id),
  CHECK ((record_id IS NULL) = (heard_at IS NULL))
);
CREATE INDEX patient_registration_patient ON patient_registration (patient_id);
CREATE INDEX patient_registration_record ON patient_registration (record_id) WHERE record_id IS NOT NULL;
-- Those that may have to be put before people.
CREATE INDEX patient_registration_open ON patient_registration (asked_at)
  WHERE settled_at IS NULL AND state <> 'unsent';
