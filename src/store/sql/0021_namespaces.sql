-- What the site file said of its identifiers when the records of the site were last compared by it: where it says
-- something else now, they are compared again.
CREATE TABLE identity_namespace (
  site       text        PRIMARY KEY,
  digest     text        NOT NULL,
  changed_at timestamptz NOT NULL
);
