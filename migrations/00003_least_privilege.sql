-- +goose Up

-- What each role may do is what the program does as that role, to the column.
-- A team's transaction is what a request of a person runs in: it writes what
-- people write, and never what was seen, judged or told. The fence is below
-- row-level security: a row of one's own that names a manifest of another team
-- would show it through the views.
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['people', 'sign_in_links', 'sessions', 'applications', 'client_ids', 'endpoints',
        'assessments', 'endpoint_status', 'requirement_status', 'changes', 'incidents', 'incident_requirements',
        'notifications', 'channels', 'deliveries', 'delivery_attempts', 'audit'] LOOP
        EXECUTE format('REVOKE ALL ON %I FROM gradewatch_team, gradewatch_operator', t);
        EXECUTE format('GRANT SELECT ON %I TO gradewatch_team', t);
        IF t NOT IN ('sign_in_links', 'sessions', 'channels') THEN -- what they hold is nobody's to read but the team's
            EXECUTE format('GRANT SELECT ON %I TO gradewatch_operator', t);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

GRANT INSERT, UPDATE (used_at) ON sign_in_links TO gradewatch_team;
GRANT INSERT, UPDATE (last_seen_at), DELETE ON sessions TO gradewatch_team;
GRANT INSERT, UPDATE (deleted_at) ON applications TO gradewatch_team;
GRANT INSERT, UPDATE (client_id), DELETE ON client_ids TO gradewatch_team;
GRANT INSERT, UPDATE (interval_seconds, next_run_at, deleted_at) ON endpoints TO gradewatch_team;
GRANT INSERT (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at) ON assessments TO gradewatch_team;
GRANT UPDATE (state, resolved_at) ON incidents TO gradewatch_team;
GRANT UPDATE (resolved_at) ON incident_requirements TO gradewatch_team;
GRANT INSERT (id, team_id, kind, created_at, payload) ON notifications TO gradewatch_team;
GRANT INSERT, UPDATE (disabled_at, deleted_at, secret) ON channels TO gradewatch_team;
GRANT INSERT (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at) ON deliveries TO gradewatch_team;
GRANT INSERT ON audit TO gradewatch_team;

REVOKE UPDATE ON teams FROM gradewatch_operator;
GRANT INSERT ON people, audit TO gradewatch_operator;
GRANT SELECT (id, team_id, kind, address, created_at, disabled_at, deleted_at) ON channels TO gradewatch_operator;

-- Foreign keys look past row-level security: without the team in them a row of
-- one's own could name a channel of another team, whose secret the worker then
-- signs with.
ALTER TABLE people ADD UNIQUE (id, team_id);
ALTER TABLE endpoints ADD UNIQUE (id, team_id);
ALTER TABLE incidents ADD UNIQUE (id, team_id);
ALTER TABLE channels ADD UNIQUE (id, team_id);
ALTER TABLE notifications ADD UNIQUE (id, team_id);
ALTER TABLE sign_in_links ADD FOREIGN KEY (person_id, team_id) REFERENCES people (id, team_id) ON DELETE CASCADE;
ALTER TABLE sessions ADD FOREIGN KEY (person_id, team_id) REFERENCES people (id, team_id) ON DELETE CASCADE;
ALTER TABLE assessments ADD FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id);
ALTER TABLE incident_requirements ADD FOREIGN KEY (incident_id, team_id) REFERENCES incidents (id, team_id) ON DELETE CASCADE;
ALTER TABLE incident_requirements ADD FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id);
ALTER TABLE notifications ADD FOREIGN KEY (incident_id, team_id) REFERENCES incidents (id, team_id) ON DELETE CASCADE;
ALTER TABLE notifications ADD FOREIGN KEY (endpoint_id, team_id) REFERENCES endpoints (id, team_id) ON DELETE CASCADE;
ALTER TABLE deliveries ADD FOREIGN KEY (notification_id, team_id) REFERENCES notifications (id, team_id) ON DELETE CASCADE;
ALTER TABLE deliveries ADD FOREIGN KEY (channel_id, team_id) REFERENCES channels (id, team_id);

-- People sign in with an address in any case: two of them must not share one.
CREATE UNIQUE INDEX people_email_any_case ON people (lower(email));

-- Before version 15 Postgres let everybody make tables here.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- +goose Down
-- Wider rights again would undo what this is for: restore a backup instead.
