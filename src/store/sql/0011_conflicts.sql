-- Overlaps that may be conflicts. A pair is noted by the transaction that reveals it, and raised as a work item once
-- what had come of its sites until then is applied: news that solves it may be among that. Rows of what is solved go.
CREATE TABLE conflict (
  subject     text        PRIMARY KEY,            -- appointments:<id>:<id>, sorted; session:<occupancy>
  because     text        NOT NULL CHECK (because IN ('two-sites', 'hub-booking', 'above-capacity')),
  visits      uuid[]      NOT NULL,
  latest      uuid        NOT NULL,               -- the visit whose news revealed it
  sites       text[]      NOT NULL,
  resource_id uuid        NOT NULL,
  behind      bigint      NOT NULL,               -- newest message stored when it was noted
  noted_at    timestamptz NOT NULL,
  raised_at   timestamptz,
  look_again  boolean     NOT NULL DEFAULT false  -- raised, and one of its visits changed since
);
CREATE INDEX conflict_visits ON conflict USING gin (visits);
CREATE INDEX conflict_open ON conflict (noted_at) WHERE raised_at IS NULL OR look_again;

-- What earlier releases raised is looked after like the rest.
INSERT INTO conflict (subject, because, visits, latest, sites, resource_id, behind, noted_at, raised_at, look_again)
SELECT subject, 'two-sites', ARRAY[split_part(subject, ':', 2)::uuid, split_part(subject, ':', 3)::uuid],
  split_part(subject, ':', 2)::uuid, ARRAY[site], (evidence::json ->> 'resource')::uuid, 0, opened_at, opened_at, true
FROM work_item
WHERE kind = 'conflict' AND closed_at IS NULL AND site IS NOT NULL AND subject LIKE 'appointments:%'
  AND evidence::json ->> 'resource' IS NOT NULL;

-- A person's word that a site has a booking comes without the site's name for it: its news must find the booking.
CREATE INDEX booking_unnamed ON booking (site) WHERE state = 'booked' AND site_key IS NULL;

-- Windows of a site in which our copy was held against all that the site has: by asking it, or by a file of its own.
CREATE TABLE proof (
  site        text        NOT NULL,
  calendar    text        NOT NULL, -- '': the whole site
  start_at    timestamptz NOT NULL,
  end_at      timestamptz NOT NULL,
  due_at      timestamptz NOT NULL,
  checked_at  timestamptz,
  proven_at   timestamptz,          -- when the site was last found to have what our copy has; null: not as it stands
  differences integer     NOT NULL DEFAULT 0,
  rounds      integer     NOT NULL DEFAULT 0, -- questions since it was last proven
  PRIMARY KEY (site, calendar, start_at)
);
CREATE INDEX proof_due ON proof (site, due_at);
