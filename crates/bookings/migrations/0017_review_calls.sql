-- Reviews in a call: what plans allow, how long the session is, and which booking it is.

ALTER TABLE plan ADD COLUMN review_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_order ADD COLUMN review_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credit_lot ADD COLUMN review_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_setting ADD COLUMN review_call_minutes BIGINT NOT NULL DEFAULT 30;

-- Empty for a written review.
ALTER TABLE review ADD COLUMN booking_id TEXT REFERENCES booking (id);
CREATE UNIQUE INDEX review_booking ON review (booking_id) WHERE state <> 'cancelled';
