-- +goose Up

-- An owner without superuser's rights is bound by forced row-level security: it
-- would bring none of the rows up to date.
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['incidents', 'incident_requirements', 'notifications', 'teams', 'people', 'channels'] LOOP
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- From a regression to the right person: incidents over many endpoints, who is
-- told of them, when, and whether what we see can be believed.

---------------------------------------------------------------- where requirements stand

ALTER TABLE requirement_status
    ADD COLUMN recovering_since timestamptz,                  -- a pass was seen and waits for its confirmation
    ADD COLUMN spells           timestamptz[] NOT NULL DEFAULT '{}', -- when the newest spells of failing began
    ADD COLUMN flapping         boolean NOT NULL DEFAULT false, -- it fails now and again
    ADD COLUMN failed_at        timestamptz,                  -- when what flaps was last seen to fail
    ADD COLUMN cause            text NOT NULL DEFAULT '';     -- why it began to fail
ALTER TABLE changes ADD COLUMN weight text NOT NULL DEFAULT 'low' CHECK (weight IN ('critical', 'high', 'medium', 'low'));

---------------------------------------------------------------- incidents

-- monitor.Incident says what each of them is.
ALTER TABLE incidents
    ADD COLUMN weight          text NOT NULL DEFAULT 'high' CHECK (weight IN ('critical', 'high', 'medium', 'low')),
    ADD COLUMN keys            text[] NOT NULL DEFAULT '{}',
    ADD COLUMN turns           timestamptz[] NOT NULL DEFAULT '{}',
    ADD COLUMN flapping        boolean NOT NULL DEFAULT false,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text NOT NULL DEFAULT '',
    ADD COLUMN snoozed_until   timestamptz,
    ADD COLUMN snooze_reason   text NOT NULL DEFAULT '',
    ADD COLUMN snoozed_by      text NOT NULL DEFAULT '',
    ADD COLUMN told_at         timestamptz,
    ADD COLUMN told_kind       text NOT NULL DEFAULT '',
    ADD COLUMN told_weight     text NOT NULL DEFAULT '',
    ADD COLUMN told_endpoints  integer NOT NULL DEFAULT 0,
    ADD COLUMN messages        integer NOT NULL DEFAULT 0,
    ADD COLUMN level           integer NOT NULL DEFAULT 0,
    ADD COLUMN tell_at         timestamptz,
    ADD COLUMN tell_kind       text NOT NULL DEFAULT '',
    ADD COLUMN tell_since      timestamptz,
    ADD COLUMN escalate_at     timestamptz;
UPDATE incidents i SET turns = ARRAY[opened_at], told_at = opened_at, told_kind = 'incident.opened', told_weight = weight, messages = 1,
    told_endpoints = (SELECT count(DISTINCT r.endpoint_id) FROM incident_requirements r WHERE r.incident_id = i.id AND r.resolved_at IS NULL);
UPDATE incidents SET told_at = resolved_at, told_kind = 'incident.resolved', messages = 2 WHERE state = 'resolved'; -- it may reopen
CREATE INDEX incidents_keys ON incidents USING gin (keys);
CREATE INDEX incidents_open ON incidents (team_id, opened_at DESC) WHERE state <> 'resolved';
CREATE INDEX incidents_due ON incidents (tell_at) WHERE tell_at IS NOT NULL;
-- Where each endpoint's incidents are found.
CREATE INDEX incident_requirements_endpoint ON incident_requirements (endpoint_id, incident_id);
ALTER TABLE incident_requirements
    ADD COLUMN since timestamptz,                             -- when it was first seen to fail
    ADD COLUMN weight text NOT NULL DEFAULT 'high',
    ADD COLUMN vantages text[] NOT NULL DEFAULT '{}';         -- from where it was seen

-- The incident that asked for a look, at whatever shares its host or certificate.
ALTER TABLE assessments ADD COLUMN incident_id bigint;
CREATE INDEX assessments_incident ON assessments (incident_id) WHERE finished_at IS NULL AND incident_id IS NOT NULL;

-- What happened to an incident: append-only. Who: a mail address; empty: Gradewatch.
CREATE TABLE incident_entries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id     bigint NOT NULL,
    incident_id bigint NOT NULL,
    at          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind <> ''),
    who         text NOT NULL DEFAULT '',
    text        text NOT NULL DEFAULT '',
    endpoint_id bigint,
    FOREIGN KEY (incident_id, team_id) REFERENCES incidents (id, team_id) ON DELETE CASCADE,
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id)
);
CREATE INDEX incident_entries_incident ON incident_entries (incident_id, id);

