-- +goose Up

-- Who reaches what. Nobody signs in as these roles: a transaction takes one of
-- them (SET LOCAL ROLE), so that neither the owner's nor the pool's own rights
-- ever apply to a request. Roles are shared by a cluster: create them once.
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['gradewatch_app', 'gradewatch_team', 'gradewatch_operator', 'gradewatch_worker'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', r);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    -- gradewatch_app is what a login role is a member of: it may take the
    -- other three, and itself reaches River's tables only.
    EXECUTE 'GRANT gradewatch_team, gradewatch_operator, gradewatch_worker TO gradewatch_app';
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT gradewatch_app TO %I', current_user);
    END IF;
END $$;
-- +goose StatementEnd

GRANT USAGE ON SCHEMA public TO gradewatch_app, gradewatch_team, gradewatch_operator, gradewatch_worker;

-- The team of the running transaction; NULL outside AsTeam, and then no row matches.
CREATE FUNCTION current_team() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('gradewatch.team_id', true), '')::bigint $$;

---------------------------------------------------------------- people

CREATE TABLE teams (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL
);

CREATE TABLE people (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id    bigint NOT NULL REFERENCES teams,
    email      text NOT NULL CHECK (email <> ''),
    name       text NOT NULL DEFAULT '',
    role       text NOT NULL CHECK (role IN ('administrator', 'developer', 'reader', 'operator')),
    created_at timestamptz NOT NULL,
    UNIQUE (email)
);

-- Tokens are kept as SHA-256 only: who reads the table cannot sign in with it.
CREATE TABLE sign_in_links (
    token_sha256 bytea PRIMARY KEY,
    team_id      bigint NOT NULL REFERENCES teams,
    person_id    bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);

CREATE TABLE sessions (
    token_sha256 bytea PRIMARY KEY,
    team_id      bigint NOT NULL REFERENCES teams,
    person_id    bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);

---------------------------------------------------------------- inventory

CREATE TABLE applications (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id    bigint NOT NULL REFERENCES teams,
    name       text NOT NULL CHECK (name <> ''),
    type       text NOT NULL CHECK (type IN ('standard', 'custom')),
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    UNIQUE (id, team_id)                     -- what rows below refer to, so that they stay in the team
);
CREATE UNIQUE INDEX applications_name ON applications (team_id, lower(name)) WHERE deleted_at IS NULL;

CREATE TABLE client_ids (
    application_id bigint NOT NULL,
    team_id        bigint NOT NULL,
    environment    text NOT NULL CHECK (environment IN ('SOD', 'Stage', 'Production')),
    client_id      text NOT NULL CHECK (client_id <> ''),
    PRIMARY KEY (application_id, environment),
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE
);

CREATE TABLE endpoints (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id          bigint NOT NULL,
    application_id   bigint NOT NULL,
    environment      text CHECK (environment IN ('SOD', 'Stage', 'Production')), -- store links and guides have none
    kind             text NOT NULL CHECK (kind IN ('redirect', 'post_logout', 'web_panel', 'webhook', 'state_change',
                         'erp_sync', 'quote_connector', 'mirroring', 'cors_origin', 'sign_in_start', 'app_store_link', 'guide')),
    value_kind       text NOT NULL CHECK (value_kind IN ('literal', 'pattern', 'native_loopback', 'custom_scheme')),
    value            text NOT NULL CHECK (value <> ''),
    probe_url        text NOT NULL DEFAULT '' CHECK ((value_kind = 'pattern') = (probe_url <> '')),
    method           text NOT NULL DEFAULT 'GET' CHECK (method IN ('GET', 'POST')),
    vantage          text NOT NULL DEFAULT 'local',
    interval_seconds integer NOT NULL DEFAULT 3600 CHECK (interval_seconds >= 60),
    next_run_at      timestamptz NOT NULL,   -- absolute; the claim moves it
    -- The lease that keeps two looks at one endpoint apart. A dead worker's
    -- lease ends by itself.
    looking_id       bigint,
    looking_until    timestamptz,
    looked_at        timestamptz,            -- when it was judged last
    created_at       timestamptz NOT NULL,
    deleted_at       timestamptz,
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id)
) WITH (fillfactor = 70);                    -- room for the lease and looked_at, which no index holds
CREATE UNIQUE INDEX endpoints_key ON endpoints (application_id, coalesce(environment, ''), kind, value) WHERE deleted_at IS NULL;
CREATE INDEX endpoints_due ON endpoints (next_run_at) WHERE deleted_at IS NULL;
CREATE INDEX endpoints_team ON endpoints (team_id);

