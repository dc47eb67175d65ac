-- Phrases that pages show, what people suggest, and what they would rather not see.

CREATE TABLE phrase (
    id TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    -- What two phrases may not share while they are active.
    folded_text TEXT NOT NULL,
    active BIGINT NOT NULL,
    -- Who suggested it; empty after their account went.
    author_id TEXT REFERENCES account (id),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX phrase_text ON phrase (folded_text) WHERE active = 1;
CREATE INDEX phrase_author ON phrase (author_id);

CREATE TABLE phrase_suggestion (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    text TEXT NOT NULL,
    folded_text TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    phrase_id TEXT REFERENCES phrase (id),
    decided_by TEXT REFERENCES account (id),
    decided_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX phrase_suggestion_account ON phrase_suggestion (account_id, created_at);
CREATE INDEX phrase_suggestion_pending ON phrase_suggestion (created_at) WHERE state = 'pending';
CREATE INDEX phrase_suggestion_phrase ON phrase_suggestion (phrase_id);
CREATE INDEX phrase_suggestion_decided ON phrase_suggestion (decided_by);

CREATE TABLE phrase_exclusion (
    account_id TEXT NOT NULL REFERENCES account (id),
    phrase_id TEXT NOT NULL REFERENCES phrase (id),
    PRIMARY KEY (account_id, phrase_id)
);
CREATE INDEX phrase_excluded ON phrase_exclusion (phrase_id);
