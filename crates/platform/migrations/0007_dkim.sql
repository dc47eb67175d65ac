-- The key that signs mail of a domain (RFC 6376). `sealed_key` is opened by the key file alone.
-- Mail is signed only after the public key was seen in DNS.
CREATE TABLE dkim_key (
    domain TEXT PRIMARY KEY,
    selector TEXT NOT NULL,
    sealed_key BYTEA NOT NULL,
    -- The SubjectPublicKeyInfo, in base64.
    public_key TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    verified_at BIGINT
);
