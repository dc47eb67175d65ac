-- Public halves of key pairs that people sign in with (Web Authentication).

CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    -- By what the person's device finds the key, base64url.
    credential TEXT NOT NULL UNIQUE,
    -- SubjectPublicKeyInfo, DER.
    public_key BYTEA NOT NULL,
    -- COSE: -7 is ES256, -8 EdDSA, -257 RS256.
    algorithm BIGINT NOT NULL,
    -- How often the key has signed; 0 where its device does not count.
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkey_of_account ON passkey (account_id);
