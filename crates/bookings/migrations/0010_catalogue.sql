-- What a session is about: its type, its level and an entry of the catalogue. A slot offers sets of
-- them, and a set without rows means any.

ALTER TABLE booking_setting ADD COLUMN reveal TEXT NOT NULL DEFAULT 'always';

CREATE TABLE session_type (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_type_code ON session_type (code);

CREATE TABLE level (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    label TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX level_code ON level (code);

CREATE TABLE catalogue_entry (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    description TEXT NOT NULL,
    active BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX catalogue_entry_slug ON catalogue_entry (slug);

CREATE TABLE slot_session_type (
    slot_id TEXT NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    session_type TEXT NOT NULL REFERENCES session_type (code),
    PRIMARY KEY (slot_id, session_type)
);
CREATE INDEX slot_session_type_of ON slot_session_type (session_type);

CREATE TABLE slot_level (
    slot_id TEXT NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    level TEXT NOT NULL REFERENCES level (code),
    PRIMARY KEY (slot_id, level)
);
CREATE INDEX slot_level_of ON slot_level (level);

CREATE TABLE slot_entry (
    slot_id TEXT NOT NULL REFERENCES slot (id) ON DELETE CASCADE,
    entry TEXT NOT NULL REFERENCES catalogue_entry (slug),
    PRIMARY KEY (slot_id, entry)
);
CREATE INDEX slot_entry_of ON slot_entry (entry);

ALTER TABLE booking ADD COLUMN session_type TEXT REFERENCES session_type (code);
ALTER TABLE booking ADD COLUMN level TEXT REFERENCES level (code);
ALTER TABLE booking ADD COLUMN entry TEXT REFERENCES catalogue_entry (slug);
ALTER TABLE booking_request ADD COLUMN session_type TEXT REFERENCES session_type (code);
ALTER TABLE booking_request ADD COLUMN level TEXT REFERENCES level (code);
ALTER TABLE booking_request ADD COLUMN entry TEXT REFERENCES catalogue_entry (slug);
