-- Whether the time for payment was extended once, because a gateway needs more of it.
ALTER TABLE booking_order ADD COLUMN is_extended BIGINT NOT NULL DEFAULT 0;

-- What a gateway said about a payment, such as that it is disputed.
CREATE INDEX gateway_event_payment ON gateway_event (payment_ref);
