-- Who is one person across sites. Records are named by the id of their Patient, which tells nothing and survives a
-- renamed site. What is compared stands here only as keyed hashes; evidence and overriding values are sealed.

-- Written once, never changed: people, golden ids and what is shown of them are functions of these rows
-- (src/identity/golden). A site's word on its own records stands here beside patient_decision (told_by).
CREATE TABLE identity_decision (
  seq         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text        NOT NULL CHECK (kind IN ('link', 'unlink', 'not-same', 'merge', 'override')),
  one         uuid        NOT NULL,           -- of a merge the record that was merged away
  other       uuid,                           -- null: an override, which is about one record
  attribute   text,                           -- of an override
  actor_kind  text        NOT NULL CHECK (actor_kind IN ('person', 'site', 'hub')),
  actor       text        NOT NULL,
  reason      text        NOT NULL,
  model_id    text,
  at          timestamptz NOT NULL,           -- of a site's word the site's time
  supersedes  bigint      REFERENCES identity_decision ON DELETE SET NULL,
  told_by     bigint,                         -- patient_decision
  key_id      text,
  sealed      bytea,                          -- evidence; of an override the value
  recorded_at timestamptz NOT NULL,
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  CHECK (one <> other),
  CHECK ((kind = 'override') = (other IS NULL) AND (kind = 'override') = (attribute IS NOT NULL)),
  CHECK ((key_id IS NULL) = (sealed IS NULL))
);
CREATE INDEX identity_decision_one ON identity_decision (one);
CREATE INDEX identity_decision_other ON identity_decision (other);
CREATE UNIQUE INDEX identity_decision_told ON identity_decision (told_by, kind) WHERE told_by IS NOT NULL;

-- Every golden id that was ever given out, and what it stands for now. Computed with each decision.
CREATE TABLE golden_patient (
  id         uuid        PRIMARY KEY,
  state      text        NOT NULL CHECK (state IN ('active', 'redirected', 'split')),
  leads_to   uuid[]      NOT NULL DEFAULT '{}', -- active: people to whom records went; else who stands for it now
  changed_at timestamptz NOT NULL,
  xid        xid8        NOT NULL DEFAULT pg_current_xact_id()
);
-- The records that it ever stood for. Nothing is taken out, so that every id resolves for ever.
CREATE TABLE golden_holding (
  golden_id  uuid NOT NULL,
  patient_id uuid NOT NULL,
  PRIMARY KEY (golden_id, patient_id)
);
CREATE INDEX golden_holding_patient ON golden_holding (patient_id);

-- Which records are worth comparing: they share a key. 64 bits of an HMAC over epoch, kind and facts, so that equal
-- facts of two kinds or two epochs are not seen to be equal; two that meet by chance only make one comparison more.
-- `tight` is the same key with one fact more, for blocks over their cap (0: there is none).
CREATE TABLE patient_key (
  h          bigint   NOT NULL,
  tight      bigint   NOT NULL,
  patient_id uuid     NOT NULL,
  kind       text     NOT NULL,
  PRIMARY KEY (h, tight, patient_id)
);
CREATE INDEX patient_key_patient ON patient_key (patient_id);

-- Phones, e-mail addresses and street addresses, each with whoever has it (first letters of the name, birthday): what
-- more people have than live together counts for nothing.
CREATE TABLE patient_contact (
  h          bigint NOT NULL,
  who        bigint NOT NULL,
  patient_id uuid   NOT NULL,
  PRIMARY KEY (h, who, patient_id)
);
CREATE INDEX patient_contact_patient ON patient_contact (patient_id);

-- The version of each record that its keys were made from. A record without a row, or of another epoch, is made due.
CREATE TABLE patient_indexed (
  patient_id uuid        PRIMARY KEY,
  version    integer     NOT NULL,
  epoch      smallint    NOT NULL,
  in_use     boolean     NOT NULL,         -- merged and removed records are not found
  truncated  boolean     NOT NULL,         -- a key of it is shared by more records than are compared
  given      bigint,                       -- keyed hashes of the names, for counting
  family     bigint,
  indexed_at timestamptz NOT NULL
);

-- How many records have a name; counted anew now and then. h = 0: all that have one.
CREATE TABLE name_count (
  kind    text   NOT NULL CHECK (kind IN ('given', 'family')),
  h       bigint NOT NULL,
  records bigint NOT NULL,
  PRIMARY KEY (kind, h)
);

-- Records to be placed among the others. Written by whoever changes a Patient, in the same transaction; several rows
-- of one record are done at once.
CREATE TABLE patient_due (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id uuid        NOT NULL,
  due_at     timestamptz NOT NULL,
  attempts   integer     NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX patient_due_at ON patient_due (due_at, id);
CREATE INDEX patient_due_patient ON patient_due (patient_id);

-- Pairs that a person must look at. One row a pair, whatever becomes of it.
CREATE TABLE identity_review (
  lo          uuid        NOT NULL,
  hi          uuid        NOT NULL,
  why         text        NOT NULL,        -- review | withdrawn | kept-apart | contradicted | truncated | overruled
  score       real        NOT NULL,        -- bits
  probability real        NOT NULL,
  model_id    text        NOT NULL,
  key_id      text        NOT NULL,
  sealed      bytea       NOT NULL,        -- levels, steps and guards
  state       text        NOT NULL CHECK (state IN ('open', 'claimed', 'decided', 'outdated')),
  claimed_by  text,
  decision    bigint,                      -- identity_decision
  opened_at   timestamptz NOT NULL,
  due_at      timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (lo, hi),
  CHECK (lo < hi),
  CHECK ((state = 'claimed') = (claimed_by IS NOT NULL))
);
CREATE INDEX identity_review_hi ON identity_review (hi);
CREATE INDEX identity_review_open ON identity_review (probability DESC, lo, hi) WHERE state IN ('open', 'claimed');

-- The order in which records came: the last one tells how many there are without counting them, and thresholds must
-- know that before the first is compared. Rows of hubs that still run get theirs by the default.
CREATE SEQUENCE patient_ordinal AS bigint;
ALTER TABLE patient_link ADD COLUMN ordinal bigint;
UPDATE patient_link l SET ordinal = n.place
FROM (SELECT patient_id, row_number() OVER (ORDER BY linked_at, patient_id) AS place FROM patient_link) n
WHERE n.patient_id = l.patient_id;
SELECT setval('patient_ordinal', (SELECT count(*) + 1 FROM patient_link), false);
ALTER TABLE patient_link ALTER COLUMN ordinal SET DEFAULT nextval('patient_ordinal');
ALTER SEQUENCE patient_ordinal OWNED BY patient_link.ordinal;
CREATE INDEX patient_link_ordinal ON patient_link (ordinal);
