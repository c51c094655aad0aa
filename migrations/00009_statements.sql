-- +goose Up

-- What a partner states about what nobody sees from outside. A statement is
-- never changed: a newer one supersedes it.
CREATE TABLE attestations (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL,
    application_id bigint NOT NULL,
    requirement    text NOT NULL CHECK (requirement <> ''),
    catalog      text NOT NULL CHECK (catalog <> ''),  -- with its version, that it was stated by
    result         text NOT NULL CHECK (result IN ('pass', 'fail', 'not_applicable')),
    owner          text NOT NULL CHECK (owner <> ''),      -- who answers for it
    reason         text NOT NULL DEFAULT '' CHECK ((result = 'pass') = (reason = '')), -- why it does not apply, or what is missing
    evidence       text NOT NULL DEFAULT '' CHECK (evidence = '' OR evidence LIKE 'https://%'), -- never fetched
    note           text NOT NULL DEFAULT '',
    stated_on      date NOT NULL,
    renew_by       date CHECK (renew_by > stated_on),      -- the last day on which it counts; NULL: no date ends it
    recorded_by    text NOT NULL CHECK (recorded_by <> ''), -- mail address
    recorded_at    timestamptz NOT NULL,
    superseded_at  timestamptz,                            -- NULL: it is the newest
    UNIQUE (id, team_id),
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX attestations_newest ON attestations (application_id, requirement) WHERE superseded_at IS NULL;
CREATE INDEX attestations_application ON attestations (application_id, requirement, recorded_at DESC);
CREATE INDEX attestations_renew ON attestations (renew_by) WHERE superseded_at IS NULL;

-- When client secrets and certificates expire. The secret itself is nowhere.
CREATE TABLE application_secrets (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL,
    application_id bigint NOT NULL,
    environment    text NOT NULL CHECK (environment IN ('SOD', 'Stage', 'Production')),
    kind           text NOT NULL CHECK (kind IN ('secret', 'certificate')),
    description    text NOT NULL DEFAULT '',
    expires_on     date NOT NULL,
    owner          text NOT NULL CHECK (owner <> ''),      -- who replaces it
    added_by       text NOT NULL CHECK (added_by <> ''),   -- mail address
    added_at       timestamptz NOT NULL,
    ended_at       timestamptz,                            -- replaced or removed; NULL: in use
    ended_by       text NOT NULL DEFAULT '' CHECK ((ended_at IS NULL) = (ended_by = '')),
    replaced_by    bigint,                                 -- what took its place; NULL: nothing did
    UNIQUE (id, team_id),
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE,
    FOREIGN KEY (replaced_by, team_id) REFERENCES application_secrets (id, team_id)
);
CREATE INDEX application_secrets_application ON application_secrets (application_id, expires_on);
CREATE INDEX application_secrets_expiry ON application_secrets (expires_on) WHERE ended_at IS NULL;

-- What people were reminded of: a threshold of a day once, whoever runs.
CREATE TABLE reminders (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL,
    secret_id      bigint,
    attestation_id bigint,
    threshold      integer NOT NULL,                       -- days left; negative: past
    reminded_at    timestamptz NOT NULL,
    CHECK (num_nonnulls(secret_id, attestation_id) = 1),
    UNIQUE (secret_id, threshold),
    UNIQUE (attestation_id, threshold),
    FOREIGN KEY (secret_id, team_id) REFERENCES application_secrets (id, team_id) ON DELETE CASCADE,
    FOREIGN KEY (attestation_id, team_id) REFERENCES attestations (id, team_id) ON DELETE CASCADE
);

-- A secret or key that somebody else may know, and what was done about it.
CREATE TABLE compromises (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id        bigint NOT NULL,
    application_id bigint NOT NULL,
    environment    text CHECK (environment IN ('SOD', 'Stage', 'Production')), -- NULL: not one alone
    what           text NOT NULL CHECK (what <> ''),
    discovered_at  timestamptz NOT NULL,
    recorded_by    text NOT NULL CHECK (recorded_by <> ''), -- mail address
    recorded_at    timestamptz NOT NULL,
    closed_at      timestamptz,                            -- NULL: open
    closed_by      text NOT NULL DEFAULT '' CHECK ((closed_at IS NULL) = (closed_by = '')),
    UNIQUE (id, team_id),
    FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE
);
CREATE INDEX compromises_application ON compromises (application_id, recorded_at DESC);
CREATE INDEX compromises_open ON compromises (team_id) WHERE closed_at IS NULL;

-- Append-only.
CREATE TABLE compromise_steps (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id       bigint NOT NULL,
    compromise_id bigint NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('notified', 'done', 'closed')),
    happened_at   timestamptz NOT NULL,
    who           text NOT NULL CHECK (who <> ''),         -- who did it
    recipient     text NOT NULL DEFAULT '' CHECK ((kind = 'notified') = (recipient <> '')), -- who was told
    text          text NOT NULL DEFAULT '',
    recorded_by   text NOT NULL CHECK (recorded_by <> ''), -- mail address
    recorded_at   timestamptz NOT NULL,
    FOREIGN KEY (compromise_id, team_id) REFERENCES compromises (id, team_id) ON DELETE CASCADE
);
CREATE INDEX compromise_steps_compromise ON compromise_steps (compromise_id, id);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['attestations', 'application_secrets', 'reminders', 'compromises', 'compromise_steps'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_team ON %I USING (team_id = current_team()) WITH CHECK (team_id = current_team())', t);
        EXECUTE format('CREATE POLICY operator ON %I TO gradewatch_operator USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY worker ON %I TO gradewatch_worker USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO gradewatch_team, gradewatch_operator, gradewatch_worker', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT INSERT (team_id, application_id, requirement, catalog, result, owner, reason, evidence, note, stated_on, renew_by, recorded_by, recorded_at),
    UPDATE (superseded_at) ON attestations TO gradewatch_team;
GRANT INSERT (team_id, application_id, environment, kind, description, expires_on, owner, added_by, added_at),
    UPDATE (ended_at, ended_by, replaced_by) ON application_secrets TO gradewatch_team;
GRANT INSERT (team_id, application_id, environment, what, discovered_at, recorded_by, recorded_at),
    UPDATE (closed_at, closed_by) ON compromises TO gradewatch_team;
GRANT INSERT (team_id, compromise_id, kind, happened_at, who, recipient, text, recorded_by, recorded_at) ON compromise_steps TO gradewatch_team;
GRANT INSERT ON reminders TO gradewatch_worker;

-- Reminders are told like everything else.
ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (kind IN ('incident.opened', 'incident.resolved',
    'endpoint.undetermined', 'channel.test', 'secret.expiring', 'attestation.due'));
ALTER TABLE notifications
    ADD COLUMN application_id bigint,                      -- of reminders
    ADD FOREIGN KEY (application_id, team_id) REFERENCES applications (id, team_id) ON DELETE CASCADE;

-- +goose Down
DELETE FROM notifications WHERE kind IN ('secret.expiring', 'attestation.due');
ALTER TABLE notifications DROP COLUMN application_id, DROP CONSTRAINT notifications_kind_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_kind_check CHECK (kind IN ('incident.opened', 'incident.resolved',
    'endpoint.undetermined', 'channel.test'));
DROP TABLE compromise_steps, compromises, reminders, application_secrets, attestations;
