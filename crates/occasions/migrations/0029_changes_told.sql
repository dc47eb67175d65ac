-- Cancelled events, asking everybody again after an event has moved, the hosts’ own messages, and the
-- order of the gallery.

-- When hosts cancelled the event. Its replies and who is invited to it are then set aside in the two
-- tables below, so nobody is asked or counted, until hosts bring it back.
ALTER TABLE event ADD COLUMN cancelled_at BIGINT;

CREATE TABLE cancelled_reply (
    guest TEXT NOT NULL REFERENCES guest (id),
    event TEXT NOT NULL REFERENCES event (id),
    status TEXT NOT NULL,
    answered_at BIGINT,
    answered_by TEXT,
    source TEXT,
    seat_until BIGINT,
    PRIMARY KEY (guest, event)
) CLUSTERED;
CREATE INDEX cancelled_reply_by_event ON cancelled_reply (event);

CREATE TABLE cancelled_invitation (
    invitation TEXT NOT NULL REFERENCES invitation (id),
    event TEXT NOT NULL REFERENCES event (id),
    PRIMARY KEY (invitation, event)
) CLUSTERED;
CREATE INDEX cancelled_invitation_by_event ON cancelled_invitation (event);

-- A guest who had said yes and is asked again keeps the seat until then, or until answers close for
-- the household.
ALTER TABLE reply ADD COLUMN seat_until BIGINT;
CREATE INDEX reply_by_seat_until ON reply (seat_until) WHERE seat_until IS NOT NULL;

-- Whether guests were last told that the event is cancelled.
ALTER TABLE event_told ADD COLUMN is_cancelled BIGINT NOT NULL DEFAULT 0;
-- When everybody was asked again.
ALTER TABLE event_told ADD COLUMN asked_at BIGINT;

-- The hosts' own message for WhatsApp and SMS.
ALTER TABLE mail_text ADD COLUMN message TEXT NOT NULL DEFAULT '{}';

-- The place in the gallery: lower numbers first, and files with the same number in order of time.
ALTER TABLE upload ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE host_picture ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
