-- Requests for appointments that clients send by HL7 v2 (SRM), and what they are told. A row is there before its sender
-- is told CA, or waits for its answer; it is carried out from here, after a restart too.
--
--   received --> done              answered
--   received --> open --> done     answered "pending", and told later what came of it (notice)
CREATE TABLE hl7_request (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client         text        NOT NULL,
  lineage        uuid        NOT NULL, -- of ARQ-1, by a keyed hash: order is kept in it
  digest         text        NOT NULL, -- keyed hash of the message without its time (MSH-7): tells repeats
  received_at    timestamptz NOT NULL,
  reply          text        NOT NULL CHECK (reply IN ('connection', 'address', 'none')),
  state          text        NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'open', 'done')),
  key_id         text        NOT NULL,
  body           bytea       NOT NULL, -- as received
  booking_id     uuid,
  appointment_id uuid,
  answer_code    text CHECK (answer_code IN ('AA', 'AE', 'AR')),
  answer_key_id  text,
  answer         bytea,                -- SRR
  answered_at    timestamptz,
  final          boolean     NOT NULL DEFAULT true, -- false: asked again it may be answered otherwise
  notice_key_id  text,
  notice         bytea,                -- SIU
  xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (client, digest)
);
CREATE INDEX hl7_request_undone ON hl7_request (state, id) WHERE state <> 'done';
CREATE INDEX hl7_request_lineage ON hl7_request (client, lineage, id);
CREATE INDEX hl7_request_received ON hl7_request (received_at);

-- Clients are receivers too. Rows that stand are of the two kinds before, so they are not read again.
ALTER TABLE outbox DROP CONSTRAINT outbox_receiver_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_receiver_check
  CHECK (receiver IN ('site', 'subscriber', 'client')) NOT VALID;
