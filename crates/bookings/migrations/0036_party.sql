-- The seats of a party: a row for each seat of a class that a booking takes.

CREATE TABLE booking_seat (
    booking_id TEXT NOT NULL REFERENCES booking (id),
    position BIGINT NOT NULL,
    -- Who comes, as the member says; may be empty.
    name TEXT NOT NULL,
    -- taken, cancelled, came or missed.
    state TEXT NOT NULL,
    -- The member gave the seat back after the deadline.
    is_late BIGINT NOT NULL,
    -- The lot of the seat's credit. The entries of the seat have the subject “booking-position”.
    credit_lot_id TEXT REFERENCES credit_lot (id),
    cancelled_at BIGINT,
    PRIMARY KEY (booking_id, position)
);
CREATE INDEX booking_seat_lot ON booking_seat (credit_lot_id);

INSERT INTO booking_seat (booking_id, position, name, state, is_late, credit_lot_id)
    WITH RECURSIVE place (position) AS
        (SELECT 1 UNION ALL SELECT position + 1 FROM place WHERE position < 200)
    SELECT b.id, p.position, '',
           CASE b.state WHEN 'no_show_member' THEN 'missed' ELSE 'taken' END, 0, b.credit_lot_id
    FROM booking b JOIN place p ON p.position <= b.seats WHERE b.is_class = 1;
UPDATE credit_entry SET subject = subject || '-1'
    WHERE subject IN (SELECT id FROM booking WHERE is_class = 1);
