-- A booking may wait for a person before its site is asked: for the caller who holds a time ($hold), or for the
-- coordinator of a site that wants to decide. waits_until: past it the booking expires. Null: it waits for nobody.
ALTER TABLE booking ADD COLUMN waits_until timestamptz;
CREATE INDEX booking_waits ON booking (waits_until)
  WHERE waits_until IS NOT NULL AND state IN ('held', 'awaiting-approval');

-- What else a client asked of a booking that was there already (to book what it holds, to let it go), under a request
-- key of its own: the same key sent again gets the first answer here too.
CREATE TABLE booking_request (
  client         text        NOT NULL,
  request_key    text        NOT NULL,
  request_digest text        NOT NULL,
  booking_id     uuid        NOT NULL,
  asked_at       timestamptz NOT NULL,
  PRIMARY KEY (client, request_key)
);
CREATE INDEX booking_request_booking ON booking_request (booking_id);
