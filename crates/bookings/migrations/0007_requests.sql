-- Members' requests: one of several slots is to be confirmed by its provider.

ALTER TABLE booking_setting ADD COLUMN request_slots BIGINT NOT NULL DEFAULT 2;
ALTER TABLE booking_setting ADD COLUMN request_limit BIGINT NOT NULL DEFAULT 3;
ALTER TABLE booking_setting ADD COLUMN request_hours BIGINT NOT NULL DEFAULT 72;
ALTER TABLE booking_setting ADD COLUMN request_hold_hours BIGINT NOT NULL DEFAULT 24;

CREATE TABLE booking_request (
    id TEXT PRIMARY KEY,
    -- Empty after the account was erased.
    member_id TEXT REFERENCES account (id),
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    booking_id TEXT REFERENCES booking (id),
    -- Whether the member was told that a provider could not confirm for want of a credit.
    told_no_credit BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX booking_request_member ON booking_request (member_id, created_at);
CREATE INDEX booking_request_state ON booking_request (state, created_at);
CREATE INDEX booking_request_booking ON booking_request (booking_id);

CREATE TABLE booking_request_slot (
    request_id TEXT NOT NULL REFERENCES booking_request (id),
    slot_id TEXT NOT NULL REFERENCES slot (id),
    -- The order of preference, the best first.
    position BIGINT NOT NULL,
    is_declined BIGINT NOT NULL,
    PRIMARY KEY (request_id, slot_id)
);
CREATE INDEX booking_request_slot_slot ON booking_request_slot (slot_id);
