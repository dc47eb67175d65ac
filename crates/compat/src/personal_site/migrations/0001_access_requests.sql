-- Who asks for a role at the addresses of the older personal site, and what came of it.
CREATE TABLE access_request (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Empty also after their account went.
    decided_by TEXT REFERENCES account (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_request_pending ON access_request (account_id, role)
    WHERE state = 'pending';
CREATE INDEX access_request_account ON access_request (account_id, created_at);
CREATE INDEX access_request_decided_by ON access_request (decided_by);
