-- Answers of people who have no code: a public card leads to them.

-- How many one such answer may bring, the one who answers included.
ALTER TABLE occasion ADD COLUMN open_party_limit BIGINT NOT NULL DEFAULT 6;

-- Where an invitation's people went when hosts put two together: its code
-- opens the other one from then on.
ALTER TABLE invitation ADD COLUMN merged_into TEXT;
-- Since when it opens nothing any more: the other one's code was replaced.
ALTER TABLE invitation ADD COLUMN alias_ended_at BIGINT;

-- Whether it came without a code and waits for a host's approval. Until then
-- its guests hold none of the seats that others may take.
ALTER TABLE invitation ADD COLUMN unapproved BIGINT NOT NULL DEFAULT 0;
-- Their seats, counted beside `seats_taken`.
ALTER TABLE event ADD COLUMN unapproved_seats BIGINT NOT NULL DEFAULT 0;

CREATE TABLE open_answer (
    invitation TEXT PRIMARY KEY REFERENCES invitation (id),
    occasion TEXT NOT NULL REFERENCES occasion (id),
    -- A hash of name and contact: who answers twice is found by it.
    likeness TEXT NOT NULL,
    -- Somebody of the same name and contact had answered before.
    is_duplicate BIGINT NOT NULL,
    approved_at BIGINT,
    -- The approval holds for what the note was then, and for no later one.
    approved_note_version BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX open_answer_by_likeness ON open_answer (occasion, likeness);

-- From where they came, for an hour: a network sends so many and no more.
CREATE TABLE open_try (
    network TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX open_try_by_network ON open_try (network, at);