---------------------------------------------------------------- what was seen (no team)

-- Content-addressed: the SHA-256 of the canonical form is the key, so that a
-- hundred looks at an unchanged server store one row of each kind.
CREATE TABLE components (
    sha256          bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    kind            text NOT NULL CHECK (kind IN ('dns', 'tls', 'http', 'certificate', 'verdicts')),
    body            bytea NOT NULL,
    first_seen_at   timestamptz NOT NULL,
    last_seen_month date NOT NULL          -- moved at most once a month; collected by it
);

-- A manifest names the components of one observation. It is content-addressed
-- too, so that a look that saw nothing new writes no row here either.
CREATE TABLE manifests (
    sha256          bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    depth           text NOT NULL CHECK (depth IN ('quick', 'full')),
    first_seen_at   timestamptz NOT NULL,
    last_seen_month date NOT NULL
);

CREATE TABLE manifest_entries (
    manifest_sha256  bytea NOT NULL REFERENCES manifests ON DELETE CASCADE,
    kind             text NOT NULL,
    address          inet,                  -- NULL for dns and certificates
    port             integer,
    component_sha256 bytea NOT NULL REFERENCES components,
    UNIQUE NULLS NOT DISTINCT (manifest_sha256, kind, address, component_sha256)
);
CREATE INDEX manifest_entries_component ON manifest_entries (component_sha256);

CREATE TABLE host_looks (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    host            text NOT NULL,
    port            integer NOT NULL,
    vantage         text NOT NULL,
    depth           text NOT NULL,
    manifest_sha256 bytea NOT NULL,         -- dns, tls and certificates
    connectivity    boolean,                -- was our own network proved to work; NULL: not asked
    started_at      timestamptz NOT NULL,
    duration_ms     integer NOT NULL,
    connections     integer NOT NULL,
    PRIMARY KEY (id, started_at)
) PARTITION BY RANGE (started_at);
CREATE INDEX host_looks_host ON host_looks (host, port, started_at DESC);

-- Volatile things: timings, transcript, source and destination addresses.
CREATE TABLE measurements (
    host_look_id bigint NOT NULL,
    started_at   timestamptz NOT NULL,
    body         jsonb NOT NULL,
    PRIMARY KEY (host_look_id, started_at)
) PARTITION BY RANGE (started_at);

---------------------------------------------------------------- what it means for a team

-- One row a slot of an endpoint. It is written when the look is asked for and
-- finished once: the fence is finished_at IS NULL.
CREATE TABLE assessments (
    id                  bigint GENERATED ALWAYS AS IDENTITY,
    team_id             bigint NOT NULL,
    endpoint_id         bigint NOT NULL REFERENCES endpoints,
    slot                timestamptz NOT NULL,  -- the time it was due
    purpose             text NOT NULL CHECK (purpose IN ('first', 'scheduled', 'confirm', 'requested')),
    vantage             text NOT NULL,
    depth               text NOT NULL CHECK (depth IN ('quick', 'full')),
    requested_at        timestamptz NOT NULL,
    started_at          timestamptz,
    stage               text NOT NULL DEFAULT 'queued',  -- progress for people
    finished_at         timestamptz,
    outcome             text CHECK (outcome IN ('judged', 'dropped')), -- dropped: the endpoint was deleted, or our own fault
    host_look_id        bigint,
    host_look_at        timestamptz,
    manifest_sha256     bytea,                 -- every component, http included
    verdicts_sha256     bytea,                 -- component of kind verdicts
    profile             text,
    engine              text,
    trust_data          text,
    grade               text,
    changed             boolean NOT NULL DEFAULT false, -- rows in changes exist
    PRIMARY KEY (id, slot),
    UNIQUE (endpoint_id, slot)
) PARTITION BY RANGE (slot);
CREATE INDEX assessments_unfinished ON assessments (endpoint_id, slot) WHERE finished_at IS NULL;
CREATE INDEX assessments_manifest ON assessments (manifest_sha256, team_id);
CREATE INDEX assessments_verdicts ON assessments (verdicts_sha256, team_id);
CREATE INDEX assessments_host_look ON assessments (host_look_id, team_id);

