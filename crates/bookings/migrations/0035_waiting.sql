-- The waiting list of each date of a class.
CREATE TABLE waiting (
    id TEXT PRIMARY KEY,
    slot_id TEXT NOT NULL REFERENCES slot (id),
    -- Empty after the account was erased.
    member_id TEXT REFERENCES account (id),
    seats BIGINT NOT NULL CONSTRAINT waits_for_seats CHECK (seats > 0),
    note TEXT NOT NULL,
    -- `waiting`, `asked`, `taken`, `passed` or `left`.
    state TEXT NOT NULL,
    -- Whether seats that become free are booked without asking.
    books_at_once BIGINT NOT NULL,
    asked_until BIGINT,
    -- The booking that keeps, or kept, the seats for the party.
    booking_id TEXT REFERENCES booking (id),
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX waiting_of_slot ON waiting (slot_id, state, created_at, id);
CREATE UNIQUE INDEX one_place_in_a_list ON waiting (slot_id, member_id)
    WHERE state IN ('waiting', 'asked');
CREATE INDEX waiting_of_member ON waiting (member_id, state);
CREATE INDEX waiting_of_booking ON waiting (booking_id);

-- For how many hours seats are kept at most for who waits for them.
ALTER TABLE booking_setting ADD COLUMN waiting_hours BIGINT NOT NULL DEFAULT 12;
