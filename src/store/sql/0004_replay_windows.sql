-- An interface engine that sends hours of messages again gives them new times and control ids, so that they look newer
-- than what they say. While a replay window is open, messages of the site change only what later news does not
-- contradict.
CREATE TABLE replay_window (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site       text        NOT NULL,
  known_from timestamptz NOT NULL, -- messages received from here on are known by their content
  began_at   timestamptz NOT NULL, -- messages received from here on are looked at
  until_at   timestamptz,          -- ends by itself
  ended_at   timestamptz,
  began_by   text        NOT NULL
);
CREATE UNIQUE INDEX replay_window_open ON replay_window (site) WHERE ended_at IS NULL;

-- Digests of messages received before, without the fields that an engine rewrites.
CREATE TABLE replay_known (
  window_id bigint NOT NULL REFERENCES replay_window ON DELETE CASCADE,
  digest    text   NOT NULL,
  inbox_id  bigint NOT NULL,
  PRIMARY KEY (window_id, digest)
);

CREATE TABLE replay_verdict (
  window_id      bigint NOT NULL REFERENCES replay_window ON DELETE CASCADE,
  inbox_id       bigint NOT NULL,
  verdict        text   NOT NULL CHECK (verdict IN ('applied', 'resent', 'held', 'forced')),
  appointment_id uuid,
  detail         text,
  PRIMARY KEY (window_id, inbox_id)
);
