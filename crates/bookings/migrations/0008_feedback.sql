-- What the two sides of a session say about it, and the criteria by which they score it.

CREATE TABLE criterion (
    id TEXT PRIMARY KEY,
    -- The side that answers it.
    author TEXT NOT NULL,
    label TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    booking_id TEXT NOT NULL REFERENCES booking (id),
    author TEXT NOT NULL,
    rating BIGINT NOT NULL,
    verdict TEXT,
    text TEXT NOT NULL,
    -- For the author and administrators alone.
    private_note TEXT NOT NULL,
    -- Of each criterion, as JSON.
    scores TEXT NOT NULL,
    revisions BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_feedback_a_side ON feedback (booking_id, author);
