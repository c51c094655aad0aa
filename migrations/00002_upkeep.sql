-- +goose Up

-- Who looks at a target host right now, whichever team asked: what keeps looks
-- at one host few and apart. A dead worker's lease ends by itself.
CREATE TABLE host_leases (
    host          text NOT NULL,
    port          integer NOT NULL,
    assessment_id bigint NOT NULL,
    started_at    timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    PRIMARY KEY (host, port, assessment_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON host_leases TO gradewatch_worker;

-- Audit rows may go once they are old enough, and never before (superoffice.md
-- S-06): the floor stands in the database, whatever a setting says.
GRANT DELETE ON audit TO gradewatch_worker;
CREATE POLICY floor ON audit AS RESTRICTIVE FOR DELETE TO gradewatch_worker
    USING (occurred_at < current_timestamp - interval '92 days');

-- Drops the monthly partitions of parent that end at or before the time at
-- minus keep. SECURITY DEFINER, since the worker's role owns no table.
-- +goose StatementBegin
CREATE FUNCTION drop_partitions(parent text, at timestamptz, keep interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
    AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    IF parent NOT IN ('assessments', 'host_looks', 'measurements') THEN
        RAISE EXCEPTION 'drop_partitions: no partitions of % may go', parent;
    END IF;
    IF keep < interval '92 days' THEN
        RAISE EXCEPTION 'drop_partitions: keep must be at least 92 days, not %', keep;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('gradewatch.ensure_partitions'));
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = ('public.' || parent)::regclass
    LOOP
        IF to_date(right(part, 7), 'YYYY_MM') + interval '1 month' <= at - keep THEN
            EXECUTE format('DROP TABLE public.%I', part);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION drop_partitions FROM public;
GRANT EXECUTE ON FUNCTION drop_partitions TO gradewatch_worker;

-- +goose Down
DROP FUNCTION drop_partitions;
DROP POLICY floor ON audit;
REVOKE DELETE ON audit FROM gradewatch_worker;
DROP TABLE host_leases;
