-- Classes: dates of an offer, each with seats. They are stored as slots as far ahead as members book.

-- With more than one seat, an offer is a class.
ALTER TABLE offer ADD COLUMN seats BIGINT NOT NULL DEFAULT 1;
-- The most seats of one booking.
ALTER TABLE offer ADD COLUMN party_limit BIGINT NOT NULL DEFAULT 1;
-- The last day, by the clock of its hours, of which the provider was told what was left out. NULL if the
-- offer or its hours have changed since.
ALTER TABLE offer ADD COLUMN filled_until TEXT;

-- A slot with more than one seat is a date of a class. It is available while it can be booked, also if it is
-- full: its bookings hold the seats.
ALTER TABLE slot ADD COLUMN seats BIGINT NOT NULL DEFAULT 1;
ALTER TABLE slot ADD COLUMN seats_taken BIGINT NOT NULL DEFAULT 0
    CONSTRAINT seats_within CHECK (seats_taken BETWEEN 0 AND seats);

ALTER TABLE booking ADD COLUMN seats BIGINT NOT NULL DEFAULT 1;
ALTER TABLE booking ADD COLUMN is_class BIGINT NOT NULL DEFAULT 0;
-- Until when seats are held whose member has not proved their address.
ALTER TABLE booking ADD COLUMN hold_until BIGINT;

-- What a provider is owed for each seat of a class.
ALTER TABLE provider ADD COLUMN class_payout_minor BIGINT NOT NULL DEFAULT 0;

DROP INDEX one_booking_a_slot;
CREATE UNIQUE INDEX one_booking_a_slot ON booking (slot_id)
    WHERE is_class = 0
      AND state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member', 'no_show_provider');
CREATE UNIQUE INDEX one_party_a_member ON booking (slot_id, member_id)
    WHERE is_class = 1
      AND state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member', 'no_show_provider');
CREATE INDEX booking_of_slot ON booking (slot_id);
