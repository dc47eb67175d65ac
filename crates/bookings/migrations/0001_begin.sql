-- Providers and the times that they offer, bookings, and the money that is paid for them.

CREATE TABLE booking_setting (
    -- There is one row.
    id BIGINT PRIMARY KEY,
    currency TEXT NOT NULL,
    hold_minutes BIGINT NOT NULL,
    hold_limit BIGINT NOT NULL,
    cancel_minutes BIGINT NOT NULL,
    reschedule_limit BIGINT NOT NULL,
    shortest_minutes BIGINT NOT NULL,
    longest_minutes BIGINT NOT NULL,
    version BIGINT NOT NULL
);
INSERT INTO booking_setting VALUES (1, 'MYR', 15, 2, 1440, 2, 30, 720, 1);

CREATE TABLE provider (
    id TEXT PRIMARY KEY,
    -- Empty after the account was erased.
    account_id TEXT REFERENCES account (id),
    display_name TEXT NOT NULL,
    bio TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    buffer_before BIGINT NOT NULL,
    buffer_after BIGINT NOT NULL,
    min_notice BIGINT NOT NULL,
    is_paused BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX provider_account ON provider (account_id);

CREATE TABLE slot (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    series_id TEXT,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    time_zone TEXT NOT NULL,
    -- The time with the provider's buffers: those of two live slots never overlap.
    blocks_from BIGINT NOT NULL,
    blocks_until BIGINT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    public_note TEXT NOT NULL,
    prep_note TEXT NOT NULL,
    location_kind TEXT NOT NULL,
    location_secret TEXT NOT NULL,
    area TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- Of the booking that it is held for.
    hold_token TEXT,
    hold_until BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX slot_offered ON slot (state, starts_at, id);
CREATE INDEX slot_of_provider ON slot (provider_id, blocks_from);

-- Who paid: what remains of them when their account is erased.
CREATE TABLE money_party (
    id TEXT PRIMARY KEY,
    account_id TEXT REFERENCES account (id)
);
CREATE UNIQUE INDEX money_party_account ON money_party (account_id);

CREATE TABLE booking_order (
    id TEXT PRIMARY KEY,
    party_id TEXT NOT NULL REFERENCES money_party (id),
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    gateway TEXT NOT NULL,
    gateway_order_id TEXT,
    -- Until when one request alone may call the gateway.
    claimed_until BIGINT,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    receipt_no BIGINT,
    created_at BIGINT NOT NULL,
    paid_at BIGINT
);
CREATE INDEX booking_order_party ON booking_order (party_id, created_at);
CREATE UNIQUE INDEX booking_order_gateway ON booking_order (gateway, gateway_order_id);
CREATE UNIQUE INDEX booking_order_receipt ON booking_order (receipt_no);

CREATE TABLE booking (
    id TEXT PRIMARY KEY,
    slot_id TEXT NOT NULL REFERENCES slot (id),
    -- Empty after the account was erased.
    member_id TEXT REFERENCES account (id),
    provider_id TEXT NOT NULL REFERENCES provider (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    time_zone TEXT NOT NULL,
    title TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL,
    order_id TEXT REFERENCES booking_order (id),
    hold_token TEXT,
    cancel_minutes BIGINT NOT NULL,
    reschedule_limit BIGINT NOT NULL,
    reschedules BIGINT NOT NULL,
    ics_sequence BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_by TEXT,
    cancel_reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- The last word on double booking.
CREATE UNIQUE INDEX one_booking_a_slot ON booking (slot_id)
    WHERE state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member', 'no_show_provider');
CREATE UNIQUE INDEX one_booking_an_order ON booking (order_id);
CREATE INDEX booking_of_member ON booking (member_id, starts_at);
CREATE INDEX booking_of_provider ON booking (provider_id, starts_at);

CREATE TABLE payment (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES booking_order (id),
    gateway TEXT NOT NULL,
    gateway_payment_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Whether this is the one that paid the order.
    settles BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    refund_reserved_minor BIGINT NOT NULL,
    captured_at BIGINT,
    CONSTRAINT refund_within_payment CHECK (refund_reserved_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX payment_order ON payment (order_id);
CREATE UNIQUE INDEX payment_gateway ON payment (gateway, gateway_payment_id);
CREATE UNIQUE INDEX one_payment_settles ON payment (order_id) WHERE settles = 1;

CREATE TABLE refund (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES payment (id),
    amount_minor BIGINT NOT NULL CONSTRAINT refund_of_something CHECK (amount_minor > 0),
    reason TEXT NOT NULL,
    gateway_refund_id TEXT,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX refund_payment ON refund (payment_id);
CREATE UNIQUE INDEX refund_gateway ON refund (gateway_refund_id);

-- Money in and out, which is only added to.
CREATE TABLE ledger_entry (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES booking_order (id),
    kind TEXT NOT NULL,
    -- The payment or the refund.
    subject TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX ledger_subject ON ledger_entry (kind, subject);
CREATE INDEX ledger_order ON ledger_entry (order_id);

CREATE TABLE session_reminder (
    booking_id TEXT NOT NULL REFERENCES booking (id),
    sequence BIGINT NOT NULL,
    party TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (booking_id, sequence, party)
);

-- The test gateway's own book.
CREATE TABLE test_payment (
    id TEXT PRIMARY KEY,
    gateway_order_id TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    refund_fails BIGINT NOT NULL
);
CREATE INDEX test_payment_order ON test_payment (gateway_order_id);
CREATE TABLE test_refund (
    key TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES test_payment (id),
    amount_minor BIGINT NOT NULL
);
CREATE INDEX test_refund_payment ON test_refund (payment_id);