-- The newest answer of each family of facts, and how old it is. A row is
-- written when its answer changes, not when it is given again.
CREATE TABLE endpoint_status (
    endpoint_id     bigint NOT NULL REFERENCES endpoints ON DELETE CASCADE,
    team_id         bigint NOT NULL,
    family          text NOT NULL CHECK (family IN ('dns', 'tls', 'http', 'certificates')),
    depth           text NOT NULL,
    manifest_sha256 bytea NOT NULL,
    assessment_id   bigint NOT NULL,       -- the first that gave this answer
    observed_at     timestamptz NOT NULL,  -- of the first; once not current, of the last
    current         boolean NOT NULL DEFAULT true, -- the last look gave it too: as new as endpoints.looked_at
    PRIMARY KEY (endpoint_id, family, depth)
);

-- Where each requirement of each endpoint stands: monitor.RequirementState. A
-- row is written when something in it changes, not at every judgement.
CREATE TABLE requirement_status (
    endpoint_id         bigint NOT NULL REFERENCES endpoints ON DELETE CASCADE,
    team_id             bigint NOT NULL,
    requirement         text NOT NULL,
    severity            text NOT NULL,
    result              text NOT NULL,          -- of the latest look
    conclusive          text CHECK (conclusive IN ('pass', 'fail')),  -- last conclusive and confirmed
    conclusive_since    timestamptz,
    failing_since       timestamptz,            -- a fail was seen and waits for its confirmation
    inconclusive_since  timestamptz,
    inconclusive_reason text NOT NULL DEFAULT '',
    noticed             boolean NOT NULL DEFAULT false, -- 'we cannot tell' was said for this spell
    incident_id         bigint,
    assessment_id       bigint NOT NULL,        -- the one that changed the row
    judged_at           timestamptz NOT NULL,   -- likewise
    PRIMARY KEY (endpoint_id, requirement)
);
CREATE INDEX requirement_status_unmet ON requirement_status (endpoint_id)
    WHERE result IN ('fail', 'inconclusive') OR incident_id IS NOT NULL;

CREATE TABLE changes (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id                bigint NOT NULL REFERENCES teams,
    endpoint_id            bigint NOT NULL REFERENCES endpoints ON DELETE CASCADE,
    assessment_id          bigint NOT NULL,
    previous_assessment_id bigint NOT NULL,
    occurred_at            timestamptz NOT NULL,
    class                  text NOT NULL CHECK (class IN ('regression', 'recovery', 'drift')),
    cause                  text NOT NULL,
    subject                text NOT NULL,       -- what changed: addresses[192.0.2.1].protocols.TLSv1.2
    before                 text NOT NULL,
    after                  text NOT NULL,
    sentence               text NOT NULL
);
CREATE INDEX changes_endpoint ON changes (endpoint_id, occurred_at DESC);
CREATE INDEX changes_assessment ON changes (assessment_id);

---------------------------------------------------------------- what is told

