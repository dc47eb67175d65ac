-- Work that follows from a change, written by that change. `due_at` is when a
-- worker may take the row: for a waiting job its appointed time, for a running
-- one the end of its lease, for a failed one never. A job that is done is gone.
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- The request that caused it, as the logs name it; null: none did.
    request_id TEXT,
    state TEXT NOT NULL,
    unique_key TEXT,
    priority BIGINT NOT NULL,
    -- Jobs of one priority take turns by line.
    line TEXT,
    turn BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT,
    latest_at BIGINT,
    starts BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT job_failed_is_never_due CHECK ((state = 'failed') = (due_at IS NULL))
);
CREATE INDEX job_due ON job (queue, priority, turn, due_at, id);
CREATE INDEX job_by_line ON job (line, turn) WHERE line IS NOT NULL;
CREATE UNIQUE INDEX job_waiting_once ON job (unique_key) WHERE state = 'waiting';
CREATE INDEX job_failed ON job (id) WHERE state = 'failed';

-- The last minute for which the timed job of a kind was enqueued.
CREATE TABLE schedule (
    kind TEXT PRIMARY KEY,
    minute BIGINT NOT NULL
);

-- Every mail that is to leave or has left. `doubts` counts how often it was
-- found half sent. `mailbox_at` is when the built-in mailbox took it.
CREATE TABLE mail (
    id TEXT PRIMARY KEY,
    scope TEXT,
    -- The request that caused it, or the job that wrote it.
    request_id TEXT,
    stream TEXT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_name TEXT NOT NULL,
    sender_name TEXT,
    reply_to TEXT,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    -- Both, where they have a link that works once: opened by the key file alone.
    sealed_text BYTEA,
    state TEXT NOT NULL,
    doubts BIGINT NOT NULL,
    answer TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    mailbox_at BIGINT
);
CREATE INDEX mail_by_scope ON mail (scope, id);
CREATE INDEX mail_in_mailbox ON mail (id) WHERE mailbox_at IS NOT NULL;

-- Addresses that take no mail, known only by a keyed hash, so that the list
-- can outlive the person's data.
CREATE TABLE suppression (
    address BYTEA PRIMARY KEY,
    cause TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
