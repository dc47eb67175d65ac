-- The host name of an occasion's own. It is served while verified_at is set: while its DNS records
-- lead to this server.
CREATE TABLE own_domain (
    occasion TEXT PRIMARY KEY REFERENCES occasion (id),
    host TEXT NOT NULL UNIQUE,
    verified_at BIGINT,
    created_at BIGINT NOT NULL
);
