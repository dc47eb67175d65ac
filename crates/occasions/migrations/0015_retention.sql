-- How an occasion ends: it is archived, owners are told of its deletion, it is deleted.

-- The end of the last event for which it was archived by itself; null: it was not.
ALTER TABLE occasion ADD COLUMN archived_for BIGINT;

-- The deletion of which owners were told. The day is ISO 8601, in the occasion's time zone.
CREATE TABLE occasion_deletion (
    occasion TEXT PRIMARY KEY REFERENCES occasion (id),
    day TEXT NOT NULL,
    -- When each of the two mails was written last, and since when one of them has left.
    first_at BIGINT NOT NULL,
    first_left_at BIGINT,
    second_at BIGINT,
    second_left_at BIGINT,
    -- When an owner let it go on though the mails do not leave.
    confirmed_at BIGINT
);

-- The mails that told the owners: which of the two.
CREATE TABLE deletion_warning (
    mail TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    number BIGINT NOT NULL
);
CREATE INDEX deletion_warning_by_occasion ON deletion_warning (occasion, number);

-- What is left of a deleted occasion.
CREATE TABLE deleted_occasion (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
    invitations BIGINT NOT NULL,
    guests BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL
);
