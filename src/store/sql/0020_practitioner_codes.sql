-- Who is meant by the codes of a site. Which person a code stands for now is told by the PractitionerRoles; here stands
-- what the site itself has said of its codes, which says who they are where the site file is silent.

CREATE TABLE practitioner_code (
  site    text        NOT NULL,
  code    text        NOT NULL,
  npi     text        NOT NULL,
  by      text        NOT NULL CHECK (by IN ('master', 'message')), -- a master file goes before other messages
  said_at timestamptz NOT NULL,
  PRIMARY KEY (site, code)
);

-- The name (calendar, or code of a person) by which the site, or the slot that was booked, named the resource. When the
-- code turns out to be somebody else, these rows are moved and those of the person's other codes are not. Null: as
-- stored by an earlier release, or what a visit type needs by the site file.
ALTER TABLE busy ADD COLUMN code text;
