-- Which booking of a visit is the latest is asked under the visit's lock, and so is answered by the order in which they
-- were stored: two may be of one millisecond, and who waits for the lock has read the clock before. Rows of earlier
-- releases have none and are older than all that do.
CREATE SEQUENCE booking_ordinal AS bigint;
ALTER TABLE booking ADD COLUMN ordinal bigint;
ALTER TABLE booking ALTER COLUMN ordinal SET DEFAULT nextval('booking_ordinal');
ALTER SEQUENCE booking_ordinal OWNED BY booking.ordinal;
