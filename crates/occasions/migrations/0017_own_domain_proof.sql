-- A host name of an occasion's own is served only after a TXT record has proven it. A name that
-- somebody has only entered keeps nobody from proving it, so only proven names are unique.
CREATE TABLE own_domain_new (
    occasion TEXT PRIMARY KEY REFERENCES occasion (id),
    host TEXT NOT NULL,
    -- Who has set the name; empty if the account is gone.
    account TEXT NOT NULL,
    -- Since when it is served.
    verified_at BIGINT,
    -- When the last look at the DNS began, and what it found.
    checked_at BIGINT,
    address TEXT NOT NULL,
    proof TEXT NOT NULL,
    -- The addresses that the name must have, separated by spaces.
    expected TEXT NOT NULL,
    -- Since when records of a served name are missing.
    failing_since BIGINT,
    -- Why a name with all its records is not served.
    waits_for TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Names that were served without a proof have to be proven.
INSERT INTO own_domain_new (occasion, host, account, address, proof, expected, waits_for, created_at)
    SELECT occasion, host, '', 'unchecked', 'unchecked', '', 'nothing', created_at FROM own_domain;
DROP TABLE own_domain;
ALTER TABLE own_domain_new RENAME TO own_domain;
CREATE UNIQUE INDEX own_domain_verified ON own_domain (host) WHERE verified_at IS NOT NULL;

-- New names and orders of certificates of the last days, which are limited. They outlive their
-- occasion, because a new one would have new limits.
CREATE TABLE own_domain_use (
    number COUNTER,
    -- `name` or `order`.
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    occasion TEXT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX own_domain_use_by_kind ON own_domain_use (kind, used_at);

-- The row that is locked while uses are counted.
CREATE TABLE own_domain_limit (
    id BIGINT PRIMARY KEY
);
INSERT INTO own_domain_limit (id) VALUES (1);
