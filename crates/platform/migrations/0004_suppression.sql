-- Addresses that take no mail, known only by a keyed hash, so that the list can outlive the
-- person's data. An empty stream stands for all mail. An unsubscribe names the stream, and the
-- scope if the mail had one.
ALTER TABLE suppression RENAME TO suppression_before;
CREATE TABLE suppression (
    address BYTEA NOT NULL,
    scope TEXT NOT NULL,
    stream TEXT NOT NULL,
    cause TEXT NOT NULL,
    -- How many soft bounces count.
    soft_count BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- When the last confirming mail went past the suppression.
    confirm_at BIGINT,
    PRIMARY KEY (address, scope, stream)
);
INSERT INTO suppression (address, scope, stream, cause, soft_count, last_at)
SELECT address, '', '', cause, 0, changed_at FROM suppression_before WHERE cause <> 'unsubscribe';
INSERT INTO suppression (address, scope, stream, cause, soft_count, last_at)
SELECT address, '', 'notification', cause, 0, changed_at
FROM suppression_before WHERE cause = 'unsubscribe';
INSERT INTO suppression (address, scope, stream, cause, soft_count, last_at)
SELECT address, '', 'marketing', cause, 0, changed_at
FROM suppression_before WHERE cause = 'unsubscribe';
DROP TABLE suppression_before;

-- What was heard of single mails, so that nothing is counted twice. `message` is our id of the
-- mail, or its provider's.
CREATE TABLE mail_report (
    message TEXT NOT NULL,
    address BYTEA NOT NULL,
    cause TEXT NOT NULL,
    -- 0 once a later mail arrived.
    counts BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message, address)
);
CREATE INDEX mail_report_by_address ON mail_report (address);
CREATE INDEX mail_report_by_time ON mail_report (at);

-- The hash of the recipient's address, since the mail was first to leave.
ALTER TABLE mail ADD COLUMN recipient_hash BYTEA;
-- 1: it asks the recipient to confirm the address, and may go past a bounce or a complaint.
ALTER TABLE mail ADD COLUMN confirms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX mail_by_recipient_hash ON mail (recipient_hash);