-- Planned work: monitor.MaintenanceWindow.
CREATE TABLE maintenance_windows (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id          bigint NOT NULL REFERENCES teams,
    reason           text NOT NULL CHECK (reason <> ''),
    application_id   bigint,
    environment      text CHECK (environment IN ('SOD', 'Stage', 'Production')),
    endpoint_id      bigint,
    host             text NOT NULL DEFAULT '',
    starts_at        timestamptz NOT NULL,
    duration_seconds integer NOT NULL CHECK (duration_seconds BETWEEN 60 AND 604800),
    recurrence       text NOT NULL DEFAULT '',                -- RRULE of RFC 5545; empty: once
    zone             text NOT NULL DEFAULT 'UTC',             -- IANA time zone in which it recurs
    created_by       text NOT NULL CHECK (created_by <> ''),  -- mail address
    created_at       timestamptz NOT NULL,
    ended_at         timestamptz,                             -- before its time; NULL: nobody ended it
    ended_by         text NOT NULL DEFAULT '',
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE,
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);
CREATE INDEX maintenance_windows_team ON maintenance_windows (team_id) WHERE ended_at IS NULL;

---------------------------------------------------------------- whom to tell

-- Who is told where nobody configured anything (superoffice.md A-27).
ALTER TABLE teams ADD COLUMN technical_contact text NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN technical_contact text NOT NULL DEFAULT '';

ALTER TABLE channels DROP CONSTRAINT channels_kind_check;
ALTER TABLE channels ADD CONSTRAINT channels_kind_check CHECK (kind IN ('email', 'webhook', 'chat'));
ALTER TABLE channels
    ADD COLUMN name                  text NOT NULL DEFAULT '',  -- as people call it
    ADD COLUMN service               text NOT NULL DEFAULT '',  -- of chat: slack, teams, ...; its URL is in secret, since it holds tokens
    ADD COLUMN is_default            boolean NOT NULL DEFAULT false, -- made without anybody asking: the technical contact
    ADD COLUMN previous_secret       text NOT NULL DEFAULT '',  -- signs too until previous_secret_until
    ADD COLUMN previous_secret_until timestamptz,
    ADD COLUMN failing_since         timestamptz,               -- the first of the deliveries in a row that failed
    ADD COLUMN disabled_reason       text NOT NULL DEFAULT '',  -- empty: a person did it
    ADD COLUMN digest                text NOT NULL DEFAULT 'none' CHECK (digest IN ('none', 'daily', 'weekly')),
    ADD COLUMN digest_hour           integer NOT NULL DEFAULT 7 CHECK (digest_hour BETWEEN 0 AND 23),
    ADD COLUMN digest_zone           text NOT NULL DEFAULT 'UTC',
    ADD COLUMN digest_next_at        timestamptz,               -- absolute; NULL: none is due
    ADD COLUMN digest_sent_at        timestamptz,
    ADD COLUMN unsubscribe_token     text NOT NULL DEFAULT '';  -- of digests, by one click (RFC 8058)
CREATE INDEX channels_digest_due ON channels (digest_next_at) WHERE digest_next_at IS NOT NULL;
CREATE UNIQUE INDEX channels_unsubscribe ON channels (unsubscribe_token) WHERE unsubscribe_token <> '';

CREATE TABLE channel_routes (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL,
    channel_id     bigint NOT NULL,
    application_id bigint,
    environment    text CHECK (environment IN ('SOD', 'Stage', 'Production')),
    least          text NOT NULL DEFAULT '' CHECK (least IN ('', 'critical', 'high', 'medium', 'low')),
    level          integer NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 5),
    after_seconds  integer NOT NULL DEFAULT 0 CHECK (after_seconds BETWEEN 0 AND 604800),
    quiet_from     integer NOT NULL DEFAULT 0 CHECK (quiet_from BETWEEN 0 AND 1439), -- minutes after midnight; equal: none
    quiet_until    integer NOT NULL DEFAULT 0 CHECK (quiet_until BETWEEN 0 AND 1439),
    quiet_days     integer[] NOT NULL DEFAULT '{}',
    quiet_zone     text NOT NULL DEFAULT 'UTC',
    quiet_except   text NOT NULL DEFAULT 'critical' CHECK (quiet_except IN ('critical', 'high', 'medium', 'low')),
    created_by     text NOT NULL CHECK (created_by <> ''),      -- mail address
    created_at     timestamptz NOT NULL,
    FOREIGN KEY (channel_id, team_id) REFERENCES channels (id, team_id) ON DELETE CASCADE,
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE
);
CREATE INDEX channel_routes_team ON channel_routes (team_id, channel_id);

