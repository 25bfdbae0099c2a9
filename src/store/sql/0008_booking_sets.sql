-- Several visits that are booked as one, and what happens to a series from one of its visits on. A set owns no time:
-- each step is a booking of its own; these rows say which belong together and how far they have come.
CREATE TABLE booking_set (
  id             uuid        PRIMARY KEY,
  client         text        NOT NULL,
  request_key    text        NOT NULL,
  request_digest text        NOT NULL,
  kind           text        NOT NULL CHECK (kind IN ('set', 'series')),
  action         text        NOT NULL CHECK (action IN ('place', 'move', 'cancel')),
  mode           text        NOT NULL CHECK (mode IN ('all', 'best-effort')),
  rules          text        NOT NULL DEFAULT '[]', -- JSON: kinds, numbers of visits, lengths
  state          text        NOT NULL CHECK (state IN ('under-way', 'undoing', 'stuck', 'done', 'partly', 'refused')),
  state_at       timestamptz NOT NULL,
  failed_step    integer,
  trace          text,
  check_at       timestamptz NOT NULL,              -- when it is looked at again if nobody rings
  created_at     timestamptz NOT NULL,
  created_by     text        NOT NULL,
  UNIQUE (client, request_key)
);
CREATE INDEX booking_set_due ON booking_set (check_at) WHERE state IN ('under-way', 'undoing', 'stuck');

CREATE TABLE booking_set_step (
  set_id          uuid    NOT NULL REFERENCES booking_set ON DELETE CASCADE,
  step            integer NOT NULL,
  name            text,
  slot_id         uuid,
  booking_id      uuid,                             -- null: it never came to a booking
  appointment_id  uuid,
  from_slot_id    uuid,                             -- of a move: where the visit was, and goes back to
  state           text    NOT NULL CHECK (state IN ('held', 'owed', 'done', 'refused', 'released', 'undoing',
                    'undone', 'stuck')),
  undo_booking_id uuid,
  code            text,                             -- of the error catalogue: why it did not come to be
  detail          text,
  PRIMARY KEY (set_id, step)
);
CREATE INDEX booking_set_step_booking ON booking_set_step (booking_id);
CREATE INDEX booking_set_step_undo ON booking_set_step (undo_booking_id) WHERE undo_booking_id IS NOT NULL;
CREATE INDEX booking_set_step_appointment ON booking_set_step (appointment_id);
