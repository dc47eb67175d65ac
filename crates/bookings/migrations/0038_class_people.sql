-- Dates that a provider adds to a class, and what a provider writes to those who come.

-- A date of a class that its provider added: the hours of its offer do not decide about it.
ALTER TABLE slot ADD COLUMN is_added BIGINT NOT NULL DEFAULT 0;

-- That everybody who comes to a date was written to. The text itself is only in the mails; the signature
-- tells whether the same was sent before.
CREATE TABLE class_message (
    slot_id TEXT NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    signature TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (slot_id, signature)
);