-- Mail addresses that bounced, whoever wrote to them. Nothing is sent to one
-- until somebody of a team that uses it says that it works again.
CREATE TABLE mail_bounces (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id     bigint NOT NULL REFERENCES teams,
    channel_id  bigint NOT NULL,
    delivery_id uuid,
    address     text NOT NULL CHECK (address <> ''),
    at          timestamptz NOT NULL,
    permanent   boolean NOT NULL,
    status      text NOT NULL DEFAULT '',                      -- RFC 3463: 5.1.1
    answer      text NOT NULL DEFAULT '',                      -- one line, for people
    cleared_at  timestamptz,
    cleared_by  text NOT NULL DEFAULT '',
    FOREIGN KEY (channel_id, team_id) REFERENCES channels (id, team_id) ON DELETE CASCADE
);
CREATE INDEX mail_bounces_channel ON mail_bounces (channel_id, at DESC);

ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (kind IN ('incident.opened', 'incident.worsened',
    'incident.reopened', 'incident.flapping', 'incident.unacknowledged', 'incident.snooze_ended', 'incident.resolved',
    'endpoint.undetermined', 'service.paused', 'service.resumed', 'channel.disabled', 'channel.test',
    'digest.daily', 'digest.weekly', 'digest.burst', 'secret.expiring', 'attestation.due'));
ALTER TABLE notifications
    ADD COLUMN sequence integer NOT NULL DEFAULT 1,             -- of the incident's
    ADD COLUMN weight   text NOT NULL DEFAULT '';
UPDATE notifications SET sequence = 2 WHERE kind = 'incident.resolved';
DROP INDEX notifications_once;
CREATE UNIQUE INDEX notifications_once ON notifications (incident_id, sequence) WHERE incident_id IS NOT NULL;
CREATE INDEX notifications_team ON notifications (team_id, created_at DESC);

-- Withdrawn: what it was about was over before quiet hours were. Summarized:
-- one message of many told it.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'delivered', 'failed', 'withdrawn', 'summarized'));
ALTER TABLE deliveries
    ADD COLUMN held       boolean NOT NULL DEFAULT false,       -- waits for quiet hours to end
    ADD COLUMN summary_at timestamptz,                          -- waits to be told with others of a burst, due then
    ADD COLUMN summary_id uuid REFERENCES deliveries,           -- the one that told it, of summarized
    ADD COLUMN resend_of  uuid REFERENCES deliveries,           -- asked for by hand
    DROP CONSTRAINT deliveries_notification_id_channel_id_key;
CREATE UNIQUE INDEX deliveries_once ON deliveries (notification_id, channel_id) WHERE resend_of IS NULL;
CREATE INDEX deliveries_notification ON deliveries (notification_id);
CREATE INDEX deliveries_channel ON deliveries (channel_id, created_at DESC);
CREATE INDEX deliveries_summary ON deliveries (channel_id, summary_at) WHERE state = 'pending' AND summary_at IS NOT NULL;
CREATE INDEX deliveries_sent ON deliveries (channel_id, created_at) WHERE NOT held AND summary_at IS NULL;
CREATE INDEX deliveries_held ON deliveries (channel_id, next_attempt_at) WHERE held AND state = 'pending';
CREATE INDEX deliveries_failed ON deliveries (team_id, created_at DESC) WHERE state = 'failed';

-- Addresses of calendars, which programs read without signing in.
CREATE TABLE calendar_feeds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id      bigint NOT NULL,
    person_id    bigint NOT NULL,
    name         text NOT NULL DEFAULT '',
    token_sha256 bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    read_at      timestamptz,
    ended_at     timestamptz,
    FOREIGN KEY (person_id, team_id) REFERENCES people (id, team_id) ON DELETE CASCADE
);

---------------------------------------------------------------- whether we can be believed

-- A row a vantage whose workers run, or ran: monitor.VantageHealth.
CREATE TABLE vantages (
    name       text PRIMARY KEY CHECK (name <> ''),
    seen_at    timestamptz NOT NULL,            -- when a worker of it last said that it runs
    state      text NOT NULL DEFAULT 'sound' CHECK (state IN ('sound', 'blind', 'wrong', 'swamped')),
    since      timestamptz,
    reason     text NOT NULL DEFAULT '',
    checked_at timestamptz,
    failures   integer NOT NULL DEFAULT 0,
    successes  integer NOT NULL DEFAULT 0,
    told       boolean NOT NULL DEFAULT false,
    detail     jsonb                            -- of the last check, for the page
);

