-- Keys that the hub signs with where a site knows it by a key (SMART Backend Services), and the tokens that it got so.
-- Nothing of it is about patients. Times say how a key stands: nobody has to move it from state to state.

CREATE TABLE signing_key (
  kid          text        PRIMARY KEY, -- RFC 7638 thumbprint
  made         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY, -- of two that sign from one moment the later one does
  environment  text        NOT NULL CHECK (environment IN ('production', 'test', 'sandbox')),
  alg          text        NOT NULL CHECK (alg IN ('RS384', 'ES384')),
  jwk          text        NOT NULL,    -- the public part, as it is published
  sealed       bytea,                   -- the private part, PKCS 8; destroyed when the key is withdrawn
  key_id       text,
  created_at   timestamptz NOT NULL,
  signs_from   timestamptz NOT NULL,    -- published before; the newest one that may sign does
  withdrawn_at timestamptz,
  CHECK ((sealed IS NULL) = (withdrawn_at IS NOT NULL)),
  CHECK ((sealed IS NULL) = (key_id IS NULL))
);
CREATE INDEX signing_key_published ON signing_key (environment, signs_from) WHERE withdrawn_at IS NULL;

-- One row for each token URL, client and scope: all nodes use one token. Whoever holds the lease asks for the next.
CREATE TABLE backend_token (
  name         text        PRIMARY KEY, -- hash of what the token is for
  endpoint     text        NOT NULL,
  client_id    text        NOT NULL,
  scope        text        NOT NULL,
  generation   bigint      NOT NULL DEFAULT 0, -- grows with each token
  sealed       bytea,                   -- null: none is usable
  key_id       text,
  refresh_at   timestamptz,             -- from then on the next one is asked for
  ends_at      timestamptz,             -- from then on it is given to nobody
  lease        text,
  lease_until  timestamptz,
  not_before   timestamptz NOT NULL,    -- nobody asks before
  failures     integer     NOT NULL DEFAULT 0, -- in a row
  failure_code text,                    -- why the last question brought no token
  failure_text text,
  CHECK ((sealed IS NULL) = (key_id IS NULL)),
  CHECK (sealed IS NULL OR (refresh_at IS NOT NULL AND ends_at IS NOT NULL))
);
