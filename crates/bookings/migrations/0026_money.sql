-- How long records of money are kept, what a receipt says for ever, rooms that administrators
-- release, and payments at the test gateway that come later.

ALTER TABLE booking_setting ADD COLUMN money_years BIGINT NOT NULL DEFAULT 8;
ALTER TABLE booking_setting ADD COLUMN seller TEXT NOT NULL DEFAULT '';

-- The seller, and the name of the tax, when the order was paid.
ALTER TABLE booking_order ADD COLUMN seller TEXT NOT NULL DEFAULT '';
ALTER TABLE booking_order ADD COLUMN tax_label TEXT NOT NULL DEFAULT '';

-- Whether the lot's entries were deleted, because their time was over.
ALTER TABLE credit_lot ADD COLUMN is_closed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX booking_credit_lot ON booking (credit_lot_id);

-- The events that still say what they are about.
CREATE INDEX gateway_event_full ON gateway_event (received_at)
    WHERE order_ref IS NOT NULL OR payment_ref IS NOT NULL OR refund_ref IS NOT NULL
        OR receipt IS NOT NULL;

-- Why an administrator has released the room; otherwise empty.
ALTER TABLE room_allocation ADD COLUMN release_reason TEXT NOT NULL DEFAULT '';

-- From when on the test gateway has the money.
ALTER TABLE test_payment ADD COLUMN captured_at BIGINT NOT NULL DEFAULT 0;