-- monitor.AvailabilityDay.
CREATE TABLE endpoint_availability (
    endpoint_id     bigint NOT NULL,
    team_id         bigint NOT NULL,
    day             date NOT NULL,              -- of UTC
    up_seconds      double precision NOT NULL DEFAULT 0,
    down_seconds    double precision NOT NULL DEFAULT 0,
    unknown_seconds double precision NOT NULL DEFAULT 0,
    planned_seconds double precision NOT NULL DEFAULT 0,
    looks           integer NOT NULL DEFAULT 0,
    responses       integer[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (endpoint_id, day),
    FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE
);

-- What the last look said about whether the endpoint is up: monitor.AvailabilityState.
ALTER TABLE endpoints
    ADD COLUMN answered_at    timestamptz,
    ADD COLUMN answer         text NOT NULL DEFAULT '',
    ADD COLUMN answer_planned boolean NOT NULL DEFAULT false,
    ADD COLUMN silent         boolean NOT NULL DEFAULT false; -- nothing answered: an application's error is an answer

---------------------------------------------------------------- who reaches what

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['incident_entries', 'maintenance_windows', 'channel_routes', 'mail_bounces', 'calendar_feeds', 'endpoint_availability'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_team ON %I USING (team_id = current_team()) WITH CHECK (team_id = current_team())', t);
        EXECUTE format('CREATE POLICY operator ON %I TO gradewatch_operator USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY worker ON %I TO gradewatch_worker USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO gradewatch_team, gradewatch_worker', t);
        IF t <> 'calendar_feeds' THEN
            EXECUTE format('GRANT SELECT ON %I TO gradewatch_operator', t);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- People change how an incident is handled, never what was seen; what they remove
-- flaps no more.
GRANT UPDATE (state, flapping, acknowledged_at, acknowledged_by, snoozed_until, snooze_reason, snoozed_by, tell_at, tell_kind, tell_since, escalate_at)
    ON incidents TO gradewatch_team;
GRANT INSERT (team_id, incident_id, at, kind, who, text, endpoint_id) ON incident_entries TO gradewatch_team, gradewatch_worker;
GRANT INSERT (team_id, reason, application_id, environment, endpoint_id, host, starts_at, duration_seconds, recurrence, zone, created_by, created_at),
    UPDATE (ended_at, ended_by) ON maintenance_windows TO gradewatch_team;
GRANT INSERT (team_id, channel_id, application_id, environment, least, level, after_seconds, quiet_from, quiet_until, quiet_days, quiet_zone,
    quiet_except, created_by, created_at), DELETE ON channel_routes TO gradewatch_team;
GRANT UPDATE (technical_contact) ON teams, applications TO gradewatch_team;
GRANT UPDATE (name, previous_secret, previous_secret_until, failing_since, disabled_reason, digest, digest_hour, digest_zone, digest_next_at,
    unsubscribe_token) ON channels TO gradewatch_team;
GRANT INSERT, UPDATE ON channels TO gradewatch_worker; -- what fails for days is disabled; the default channel of a new team
GRANT SELECT (name, service, is_default, failing_since, disabled_reason, digest, digest_hour, digest_zone, digest_next_at, digest_sent_at)
    ON channels TO gradewatch_operator;
GRANT INSERT (resend_of) ON deliveries TO gradewatch_team;
GRANT UPDATE (cleared_at, cleared_by) ON mail_bounces TO gradewatch_team;
GRANT INSERT ON mail_bounces TO gradewatch_worker;
GRANT INSERT (team_id, person_id, name, token_sha256, created_at), UPDATE (ended_at) ON calendar_feeds TO gradewatch_team;
GRANT UPDATE (read_at) ON calendar_feeds TO gradewatch_worker;
GRANT INSERT, UPDATE ON endpoint_availability TO gradewatch_worker;
GRANT SELECT ON vantages TO gradewatch_team, gradewatch_operator, gradewatch_worker;
GRANT INSERT, UPDATE, DELETE ON vantages TO gradewatch_worker;

-- A team without any channel hears of nothing: it gets mail to its technical
-- contact, who is its first administrator until it says otherwise.
UPDATE teams t SET technical_contact = coalesce((SELECT p.email FROM people p
    WHERE p.team_id = t.id AND p.role = 'administrator' ORDER BY p.id LIMIT 1), '') WHERE technical_contact = '';
INSERT INTO channels (team_id, kind, address, created_at, is_default)
    SELECT t.id, 'email', t.technical_contact, t.created_at, true FROM teams t
    WHERE t.technical_contact <> '' AND NOT EXISTS (SELECT FROM channels c WHERE c.team_id = t.id AND c.deleted_at IS NULL);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['incidents', 'incident_requirements', 'notifications', 'teams', 'people', 'channels'] LOOP
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- What was told in the new kinds would stand in the way: restore a backup instead.