CREATE TABLE incidents (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id     bigint NOT NULL REFERENCES teams,
    state       text NOT NULL CHECK (state IN ('open', 'acknowledged', 'snoozed', 'resolved')),
    title       text NOT NULL,
    cause       text NOT NULL,
    opened_at   timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE INDEX incidents_team ON incidents (team_id, opened_at DESC);

CREATE TABLE incident_requirements (
    incident_id   bigint NOT NULL REFERENCES incidents ON DELETE CASCADE,
    team_id       bigint NOT NULL REFERENCES teams,
    endpoint_id   bigint NOT NULL REFERENCES endpoints,
    requirement   text NOT NULL,
    assessment_id bigint NOT NULL,              -- the one that confirmed it
    resolved_at   timestamptz,
    PRIMARY KEY (incident_id, endpoint_id, requirement)
);
-- A requirement of an endpoint has one open incident at the most.
CREATE UNIQUE INDEX incident_requirements_open ON incident_requirements (endpoint_id, requirement) WHERE resolved_at IS NULL;

-- What people are told, once: an incident opened, resolved, or 'we cannot tell'.
CREATE TABLE notifications (
    id          uuid PRIMARY KEY,
    team_id     bigint NOT NULL REFERENCES teams,
    kind        text NOT NULL CHECK (kind IN ('incident.opened', 'incident.resolved', 'endpoint.undetermined', 'channel.test')),
    incident_id bigint REFERENCES incidents ON DELETE CASCADE,
    endpoint_id bigint REFERENCES endpoints ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    payload     jsonb NOT NULL                  -- alert.Message: all a channel needs
);
CREATE UNIQUE INDEX notifications_once ON notifications (incident_id, kind) WHERE incident_id IS NOT NULL;

CREATE TABLE channels (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id     bigint NOT NULL REFERENCES teams,
    kind        text NOT NULL CHECK (kind IN ('email', 'webhook')),
    address     text NOT NULL CHECK (address <> ''),   -- mail address or URL
    secret      text NOT NULL DEFAULT '',              -- whsec_..., webhooks only
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz,
    deleted_at  timestamptz
);

CREATE TABLE deliveries (
    id              uuid PRIMARY KEY,           -- Message-ID and webhook-id are made of it: stable over retries
    team_id         bigint NOT NULL REFERENCES teams,
    notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    channel_id      bigint NOT NULL REFERENCES channels,
    state           text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    next_attempt_at timestamptz,
    finished_at     timestamptz,
    UNIQUE (notification_id, channel_id)
);
CREATE INDEX deliveries_team ON deliveries (team_id, created_at DESC);

CREATE TABLE delivery_attempts (
    delivery_id uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    team_id     bigint NOT NULL REFERENCES teams,
    attempt     integer NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    accepted    boolean NOT NULL,
    answer      text NOT NULL,                  -- 'HTTP 204', '250 2.0.0 Ok: queued', or why not
    PRIMARY KEY (delivery_id, attempt)
);

---------------------------------------------------------------- who did what

-- Append-only. Columns as superoffice.md S-05 names them.
CREATE TABLE audit (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL REFERENCES teams,
    occurred_at    timestamptz NOT NULL,
    event_source   text NOT NULL,               -- web, worker, command
    actor_id       bigint,                      -- NULL: the service itself
    actor_email    text NOT NULL DEFAULT '',
    source_ip      inet,
    destination    text NOT NULL DEFAULT '',    -- host:port the request reached
    action         text NOT NULL,               -- endpoint.create, sign_in, ...
    object         text NOT NULL,               -- endpoint/42
    old            jsonb,
    new            jsonb,
    request_id     text NOT NULL DEFAULT '',
    result         text NOT NULL CHECK (result IN ('done', 'denied'))
);
CREATE INDEX audit_team ON audit (team_id, occurred_at DESC);

---------------------------------------------------------------- row-level security

-- One policy for everybody, the owner included: only rows of the running
-- transaction's team. Operators and workers see all teams by a policy of theirs.
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['people', 'sign_in_links', 'sessions', 'applications', 'client_ids', 'endpoints',
        'assessments', 'endpoint_status', 'requirement_status', 'changes', 'incidents', 'incident_requirements',
        'notifications', 'channels', 'deliveries', 'delivery_attempts', 'audit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_team ON %I USING (team_id = current_team()) WITH CHECK (team_id = current_team())', t);
        EXECUTE format('CREATE POLICY operator ON %I TO gradewatch_operator USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY worker ON %I TO gradewatch_worker USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO gradewatch_team, gradewatch_operator, gradewatch_worker', t);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams FORCE ROW LEVEL SECURITY;
CREATE POLICY own_team ON teams USING (id = current_team()) WITH CHECK (id = current_team());
CREATE POLICY operator ON teams TO gradewatch_operator USING (true) WITH CHECK (true);
CREATE POLICY worker ON teams TO gradewatch_worker USING (true) WITH CHECK (true);
GRANT SELECT ON teams TO gradewatch_team;
GRANT SELECT, INSERT, UPDATE ON teams TO gradewatch_operator, gradewatch_worker;

REVOKE UPDATE ON audit FROM gradewatch_team, gradewatch_operator, gradewatch_worker;
GRANT DELETE ON sessions, sign_in_links TO gradewatch_team, gradewatch_operator, gradewatch_worker;
GRANT DELETE ON client_ids TO gradewatch_team, gradewatch_operator;

-- Shared rows: workers write them, operators read them, teams read the views below.
GRANT SELECT, INSERT, UPDATE, DELETE ON components, manifests, manifest_entries TO gradewatch_worker;
GRANT SELECT, INSERT ON host_looks, measurements TO gradewatch_worker;
GRANT SELECT ON components, manifests, manifest_entries, host_looks, measurements TO gradewatch_operator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO gradewatch_team, gradewatch_operator, gradewatch_worker;

-- What a team sees of shared rows: those that an assessment of its own rests on.
-- A view reads with its owner's rights; FORCE keeps the owner inside current_team().
CREATE VIEW team_manifest_entries WITH (security_barrier) AS
    SELECT e.manifest_sha256, e.kind, e.address, e.port, e.component_sha256
    FROM manifest_entries e
    WHERE EXISTS (SELECT FROM assessments a
                  WHERE a.manifest_sha256 = e.manifest_sha256 AND a.team_id = current_team());

CREATE VIEW team_components WITH (security_barrier) AS
    SELECT c.sha256, c.kind, c.body
    FROM components c
    WHERE EXISTS (SELECT FROM manifest_entries e JOIN assessments a ON a.manifest_sha256 = e.manifest_sha256
                  WHERE e.component_sha256 = c.sha256 AND a.team_id = current_team())
       OR EXISTS (SELECT FROM assessments a WHERE a.verdicts_sha256 = c.sha256 AND a.team_id = current_team());

CREATE VIEW team_measurements WITH (security_barrier) AS
    SELECT m.host_look_id, m.started_at, m.body
    FROM measurements m
    WHERE EXISTS (SELECT FROM assessments a
                  WHERE a.host_look_id = m.host_look_id AND a.host_look_at = m.started_at AND a.team_id = current_team());

GRANT SELECT ON team_manifest_entries, team_components, team_measurements
    TO gradewatch_team, gradewatch_operator, gradewatch_worker;

---------------------------------------------------------------- partitions

-- Makes the monthly partitions from the month of at to months later. The
-- upkeep job calls it as a role that may not create tables, hence SECURITY
-- DEFINER with a fixed search_path.
-- +goose StatementBegin
CREATE FUNCTION ensure_partitions(at timestamptz, months integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
    AS $$
DECLARE
    parent text;
    first date;
    name text;
BEGIN
    IF months < 0 OR months > 24 THEN
        RAISE EXCEPTION 'ensure_partitions: months must be 0 to 24, not %', months;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('gradewatch.ensure_partitions'));
    FOREACH parent IN ARRAY ARRAY['assessments', 'host_looks', 'measurements'] LOOP
        FOR i IN 0..months LOOP
            first := (date_trunc('month', at) + make_interval(months => i))::date;
            name := format('%s_%s', parent, to_char(first, 'YYYY_MM'));
            IF to_regclass('public.' || name) IS NULL THEN
                -- A row of assessments is written three times: asked for, begun, finished.
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                    name, parent, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month')::timestamp AT TIME ZONE 'UTC',
                    CASE parent WHEN 'assessments' THEN 70 ELSE 100 END);
            END IF;
        END LOOP;
    END LOOP;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION ensure_partitions FROM public;
GRANT EXECUTE ON FUNCTION ensure_partitions TO gradewatch_worker;

-- +goose Down
-- Going back past the first migration means dropping the database.
