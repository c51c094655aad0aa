-- +goose Up
-- An inventory from a file, which waits for somebody to confirm what it changes.

CREATE TABLE imports (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id    bigint NOT NULL REFERENCES teams,
    file_name  text NOT NULL,
    format     text NOT NULL CHECK (format IN ('csv', 'json', 'xlsx', 'portal')),
    notes      text[] NOT NULL DEFAULT '{}',             -- what was not understood, in sentences
    created_by text NOT NULL CHECK (created_by <> ''),   -- mail address
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at), -- from then on it cannot be confirmed
    applied_at timestamptz,
    applied_by text NOT NULL DEFAULT '',                 -- mail address
    added      integer NOT NULL DEFAULT 0,
    changed    integer NOT NULL DEFAULT 0,
    removed    integer NOT NULL DEFAULT 0,
    rejected   integer NOT NULL DEFAULT 0,
    UNIQUE (id, team_id)
);
CREATE INDEX imports_team ON imports (team_id, created_at DESC);

-- A row of the file as it was written: what it means is read anew each time,
-- since that depends on what is registered by then.
CREATE TABLE import_rows (
    import_id    bigint NOT NULL,
    team_id      bigint NOT NULL,
    ordinal      integer NOT NULL,
    place        text NOT NULL,     -- where it stands in the file
    application  text NOT NULL,
    type         text NOT NULL,
    environment  text NOT NULL,
    kind         text NOT NULL,
    value_kind   text NOT NULL,
    value        text NOT NULL,
    probe_url    text NOT NULL,
    method       text NOT NULL,
    interval     text NOT NULL,
    post_allowed text NOT NULL,
    client_id    text NOT NULL,
    fault        text NOT NULL DEFAULT '', -- why the file could not be read here
    PRIMARY KEY (import_id, ordinal),
    FOREIGN KEY (import_id, team_id) REFERENCES imports (id, team_id) ON DELETE CASCADE
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['imports', 'import_rows'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_team ON %I USING (team_id = current_team()) WITH CHECK (team_id = current_team())', t);
        EXECUTE format('CREATE POLICY operator ON %I TO gradewatch_operator USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY worker ON %I TO gradewatch_worker USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO gradewatch_team', t);
        EXECUTE format('GRANT SELECT ON %I TO gradewatch_operator', t);
        EXECUTE format('GRANT SELECT, DELETE ON %I TO gradewatch_worker', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT UPDATE (applied_at, applied_by, added, changed, removed, rejected), DELETE ON imports TO gradewatch_team;

-- From when the schedule is counted, where it is not from the creation:
-- thousands that were imported in one second do not run in the same one for ever.
ALTER TABLE endpoints ADD COLUMN anchor_at timestamptz;

-- What people and imports change of what is registered.
GRANT UPDATE (type) ON applications TO gradewatch_team;
GRANT INSERT (post_allowed, anchor_at, next_full_at), UPDATE (value_kind, probe_url, method, post_allowed) ON endpoints TO gradewatch_team;

-- +goose Down
DROP TABLE import_rows;
DROP TABLE imports;
REVOKE UPDATE (type) ON applications FROM gradewatch_team;
REVOKE INSERT (post_allowed, next_full_at), UPDATE (value_kind, probe_url, method, post_allowed) ON endpoints FROM gradewatch_team;
ALTER TABLE endpoints DROP COLUMN anchor_at;
