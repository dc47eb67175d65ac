-- The hosts to which links to online meetings may lead, as a JSON list.

ALTER TABLE booking_setting ADD COLUMN meeting_hosts TEXT NOT NULL
    DEFAULT '["meet.google.com","zoom.us","teams.microsoft.com","teams.live.com","meet.jit.si"]';
