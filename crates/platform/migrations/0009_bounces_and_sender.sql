-- The mailbox in which delivery reports arrive, and how far it was read.
CREATE TABLE bounce_mailbox (
    mailbox TEXT PRIMARY KEY,
    -- RFC 3501, section 2.3.1.1: with another value, all numbers of mails have changed.
    uid_validity BIGINT NOT NULL,
    last_uid BIGINT NOT NULL,
    looked_at BIGINT NOT NULL,
    -- Why the last attempt failed.
    error TEXT
);

-- The domain that mail is sent from, and since when its DNS records were there. `is_required`: mail
-- to many waits for them.
CREATE TABLE sender_domain (
    domain TEXT PRIMARY KEY,
    is_required BIGINT NOT NULL,
    verified_at BIGINT
);
