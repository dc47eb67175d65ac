-- People, how they prove who they are, and what they may do.
-- Secrets are kept as SHA-256 of 256 random bits; passwords as argon2id.

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    display_name TEXT NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login_at BIGINT
);

CREATE TABLE email (
    account_id TEXT NOT NULL REFERENCES account (id),
    address TEXT NOT NULL,
    canonical TEXT NOT NULL,
    verified_by TEXT NOT NULL,
    is_primary BIGINT NOT NULL,
    PRIMARY KEY (account_id, canonical)
);
-- An address that nobody has confirmed may be claimed by two people; one that
-- somebody signs in with may not.
CREATE UNIQUE INDEX email_taken ON email (canonical)
    WHERE is_primary = 1 OR verified_by <> 'none';

CREATE TABLE password (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    secret_hash BYTEA NOT NULL UNIQUE,
    auth_method TEXT NOT NULL,
    remembered BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    network TEXT NOT NULL
);
CREATE INDEX session_of_account ON session (account_id);

CREATE TABLE device (
    account_id TEXT NOT NULL REFERENCES account (id),
    secret_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, secret_hash)
);

-- What is limited by network, each time that it happened in the last hour: `kind` is what,
-- `subject` a hash of whose account or address it was about, `source` where it came from. One row
-- is the lock that each takes.
CREATE TABLE rate_limit_hit (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, source, id)
);
CREATE INDEX rate_limit_hit_by_source ON rate_limit_hit (kind, source);
CREATE INDEX rate_limit_hit_by_age ON rate_limit_hit (at);
CREATE TABLE rate_limit_lock (id BIGINT PRIMARY KEY);
INSERT INTO rate_limit_lock (id) VALUES (1);

CREATE TABLE one_time_token (
    hash BYTEA PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT REFERENCES account (id),
    data TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- However many programs start at once, there is one key to the first owner.
CREATE UNIQUE INDEX one_setup ON one_time_token (purpose) WHERE purpose = 'setup';

CREATE TABLE personal_token (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    rights TEXT NOT NULL,
    -- The one scope it reaches; null: all.
    scope_kind TEXT,
    scope_id TEXT,
    last4 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX personal_token_of_account ON personal_token (account_id);

-- A rank or a duty of an account in a scope.
CREATE TABLE role_grant (
    account_id TEXT NOT NULL REFERENCES account (id),
    scope_kind TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    role TEXT NOT NULL,
    is_rank BIGINT NOT NULL,
    granted_by TEXT REFERENCES account (id),
    granted_at BIGINT NOT NULL,
    -- From then on it gives nothing; null: it has no end.
    expires_at BIGINT,
    PRIMARY KEY (account_id, scope_kind, scope_id, role)
);
-- In one scope a person has one rank: changing it is a change, not a second grant.
CREATE UNIQUE INDEX one_rank ON role_grant (scope_kind, scope_id, account_id) WHERE is_rank = 1;
