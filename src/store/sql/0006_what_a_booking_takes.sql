-- Bookings of one person whose visit is not told by an Appointment yet: looked at when the same person is booked again.
CREATE INDEX booking_patient ON booking (patient_id)
  WHERE patient_id IS NOT NULL AND state IN ('held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown',
    'unsent', 'parked');

-- Visits that share a class, or the parallel visits that a schedule allows, have one occupancy, so that they may
-- overlap; each then has a seat of its own. Two callers who count the seats at once would both take the same number.
ALTER TABLE busy ADD COLUMN seat smallint;
ALTER TABLE busy ADD CONSTRAINT busy_one_visit_a_seat
  EXCLUDE USING gist (resource_id WITH =, occupancy WITH =, seat WITH =, during WITH &&)
  WHERE (live AND origin = 'hub' AND NOT contested AND seat IS NOT NULL);
