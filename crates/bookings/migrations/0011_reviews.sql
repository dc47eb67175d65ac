-- Documents that members submit for a written review, and credits of a kind of their own for them.

ALTER TABLE plan ADD COLUMN credit_kind TEXT NOT NULL DEFAULT 'session';
ALTER TABLE booking_order ADD COLUMN credit_kind TEXT NOT NULL DEFAULT 'session';
ALTER TABLE credit_lot ADD COLUMN credit_kind TEXT NOT NULL DEFAULT 'session';

ALTER TABLE booking_setting ADD COLUMN review_day_limit BIGINT NOT NULL DEFAULT 10;
ALTER TABLE booking_setting ADD COLUMN review_file_days BIGINT NOT NULL DEFAULT 180;

CREATE TABLE review (
    id TEXT PRIMARY KEY,
    -- Empty after the account was erased.
    member_id TEXT REFERENCES account (id),
    state TEXT NOT NULL,
    -- The document's name in the file store; empty once the document is deleted.
    file TEXT NOT NULL,
    -- The name that the member's device gave the document, only to show it.
    file_name TEXT NOT NULL,
    file_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    goal TEXT NOT NULL,
    focus TEXT NOT NULL,
    note TEXT NOT NULL,
    credit_lot_id TEXT NOT NULL REFERENCES credit_lot (id),
    -- The provider who has taken it.
    reviewer_id TEXT REFERENCES provider (id),
    score_overall BIGINT NOT NULL,
    score_content BIGINT NOT NULL,
    score_structure BIGINT NOT NULL,
    score_language BIGINT NOT NULL,
    strengths TEXT NOT NULL,
    improvements TEXT NOT NULL,
    recommendations TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT
);
CREATE INDEX review_member ON review (member_id, created_at);
CREATE INDEX review_state ON review (state, created_at);
CREATE INDEX review_reviewer ON review (reviewer_id, state);
CREATE INDEX review_credit_lot ON review (credit_lot_id);
CREATE INDEX review_file ON review (file);
