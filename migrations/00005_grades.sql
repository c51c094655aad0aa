-- +goose Up

-- What issuers and DNS say, what servers staple, and grades.
ALTER TABLE components DROP CONSTRAINT components_kind_check;
ALTER TABLE components ADD CONSTRAINT components_kind_check CHECK (kind IN ('dns', 'tls', 'http', 'certificate', 'verdicts',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations', 'pki', 'records', 'stapled', 'grade'));
ALTER TABLE endpoint_status DROP CONSTRAINT endpoint_status_family_check;
ALTER TABLE endpoint_status ADD CONSTRAINT endpoint_status_family_check CHECK (family IN ('dns', 'tls', 'http', 'certificates',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations', 'pki', 'records', 'stapled'));

-- The column grade holds the letter.
ALTER TABLE assessments
    ADD COLUMN grade_sha256 bytea,                       -- component of kind grade
    ADD COLUMN criteria     text,                        -- version of the rating guide
    ADD COLUMN provisional  boolean NOT NULL DEFAULT false; -- facts are missing that could make it another letter
CREATE INDEX assessments_grade ON assessments (grade_sha256, team_id);
CREATE INDEX endpoint_status_manifest ON endpoint_status (manifest_sha256, team_id);

-- Where the grade of each endpoint stands. A row is written when something in
-- it changes, not at every judgement.
CREATE TABLE endpoint_grades (
    endpoint_id      bigint PRIMARY KEY,
    team_id          bigint NOT NULL,
    letter           text NOT NULL,            -- of the latest look; empty: no protocol could be seen
    provisional      boolean NOT NULL,         -- likewise
    conclusive       text NOT NULL DEFAULT '', -- the last letter that was not provisional
    conclusive_since timestamptz,
    grade_sha256     bytea,                    -- component of the last grade that was not provisional
    assessment_id    bigint NOT NULL,          -- the one that changed the row
    graded_at        timestamptz NOT NULL,     -- likewise
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);
CREATE INDEX endpoint_grades_component ON endpoint_grades (grade_sha256);

-- A dated exception from one requirement, which somebody answers for.
CREATE TABLE waivers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id     bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    requirement text NOT NULL CHECK (requirement <> ''),
    fact        text NOT NULL DEFAULT '',                  -- only proofs about this fact; empty: all
    owner       text NOT NULL CHECK (owner <> ''),         -- who answers for it
    reason      text NOT NULL CHECK (reason <> ''),
    until       timestamptz NOT NULL CHECK (until > created_at),
    created_by  text NOT NULL CHECK (created_by <> ''),    -- mail address
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,                               -- before its time; NULL: it ends by itself
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);
CREATE INDEX waivers_endpoint ON waivers (endpoint_id, until) WHERE ended_at IS NULL;
ALTER TABLE requirement_status ADD COLUMN waived boolean NOT NULL DEFAULT false; -- it fails, and somebody answers for it

-- The profiles that an endpoint is held to besides those that every one is.
CREATE TABLE endpoint_profiles (
    endpoint_id bigint NOT NULL,
    team_id     bigint NOT NULL,
    profile     text NOT NULL CHECK (profile <> ''), -- id, without version
    added_by    text NOT NULL CHECK (added_by <> ''), -- mail address
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (endpoint_id, profile),
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['endpoint_grades', 'waivers', 'endpoint_profiles'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_team ON %I USING (team_id = current_team()) WITH CHECK (team_id = current_team())', t);
        EXECUTE format('CREATE POLICY operator ON %I TO gradewatch_operator USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY worker ON %I TO gradewatch_worker USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO gradewatch_team, gradewatch_operator, gradewatch_worker', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT INSERT, UPDATE ON endpoint_grades TO gradewatch_worker;
GRANT INSERT (team_id, endpoint_id, requirement, fact, owner, reason, until, created_by, created_at), UPDATE (ended_at)
    ON waivers TO gradewatch_team, gradewatch_operator;
GRANT INSERT, DELETE ON endpoint_profiles TO gradewatch_team, gradewatch_operator;

-- What a team sees of shared rows: those that an assessment of its own rests
-- on, and those that hold the newest answers about an endpoint of its own.
CREATE OR REPLACE VIEW team_manifest_entries WITH (security_barrier) AS
    SELECT e.manifest_sha256, e.kind, e.address, e.port, e.component_sha256
    FROM manifest_entries e
    WHERE EXISTS (SELECT FROM assessments a
                  WHERE a.manifest_sha256 = e.manifest_sha256 AND a.team_id = current_team())
       OR EXISTS (SELECT FROM endpoint_status s
                  WHERE s.manifest_sha256 = e.manifest_sha256 AND s.team_id = current_team());

CREATE OR REPLACE VIEW team_components WITH (security_barrier) AS
    SELECT c.sha256, c.kind, c.body
    FROM components c
    WHERE EXISTS (SELECT FROM manifest_entries e JOIN assessments a ON a.manifest_sha256 = e.manifest_sha256
                  WHERE e.component_sha256 = c.sha256 AND a.team_id = current_team())
       OR EXISTS (SELECT FROM manifest_entries e JOIN endpoint_status s ON s.manifest_sha256 = e.manifest_sha256
                  WHERE e.component_sha256 = c.sha256 AND s.team_id = current_team())
       OR EXISTS (SELECT FROM assessments a WHERE a.verdicts_sha256 = c.sha256 AND a.team_id = current_team())
       OR EXISTS (SELECT FROM assessments a WHERE a.grade_sha256 = c.sha256 AND a.team_id = current_team());

-- Stored observations graded again under other criteria: what the letters
-- would be. It rewrites no assessment. No team reads it: workers write it,
-- operators ask for it.
CREATE TABLE regrades (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    criteria     text NOT NULL CHECK (criteria <> ''), -- version of the rating guide
    trust_data   text NOT NULL DEFAULT '',  -- of the worker that judges
    engine       text NOT NULL DEFAULT '',  -- likewise
    from_slot    timestamptz NOT NULL,      -- assessments due from here on
    to_slot      timestamptz NOT NULL,      -- and before here
    requested_by text NOT NULL CHECK (requested_by <> ''), -- mail address
    requested_at timestamptz NOT NULL,
    listed_at    timestamptz,               -- when what is to judge was listed
    finished_at  timestamptz,
    canceled_at  timestamptz,               -- by a person, or since it could not go on
    fault        text NOT NULL DEFAULT '',  -- why it could not
    manifests    bigint NOT NULL DEFAULT 0, -- distinct observations to judge
    cursor       bigint NOT NULL DEFAULT 0, -- the ordinal of the last that is judged
    judged       bigint NOT NULL DEFAULT 0, -- judgements: an observation needs one for each time its certificates divide
    unreadable   bigint NOT NULL DEFAULT 0, -- observations that could not be judged
    assessments  bigint NOT NULL DEFAULT 0, -- that rest on what is to judge
    covered      bigint NOT NULL DEFAULT 0, -- of them, on what is judged
    CHECK (from_slot < to_slot)
);

-- What one regrade judges, in the order in which it does: the observations of
-- one endpoint lie together, since they share most of their components.
CREATE TABLE regrade_manifests (
    regrade_id      bigint NOT NULL REFERENCES regrades ON DELETE CASCADE,
    ordinal         bigint NOT NULL,
    manifest_sha256 bytea NOT NULL,
    first_at        timestamptz NOT NULL,   -- when the first assessment of it was judged
    last_at         timestamptz NOT NULL,
    assessments     bigint NOT NULL,
    PRIMARY KEY (regrade_id, ordinal)
);

-- The letter of one observation from one time to another, between which time
-- changes nothing about it.
CREATE TABLE regrade_results (
    regrade_id      bigint NOT NULL REFERENCES regrades ON DELETE CASCADE,
    manifest_sha256 bytea NOT NULL,
    segment         integer NOT NULL,       -- 0 is the first
    from_at         timestamptz NOT NULL,
    until_at        timestamptz NOT NULL,
    letter          text NOT NULL,          -- empty: no grade
    trust_ignored   text NOT NULL,
    provisional     boolean NOT NULL,
    rule            text NOT NULL,          -- id of the rule that weighs most
    fault           text NOT NULL,          -- why it could not be judged; else empty
    PRIMARY KEY (regrade_id, manifest_sha256, segment)
);

-- How many assessments would go from one letter to another.
CREATE TABLE regrade_counts (
    regrade_id  bigint NOT NULL REFERENCES regrades ON DELETE CASCADE,
    before      text NOT NULL,              -- as stored; empty: none
    after       text NOT NULL,
    fault       boolean NOT NULL,           -- it could not be judged
    assessments bigint NOT NULL,
    PRIMARY KEY (regrade_id, before, after, fault)
);

-- What the newest assessment of each endpoint would be.
CREATE TABLE regrade_endpoints (
    regrade_id         bigint NOT NULL REFERENCES regrades ON DELETE CASCADE,
    endpoint_id        bigint NOT NULL REFERENCES endpoints ON DELETE CASCADE,
    assessment_id      bigint NOT NULL,
    assessed_at        timestamptz NOT NULL,
    before             text NOT NULL,
    before_provisional boolean NOT NULL,
    before_criteria    text NOT NULL,
    after              text NOT NULL,
    after_provisional  boolean NOT NULL,
    rule               text NOT NULL,
    fault              text NOT NULL,
    PRIMARY KEY (regrade_id, endpoint_id)
);
CREATE INDEX regrade_endpoints_changed ON regrade_endpoints (regrade_id, endpoint_id) WHERE before <> after;

GRANT SELECT ON regrades, regrade_manifests, regrade_results, regrade_counts, regrade_endpoints TO gradewatch_operator, gradewatch_worker;
GRANT INSERT (criteria, from_slot, to_slot, requested_by, requested_at), UPDATE (canceled_at) ON regrades TO gradewatch_operator;
GRANT UPDATE, DELETE ON regrades TO gradewatch_worker;
GRANT INSERT, UPDATE, DELETE ON regrade_manifests, regrade_results, regrade_counts, regrade_endpoints TO gradewatch_worker;

-- +goose Down
-- Components of the new kinds would stand in the way: restore a backup instead.
