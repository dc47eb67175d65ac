-- Terms that people were shown, or that applied when something was made, kept for the time when they
-- are needed.

-- When what members are shown of the slot last changed; 0 if it never did.
ALTER TABLE slot ADD COLUMN offer_changed_at BIGINT NOT NULL DEFAULT 0;

-- Copied from the provider when the booking is made.
ALTER TABLE booking ADD COLUMN no_show_bps BIGINT NOT NULL DEFAULT 10000;
UPDATE booking SET no_show_bps =
    (SELECT p.no_show_bps FROM provider p WHERE p.id = booking.provider_id);

-- Whether the batch must be sent by somebody who approved none of its payouts. Copied from the
-- settings when the batch is made.
ALTER TABLE payout_batch ADD COLUMN two_people BIGINT NOT NULL DEFAULT 0;
UPDATE payout_batch SET two_people = COALESCE((SELECT payout_two_people FROM booking_setting), 0);

-- Whether the item was held back, or takes a payout back, because of a dispute.
ALTER TABLE payout_item ADD COLUMN is_disputed BIGINT NOT NULL DEFAULT 0;
UPDATE payout_item SET is_disputed = 1
WHERE reason = 'dispute' AND (state = 'rejected' OR is_adjustment = 1);
