-- The titles of free slots, and a member's bookings that are active or were just made, are found
-- without reading the others.

CREATE INDEX slot_title ON slot (state, title, starts_at);
CREATE INDEX booking_of_member_state ON booking (member_id, state, ends_at);
CREATE INDEX booking_of_member_made ON booking (member_id, created_at);
