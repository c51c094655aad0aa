-- +goose Up
-- What a look asks of the page behind a URL, and what it may send.

ALTER TABLE components DROP CONSTRAINT components_kind_check;
ALTER TABLE components ADD CONSTRAINT components_kind_check CHECK (kind IN ('dns', 'tls', 'http', 'certificate', 'verdicts',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations', 'pki', 'records', 'stapled', 'grade',
    'versions', 'script_cookies'));
ALTER TABLE endpoint_status DROP CONSTRAINT endpoint_status_family_check;
ALTER TABLE endpoint_status ADD CONSTRAINT endpoint_status_family_check CHECK (family IN ('dns', 'tls', 'http', 'certificates',
    'suites', 'chains', 'features', 'vulnerabilities', 'intrusive', 'simulations', 'pki', 'records', 'stapled',
    'versions', 'script_cookies'));

-- Leave of the team to send its own endpoint a request with content: the test
-- event of a webhook, or a state change with a token that nobody signed.
ALTER TABLE endpoints ADD COLUMN post_allowed boolean NOT NULL DEFAULT false;

-- +goose Down
-- Components of the new kinds would stand in the way: restore a backup instead.
