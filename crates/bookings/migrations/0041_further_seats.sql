-- Seats that a member adds to a class that they have booked.

-- Whether the booking takes further seats that cost money, beside the member's first booking of the date.
ALTER TABLE booking ADD COLUMN is_further BIGINT NOT NULL DEFAULT 0;
DROP INDEX one_party_a_member;
CREATE UNIQUE INDEX one_party_a_member ON booking (slot_id, member_id)
    WHERE is_class = 1 AND is_further = 0
      AND state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member', 'no_show_provider');
