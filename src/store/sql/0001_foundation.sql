-- Foundation: everything that DESIGN section 7 says must be there from the first migration.
-- Keys are bigint or uuid. Every table that a feed reads carries `xid`, so that readers go in commit order: they stop
-- below pg_snapshot_xmin(pg_current_snapshot()), because a cursor over serial ids skips rows that commit late.
-- Partitioned tables have a DEFAULT partition, so that a clock or a missing partition can never refuse a message.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

-- ------------------------------------------------------------------------------------------------------------ messages

CREATE SEQUENCE inbox_id AS bigint;

-- What a site sent, bytes sealed as received. Never updated but for its outcome.
CREATE TABLE inbox (
  id            bigint      NOT NULL DEFAULT nextval('inbox_id'),
  received_at   timestamptz NOT NULL,
  site          text        NOT NULL,
  via           text        NOT NULL, -- poll | webhook | hl7 | load | fetch | availability | write
  kind          text        NOT NULL,
  shape         text        NOT NULL CHECK (shape IN ('event', 'state', 'hint')),
  event_id      text,
  object        text,
  digest        text,
  occurred_at   timestamptz,
  read_at       timestamptz,
  control_id    text,
  sequence_keys text[]      NOT NULL,
  content_type  text        NOT NULL,
  key_id        text        NOT NULL,
  body          bytea       NOT NULL,
  trace         text,
  status        text        NOT NULL DEFAULT 'received'
                CHECK (status IN ('received', 'applied', 'ignored', 'parked', 'superseded')),
  stage         text,
  code          text,
  reason        text,
  attempts      integer     NOT NULL DEFAULT 0,
  done_at       timestamptz,
  xid           xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;
CREATE INDEX inbox_site ON inbox (site, id);
CREATE INDEX inbox_parked ON inbox (site, code) WHERE status = 'parked';
CREATE INDEX inbox_control ON inbox (site, control_id) WHERE control_id IS NOT NULL;

-- Events and states to apply, narrow so that the claim reads little. Gone once the message is done.
-- `waits_for` is a queued message that must be done first, as far as a claim has found out: those that wait are out of
-- the way of later claims, so that a long run of one sequence key costs each claim nothing. Null says nothing.
-- Queues are vacuumed early: with the usual thresholds a claim would wade through what is long done.
CREATE TABLE inbox_queue (
  inbox_id        bigint      PRIMARY KEY,
  received_at     timestamptz NOT NULL,
  site            text        NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  attempts        integer     NOT NULL DEFAULT 0,
  waits_for       bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX inbox_queue_open ON inbox_queue (inbox_id) WHERE waits_for IS NULL;
CREATE INDEX inbox_queue_waits ON inbox_queue (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX inbox_queue_site ON inbox_queue (site, inbox_id);

-- One row per sequence key of an undone message: a message waits while an earlier one shares a key with it.
CREATE TABLE inbox_pending (
  site         text   NOT NULL,
  sequence_key text   NOT NULL,
  inbox_id     bigint NOT NULL,
  PRIMARY KEY (site, sequence_key, inbox_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX inbox_pending_message ON inbox_pending (inbox_id);

-- Hints wait here and are coalesced per object; one fetch answers all that came before it left.
CREATE TABLE hint_queue (
  inbox_id        bigint      PRIMARY KEY,
  received_at     timestamptz NOT NULL,
  site            text        NOT NULL,
  object          text        NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  attempts        integer     NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX hint_queue_object ON hint_queue (site, object, inbox_id);
CREATE INDEX hint_queue_site ON hint_queue (site, inbox_id);

-- Event ids seen within the dedupe window.
CREATE TABLE dedupe (
  site     text        NOT NULL,
  event_id text        NOT NULL,
  inbox_id bigint      NOT NULL,
  seen_at  timestamptz NOT NULL,
  PRIMARY KEY (site, event_id)
);
CREATE INDEX dedupe_seen ON dedupe (seen_at);

-- States: what was received last of each object.
CREATE TABLE site_object (
  site             text        NOT NULL,
  object           text        NOT NULL,
  received_digest  text        NOT NULL,
  received_read_at timestamptz NOT NULL,
  received_as      text        NOT NULL DEFAULT 'inserted' CHECK (received_as IN ('inserted', 'unchanged', 'older')),
  PRIMARY KEY (site, object)
);
-- ... and the read that was applied last. Apart from the former, or receiving and applying would wait for each other's
-- rows.
CREATE TABLE object_applied (
  site    text        NOT NULL,
  object  text        NOT NULL,
  read_at timestamptz NOT NULL,
  PRIMARY KEY (site, object)
);

CREATE TABLE cursor (
  site       text        NOT NULL,
  ability    text        NOT NULL, -- poll | load
  version    integer     NOT NULL,
  value      text        NOT NULL, -- flat JSON
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (site, ability)
);

-- One row per feed of a site: what lag and silence are computed from.
CREATE TABLE feed (
  site         text NOT NULL,
  name         text NOT NULL, -- poll | webhook | hl7 | availability
  known_since  timestamptz NOT NULL,
  seen_up_to   timestamptz,
  heard_at     timestamptz,
  tried_at     timestamptz,
  error_code   text,
  error_since  timestamptz,
  PRIMARY KEY (site, name)
);
-- Messages per hour of the week (0 = Monday 00:00 UTC): the usual rate of a push feed. `latest` counts those of the
-- hour that began at `latest_at`, which are no habit yet while that hour runs.
CREATE TABLE feed_hour (
  site      text        NOT NULL,
  name      text        NOT NULL,
  hour      smallint    NOT NULL CHECK (hour BETWEEN 0 AND 167),
  messages  bigint      NOT NULL DEFAULT 0,
  latest_at timestamptz NOT NULL,
  latest    bigint      NOT NULL DEFAULT 0,
  PRIMARY KEY (site, name, hour)
);

-- Freshness: when the owning site last confirmed a window of a schedule. Verifying changes no resource version.
CREATE TABLE freshness (
  site        text        NOT NULL,
  calendar    text        NOT NULL,
  visit_type  text        NOT NULL,
  start_at    timestamptz NOT NULL,
  end_at      timestamptz NOT NULL,
  verified_at timestamptz,
  changed_at  timestamptz,          -- newest change that an answer must reflect: one that left earlier does not
  due_at      timestamptz NOT NULL,
  attempts    integer     NOT NULL DEFAULT 0,
  PRIMARY KEY (site, calendar, visit_type, start_at)
);
CREATE INDEX freshness_due ON freshness (site, due_at);

-- ----------------------------------------------------------------------------------------------------------- resources

-- All types but Slot and Appointment. `content` is the ready JSON text; demographic bodies (Patient) are sealed
-- instead.
CREATE TABLE resource (
  type         text        NOT NULL,
  id           uuid        NOT NULL,
  version      integer     NOT NULL,
  site         text,
  content      text,
  sealed       bytea,
  key_id       text,
  active       boolean     NOT NULL DEFAULT true,
  name         text,
  tokens       text[]      NOT NULL DEFAULT '{}', -- 'identifier:system|value', ...; of patients: keyed hashes
  refs         text[]      NOT NULL DEFAULT '{}', -- 'actor:Practitioner/<id>', ...
  start_at     timestamptz,
  end_at       timestamptz,
  locations    uuid[]      NOT NULL DEFAULT '{}',
  security     text[]      NOT NULL DEFAULT '{}',
  deleted      boolean     NOT NULL DEFAULT false,
  last_updated timestamptz NOT NULL,
  xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (type, id),
  CHECK ((content IS NULL) <> (sealed IS NULL))
);
CREATE INDEX resource_tokens ON resource USING gin (tokens);
CREATE INDEX resource_refs ON resource USING gin (refs);
CREATE INDEX resource_name ON resource (type, lower(name) text_pattern_ops);
CREATE INDEX resource_updated ON resource (type, last_updated, id);

CREATE TABLE schedule_actor (
  schedule_id uuid NOT NULL,
  actor_type  text NOT NULL,
  actor_id    uuid NOT NULL,
  PRIMARY KEY (schedule_id, actor_type, actor_id)
);
CREATE INDEX schedule_actor_actor ON schedule_actor (actor_id, schedule_id);

CREATE TABLE slot (
  id               uuid        PRIMARY KEY,
  version          integer     NOT NULL,
  site             text        NOT NULL,
  site_key         text        NOT NULL,
  schedule_id      uuid        NOT NULL,
  local_visit_type text        NOT NULL,
  visit_type       text,                -- key in the catalogue; null: unmapped, not bookable
  specialty        text,
  location_id      uuid,
  start_at         timestamptz NOT NULL,
  end_at           timestamptz NOT NULL,
  status           text        NOT NULL, -- effective: what the site says, lowered by the busy calendar
  site_status      text        NOT NULL, -- what the owning site says
  capacity         integer     NOT NULL DEFAULT 1,
  seats_left       integer,
  session          uuid,                 -- of a class: the occupancy that its visits share
  withdrawn        boolean     NOT NULL DEFAULT false, -- its site is suspended or removed: it is not offered
  security         text[]      NOT NULL DEFAULT '{}',
  content          text        NOT NULL,
  last_updated     timestamptz NOT NULL,
  xid              xid8        NOT NULL DEFAULT pg_current_xact_id(),
  CHECK (start_at < end_at)
);
CREATE INDEX slot_free ON slot (start_at, id) WHERE status = 'free';
CREATE INDEX slot_type_free ON slot (visit_type, start_at, id) WHERE status = 'free';
CREATE INDEX slot_schedule ON slot (schedule_id, start_at);
CREATE INDEX slot_start ON slot (start_at, id);
CREATE INDEX slot_updated ON slot (last_updated, id);
CREATE INDEX slot_site_key ON slot (site_key);

-- Bodies hold the visit's reason and comment, so they are sealed like demographics.
CREATE TABLE appointment (
  id           uuid        PRIMARY KEY,
  version      integer     NOT NULL,
  site         text        NOT NULL,
  site_key     text,                    -- null until the owning site has given one
  status       text        NOT NULL,
  start_at     timestamptz,
  end_at       timestamptz,
  visit_type   text,
  specialty    text,
  patients     uuid[]      NOT NULL DEFAULT '{}',
  actors       uuid[]      NOT NULL DEFAULT '{}',
  slots        uuid[]      NOT NULL DEFAULT '{}',
  tokens       text[]      NOT NULL DEFAULT '{}',
  locations    uuid[]      NOT NULL DEFAULT '{}',
  security     text[]      NOT NULL DEFAULT '{}',
  sealed       bytea       NOT NULL,
  key_id       text        NOT NULL,
  ordered_at   timestamptz NOT NULL,    -- ordering time of the newest news applied
  last_updated timestamptz NOT NULL,
  xid          xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX appointment_start ON appointment (start_at, id);
CREATE INDEX appointment_site_start ON appointment (site, start_at);
CREATE INDEX appointment_patients ON appointment USING gin (patients);
CREATE INDEX appointment_actors ON appointment USING gin (actors);
CREATE INDEX appointment_slots ON appointment USING gin (slots);
CREATE INDEX appointment_tokens ON appointment USING gin (tokens);
CREATE INDEX appointment_updated ON appointment (last_updated, id);

-- The site's name of an appointment, for ever: a hub booking is known here as soon as the site has named it.
CREATE TABLE appointment_key (
  site           text NOT NULL,
  site_key       text NOT NULL,
  appointment_id uuid NOT NULL,
  PRIMARY KEY (site, site_key)
);
CREATE INDEX appointment_key_appointment ON appointment_key (appointment_id);

-- Both the site's time and the time we recorded it.
CREATE TABLE history (
  type        text        NOT NULL,
  id          uuid        NOT NULL,
  version     integer     NOT NULL,
  recorded_at timestamptz NOT NULL,
  site_time   timestamptz,
  source      text        NOT NULL,
  content     text,
  sealed      bytea,
  key_id      text,
  deleted     boolean     NOT NULL DEFAULT false,
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (type, id, version, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE history_default PARTITION OF history DEFAULT;

-- Which golden record a site's patient record belongs to. Merges and unmerges only move links.
CREATE TABLE patient_link (
  patient_id uuid        PRIMARY KEY,
  golden_id  uuid        NOT NULL,
  site       text        NOT NULL,
  site_key   text        NOT NULL,
  linked_at  timestamptz NOT NULL,
  UNIQUE (site, site_key)
);
CREATE INDEX patient_link_golden ON patient_link (golden_id);

-- Local codes that the site file does not map: counted, not bookable, one work item each.
CREATE TABLE unmapped_code (
  site     text        NOT NULL,
  system   text        NOT NULL,
  code     text        NOT NULL,
  count    bigint      NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL,
  last_at  timestamptz NOT NULL,
  PRIMARY KEY (site, system, code)
);

-- ------------------------------------------------------------------------------------------------------ busy, bookings

-- Everything known to occupy a resource. Two rows with one occupancy may overlap: one visit's lineage, one class
-- session.
CREATE TABLE busy (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  resource_id    uuid        NOT NULL,
  during         tstzrange   NOT NULL CHECK (NOT isempty(during)),
  occupancy      uuid        NOT NULL,
  origin         text        NOT NULL CHECK (origin IN ('hub', 'site', 'block', 'mirror')),
  site           text        NOT NULL,
  appointment_id uuid,
  booking_id     uuid,
  block_key      text,
  tentative      boolean     NOT NULL DEFAULT false, -- a hold or an undecided booking
  live           boolean     NOT NULL DEFAULT true,
  contested      boolean     NOT NULL DEFAULT false,
  expires_at     timestamptz,                        -- a caller's hold; never set once the site was asked
  CONSTRAINT busy_no_double_booking
    EXCLUDE USING gist (resource_id WITH =, during WITH &&, occupancy WITH <>)
    WHERE (live AND origin = 'hub' AND NOT contested)
);
CREATE INDEX busy_resource ON busy USING gist (resource_id, during) WHERE live;
CREATE INDEX busy_appointment ON busy (appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX busy_booking ON busy (booking_id) WHERE booking_id IS NOT NULL;
CREATE UNIQUE INDEX busy_block ON busy (site, block_key, resource_id) WHERE block_key IS NOT NULL;
CREATE INDEX busy_expiry ON busy (expires_at) WHERE expires_at IS NOT NULL AND live;

-- What a caller asked for, with where it stands. The order (patient facts) is sealed.
CREATE TABLE booking (
  id              uuid        PRIMARY KEY,
  client          text        NOT NULL,
  request_key     text        NOT NULL,
  request_digest  text        NOT NULL,
  action          text        NOT NULL CHECK (action IN ('place', 'move', 'cancel')),
  site            text        NOT NULL,
  state           text        NOT NULL CHECK (state IN ('held', 'awaiting-approval', 'queued', 'sent', 'accepted',
                    'unknown', 'unsent', 'booked', 'refused', 'expired', 'parked')),
  state_at        timestamptz NOT NULL,
  appointment_id  uuid        NOT NULL,
  slot_id         uuid,
  start_at        timestamptz,
  end_at          timestamptz,
  resources       uuid[]      NOT NULL DEFAULT '{}',
  patient_id      uuid,
  site_key        text,
  reference       text,
  refused_because text,
  detail          text,
  attempts        integer     NOT NULL DEFAULT 0,
  absences        integer     NOT NULL DEFAULT 0, -- times that `find` called it absent after the quiet time
  deadline_at     timestamptz,                    -- of the call under way
  next_check_at   timestamptz,
  parked_at       timestamptz,
  key_id          text        NOT NULL,
  body            bytea       NOT NULL,
  created_at      timestamptz NOT NULL,
  created_by      text        NOT NULL,
  xid             xid8        NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (client, request_key)
);
CREATE INDEX booking_open ON booking (site, state)
  WHERE state IN ('held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent', 'parked');
CREATE INDEX booking_check ON booking (next_check_at) WHERE state IN ('unknown', 'accepted');
CREATE INDEX booking_deadline ON booking (deadline_at) WHERE state = 'sent';
CREATE INDEX booking_state ON booking (state);
CREATE INDEX booking_appointment ON booking (appointment_id);

-- ---------------------------------------------------------------------------------------------- outbox, ledger, audit

CREATE SEQUENCE outbox_id AS bigint;

-- One thing owed to one receiver: a site or a subscriber. `sent` is durable before the first byte leaves.
CREATE TABLE outbox (
  id              bigint      NOT NULL DEFAULT nextval('outbox_id'),
  created_at      timestamptz NOT NULL,
  receiver        text        NOT NULL CHECK (receiver IN ('site', 'subscriber')),
  receiver_id     text        NOT NULL,
  kind            text        NOT NULL, -- place | cancel | move | block | unblock | event
  booking_id      uuid,
  appointment_id  uuid,
  body            text        NOT NULL DEFAULT '{}', -- ids and times only
  state           text        NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sent', 'done', 'unknown', 'parked')),
  next_attempt_at timestamptz NOT NULL,
  deadline_at     timestamptz,
  attempts        integer     NOT NULL DEFAULT 0,
  code            text,
  trace           text,
  xid             xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
CREATE INDEX outbox_due ON outbox (receiver, receiver_id, next_attempt_at, id) WHERE state = 'queued';
CREATE INDEX outbox_open ON outbox (state, deadline_at) WHERE state IN ('sent', 'unknown', 'parked');
CREATE INDEX outbox_appointment ON outbox (appointment_id, id) WHERE state IN ('queued', 'sent');

-- Mirrors: the block or appointment that stands in another system because of this appointment.
CREATE TABLE mirror (
  appointment_id uuid NOT NULL,
  site           text NOT NULL,
  calendar       text NOT NULL,
  start_at       timestamptz NOT NULL,
  end_at         timestamptz NOT NULL,
  key            text,
  state          text NOT NULL CHECK (state IN ('owed', 'placed', 'removing', 'removed', 'refused')),
  PRIMARY KEY (appointment_id, site, calendar)
);
CREATE INDEX mirror_key ON mirror (site, key) WHERE key IS NOT NULL;

-- Append-only: offers, booking steps, status changes, closing records. What is not recorded now cannot be analysed
-- later.
CREATE TABLE ledger (
  id             bigint      GENERATED ALWAYS AS IDENTITY,
  at             timestamptz NOT NULL,
  kind           text        NOT NULL,
  site           text,
  booking_id     uuid,
  appointment_id uuid,
  slot_id        uuid,
  actor          text        NOT NULL,
  cause          text,
  data           text        NOT NULL DEFAULT '{}',
  xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE ledger_default PARTITION OF ledger DEFAULT;
CREATE INDEX ledger_booking ON ledger (booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX ledger_appointment ON ledger (appointment_id) WHERE appointment_id IS NOT NULL;

CREATE TABLE audit (
  id            bigint      GENERATED ALWAYS AS IDENTITY,
  at            timestamptz NOT NULL,
  actor         text        NOT NULL,
  purpose       text        NOT NULL,
  action        text        NOT NULL,
  resource_type text,
  resource_id   text,
  site          text,
  outcome       text        NOT NULL,
  request_id    text,
  xid           xid8        NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_default PARTITION OF audit DEFAULT;
CREATE INDEX audit_actor ON audit (actor, at DESC);

-- Something a person must do, at most one open per subject; its FHIR Task stands in `resource`.
CREATE TABLE work_item (
  id        uuid        PRIMARY KEY,
  kind      text        NOT NULL,
  subject   text        NOT NULL,
  site      text,
  role      text        NOT NULL,
  due_at    timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  evidence  text        NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX work_item_open ON work_item (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX work_item_due ON work_item (due_at, id) WHERE closed_at IS NULL;
