-- What providers ask those who book an offer, and what was answered.

CREATE TABLE offer_question (
    id TEXT PRIMARY KEY,
    offer_id TEXT NOT NULL REFERENCES offer (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    is_required BIGINT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX offer_question_of ON offer_question (offer_id, position);

-- Each with the question as it was asked.
ALTER TABLE booking ADD COLUMN answers TEXT NOT NULL DEFAULT '[]';
