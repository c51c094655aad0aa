-- +goose Up
-- Whose a host is, who asked not to be looked at, and how many hosts a team may
-- have looked at that nobody showed to be its own.

-- The host of what is looked at, in lower-case ASCII; empty where no network
-- shows the endpoint, and until upkeep filled in what an older release wrote.
ALTER TABLE endpoints ADD COLUMN host text NOT NULL DEFAULT '';
CREATE INDEX endpoints_host ON endpoints (team_id, host) WHERE deleted_at IS NULL;
CREATE INDEX endpoints_without_host ON endpoints (id) WHERE deleted_at IS NULL AND host = '' AND value_kind IN ('literal', 'pattern');
GRANT INSERT (host) ON endpoints TO gradewatch_team;

-- A host that a team says is its own. A row begins with a random token; where
-- the token is found, the team runs the host: monitor.Ownership.
CREATE TABLE host_ownerships (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id       bigint NOT NULL REFERENCES teams,
    host          text NOT NULL CHECK (host <> ''),
    token         text NOT NULL CHECK (length(token) >= 26),
    created_by    text NOT NULL CHECK (created_by <> ''), -- mail address
    created_at    timestamptz NOT NULL,
    state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'verified', 'failing', 'lapsed')),
    method        text NOT NULL DEFAULT '' CHECK (method IN ('', 'dns', 'file', 'meta', 'page')), -- that found it last
    domain        text NOT NULL DEFAULT '',      -- whose DNS held it: every name below is the team's too; else empty
    verified_at   timestamptz,                   -- when it was found last
    checked_at    timestamptz,
    failing_since timestamptz,                   -- the first of the failed checks in a row
    failures      integer NOT NULL DEFAULT 0,    -- how many they are
    answer        jsonb,                         -- of the last check: checks.OwnershipLook
    next_check_at timestamptz,                   -- absolute; NULL: only when somebody asks
    asked_at      timestamptz,                   -- when a person asked for a check last
    UNIQUE (team_id, host)
);
CREATE INDEX host_ownerships_due ON host_ownerships (next_check_at) WHERE next_check_at IS NOT NULL;
ALTER TABLE host_ownerships ENABLE ROW LEVEL SECURITY;
ALTER TABLE host_ownerships FORCE ROW LEVEL SECURITY;
CREATE POLICY own_team ON host_ownerships USING (team_id = current_team()) WITH CHECK (team_id = current_team());
CREATE POLICY operator ON host_ownerships TO gradewatch_operator USING (true) WITH CHECK (true);
CREATE POLICY worker ON host_ownerships TO gradewatch_worker USING (true) WITH CHECK (true);
GRANT SELECT ON host_ownerships TO gradewatch_team, gradewatch_operator, gradewatch_worker;
-- What a check found is the worker's to write: a team could otherwise own anybody's host.
GRANT INSERT (team_id, host, token, created_by, created_at), UPDATE (asked_at), DELETE ON host_ownerships TO gradewatch_team;
GRANT UPDATE (state, method, domain, verified_at, checked_at, failing_since, failures, answer, next_check_at) ON host_ownerships TO gradewatch_worker;

-- Whether a team showed that it runs a host: at the host, or by the DNS of a
-- domain above it. A page of the host that is not its first shows who writes
-- that page: it counts where page is true.
-- +goose StatementBegin
CREATE FUNCTION owns_host(team bigint, name text, page boolean) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT EXISTS (SELECT FROM host_ownerships o
        WHERE o.team_id = team AND o.state IN ('verified', 'failing') AND (page OR o.method <> 'page')
            AND (o.host = name OR o.domain <> '' AND (o.domain = name OR right(name, length(o.domain) + 1) = '.' || o.domain)))
    $$;
-- +goose StatementEnd

-- Leave for intrusive probes on the team's own word, as long as the host is its own.
ALTER TABLE intrusive_leaves DROP CONSTRAINT intrusive_leaves_basis_check;
ALTER TABLE intrusive_leaves ADD CONSTRAINT intrusive_leaves_basis_check CHECK (basis IN ('operator', 'ownership'));
CREATE POLICY owned_only ON intrusive_leaves AS RESTRICTIVE FOR INSERT TO gradewatch_team
    WITH CHECK (basis = 'ownership'
        AND EXISTS (SELECT FROM endpoints e WHERE e.id = endpoint_id AND e.host <> '' AND owns_host(e.team_id, e.host, false)));
CREATE POLICY owned_back ON intrusive_leaves AS RESTRICTIVE FOR DELETE TO gradewatch_team, gradewatch_worker USING (basis = 'ownership');
GRANT INSERT, DELETE ON intrusive_leaves TO gradewatch_team;
GRANT DELETE ON intrusive_leaves TO gradewatch_worker; -- when ownership lapses

GRANT UPDATE (host) ON endpoints TO gradewatch_worker, gradewatch_team; -- upkeep fills it in; another probe URL has another

-- A leave is for the host that was looked at when it was given: another probe
-- URL does not take it along. Empty: given before this column, for any.
ALTER TABLE intrusive_leaves ADD COLUMN host text NOT NULL DEFAULT '';

-- Hosts that are not looked at since who runs them said so. About every team,
-- so none sees the row: operators write it, workers heed it.
CREATE TABLE opt_outs (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host                text NOT NULL CHECK (host <> ''), -- lower-case ASCII, or an address
    includes_subdomains boolean NOT NULL,
    reason              text NOT NULL CHECK (reason <> ''),
    contact             text NOT NULL CHECK (contact <> ''), -- who asked
    recorded_by         text NOT NULL CHECK (recorded_by <> ''), -- mail address
    recorded_at         timestamptz NOT NULL,
    ended_by            text NOT NULL DEFAULT '',
    ended_at            timestamptz
);
CREATE UNIQUE INDEX opt_outs_host ON opt_outs (host) WHERE ended_at IS NULL;
GRANT SELECT ON opt_outs TO gradewatch_operator, gradewatch_worker;
GRANT INSERT (host, includes_subdomains, reason, contact, recorded_by, recorded_at), UPDATE (ended_by, ended_at) ON opt_outs TO gradewatch_operator;

-- +goose Down
-- Leave that rests on ownership would stand in the way: restore a backup instead.
