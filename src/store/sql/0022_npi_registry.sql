-- What the files of NPPES say of NPIs: those that this hub knows, or all. Public data of providers, of no site and no
-- patient. It decides nothing: what does not fit a practitioner is put before a person.

CREATE TABLE npi_registry (
  npi               text     PRIMARY KEY,
  entity            smallint CHECK (entity IN (1, 2)), -- 1 person, 2 organisation; null: not told (yet)
  family            text,
  other_family      text,                              -- a name that was used before, or besides
  taxonomy          text,                              -- the primary one
  file_date         date,                              -- of the provider file that said so; null: none has
  deactivated_on    date,
  deactivated_as_of date                               -- of the file that said so, or said that it is not
);

-- The newest file of each kind that was read to its end.
CREATE TABLE npi_registry_file (
  kind      text        PRIMARY KEY CHECK (kind IN ('providers', 'deactivations')),
  file_date date        NOT NULL,
  name      text        NOT NULL,
  scope     text        NOT NULL CHECK (scope IN ('known', 'all')),
  npis      bigint      NOT NULL,
  loaded_at timestamptz NOT NULL
);
