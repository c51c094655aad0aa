-- +goose Up

-- What only a full look knows, each family a component of its own.
ALTER TABLE components DROP CONSTRAINT components_kind_check;
ALTER TABLE components ADD CONSTRAINT components_kind_check CHECK (kind IN ('dns', 'tls', 'http', 'certificate', 'verdicts',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations'));
ALTER TABLE endpoint_status DROP CONSTRAINT endpoint_status_family_check;
ALTER TABLE endpoint_status ADD CONSTRAINT endpoint_status_family_check CHECK (family IN ('dns', 'tls', 'http', 'certificates',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations'));

-- The age of an answer that was given again is the age of the last look of its
-- own depth: what a quick look did not ask gets no younger by it.
ALTER TABLE endpoints
    ADD COLUMN next_full_at    timestamptz,   -- absolute; NULL: no full look was ever due
    ADD COLUMN quick_looked_at timestamptz,   -- when a quick look was judged last
    ADD COLUMN full_looked_at  timestamptz;   -- when a full look was judged last

-- Endpoints that are watched already get their first full look within a day,
-- one after the other. Row-level security binds the owner too.
ALTER TABLE endpoints NO FORCE ROW LEVEL SECURITY;
UPDATE endpoints SET quick_looked_at = looked_at, next_full_at = next_run_at + make_interval(mins => (id * 977 % 1440)::int)
WHERE looked_at IS NOT NULL AND deleted_at IS NULL;
ALTER TABLE endpoints FORCE ROW LEVEL SECURITY;

-- What a team writes of an endpoint is what it registers.
REVOKE INSERT ON endpoints FROM gradewatch_team;
GRANT INSERT (team_id, application_id, environment, kind, value_kind, value, probe_url, method, vantage,
    interval_seconds, next_run_at, created_at) ON endpoints TO gradewatch_team;

-- Leave to send an endpoint's server what no honest client sends. A row stands
-- while the leave does; who gave it and took it back is in the audit. Only
-- operators write here: a team could otherwise have anybody's server attacked.
CREATE TABLE intrusive_leaves (
    endpoint_id bigint NOT NULL,
    team_id     bigint NOT NULL,
    basis       text NOT NULL CHECK (basis IN ('operator')), -- what the leave rests on
    reason      text NOT NULL CHECK (reason <> ''),
    allowed_by  text NOT NULL CHECK (allowed_by <> ''),      -- mail address
    allowed_at  timestamptz NOT NULL,
    PRIMARY KEY (endpoint_id, basis),
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);
ALTER TABLE intrusive_leaves ENABLE ROW LEVEL SECURITY;
ALTER TABLE intrusive_leaves FORCE ROW LEVEL SECURITY;
CREATE POLICY own_team ON intrusive_leaves USING (team_id = current_team()) WITH CHECK (team_id = current_team());
CREATE POLICY operator ON intrusive_leaves TO gradewatch_operator USING (true) WITH CHECK (true);
CREATE POLICY worker ON intrusive_leaves TO gradewatch_worker USING (true) WITH CHECK (true);
GRANT SELECT ON intrusive_leaves TO gradewatch_team, gradewatch_operator, gradewatch_worker;
GRANT INSERT, DELETE ON intrusive_leaves TO gradewatch_operator;

-- +goose Down
-- Components of the new kinds would stand in the way: restore a backup instead.
