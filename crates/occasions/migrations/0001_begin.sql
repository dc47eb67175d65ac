-- Occasions, their events, and the households invited to them.
-- "i18n" columns hold a JSON map from language tag to text.

CREATE TABLE occasion (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT NOT NULL,
    kicker TEXT NOT NULL,
    welcome TEXT NOT NULL,
    farewell TEXT NOT NULL,
    hosts TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    languages TEXT NOT NULL,
    default_language TEXT NOT NULL,
    rsvp_deadline BIGINT,
    default_plus_ones BIGINT NOT NULL,
    default_children BIGINT NOT NULL,
    contact_name TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    theme TEXT NOT NULL,
    tone TEXT NOT NULL,
    switches TEXT NOT NULL,
    retention_days BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- Which member of the site made it; NULL: its own people, or nobody knows any more.
    made_by TEXT,
    -- Whether somebody with a rank in the site made it or has taken it on.
    by_staff BIGINT NOT NULL DEFAULT 1,
    -- Whether a member's occasion may send more than confirmations.
    sends_mail BIGINT NOT NULL DEFAULT 1,
    -- Raised by every change of the occasion, its events or its food needs.
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX occasion_slug_taken ON occasion (slug);
CREATE INDEX occasion_of_member ON occasion (made_by) WHERE by_staff = 0;

-- Former slugs: they redirect until somebody takes them.
CREATE TABLE occasion_alias (
    slug TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id)
);

CREATE TABLE event (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    venue TEXT NOT NULL,
    address TEXT NOT NULL,
    map_url TEXT NOT NULL,
    dress_code TEXT NOT NULL,
    schedule TEXT NOT NULL,
    capacity BIGINT,
    -- Guests who said yes, kept up only where there is a capacity, and without
    -- those who wait for approval.
    seats_taken BIGINT NOT NULL,
    position BIGINT NOT NULL,
    -- SEQUENCE of RFC 5545 §3.8.7.4: raised when date or place changes.
    calendar_sequence BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (occasion, key)
);

CREATE TABLE dietary_option (
    occasion TEXT NOT NULL REFERENCES occasion (id),
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    allergy BIGINT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (occasion, key)
) CLUSTERED;

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    code TEXT NOT NULL,
    code_key TEXT NOT NULL,
    household TEXT NOT NULL,
    salutation TEXT,
    email TEXT,
    phone TEXT,
    address TEXT,
    language TEXT,
    plus_ones BIGINT NOT NULL,
    children BIGINT NOT NULL,
    deadline_override BIGINT,
    lock_mode TEXT NOT NULL,
    open_until BIGINT,
    lock_reason TEXT NOT NULL,
    host_message TEXT NOT NULL,
    host_note TEXT NOT NULL,
    note TEXT NOT NULL,
    note_version BIGINT NOT NULL,
    tags TEXT NOT NULL,
    -- Folded household, guests, contact, code and tags, one text to search in.
    search TEXT NOT NULL,
    -- The closing instant for which the sweep has told the hosts; null: none.
    closed_noted_for BIGINT,
    sent_at BIGINT,
    first_opened_at BIGINT,
    last_opened_at BIGINT,
    open_count BIGINT NOT NULL,
    replied_at BIGINT,
    access_epoch BIGINT NOT NULL,
    archived_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitation_code_taken ON invitation (code_key);
CREATE INDEX invitation_by_occasion ON invitation (occasion, household, id);

-- Codes that once opened something and must not open anything else for 24 months.
CREATE TABLE retired_code (
    code_key TEXT PRIMARY KEY,
    retired_at BIGINT NOT NULL
);

CREATE TABLE invitation_event (
    invitation TEXT NOT NULL REFERENCES invitation (id),
    event TEXT NOT NULL REFERENCES event (id),
    PRIMARY KEY (invitation, event)
) CLUSTERED;

CREATE TABLE guest (
    id TEXT PRIMARY KEY,
    invitation TEXT NOT NULL REFERENCES invitation (id),
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    kind TEXT NOT NULL,
    is_child BIGINT NOT NULL,
    child_age BIGINT,
    added_by TEXT NOT NULL,
    beyond_allowance BIGINT NOT NULL,
    position BIGINT NOT NULL,
    diets TEXT NOT NULL,
    diet_note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX guest_by_invitation ON guest (invitation, position, id);

-- One row per guest and event the guest is invited to; none where not invited.
CREATE TABLE reply (
    guest TEXT NOT NULL REFERENCES guest (id),
    event TEXT NOT NULL REFERENCES event (id),
    status TEXT NOT NULL,
    answered_at BIGINT,
    answered_by TEXT,
    source TEXT,
    PRIMARY KEY (guest, event)
) CLUSTERED;
CREATE INDEX reply_by_event ON reply (event, status);

-- What hosts ask besides who comes. `events` holds keys; none: all of them.
CREATE TABLE question (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    key TEXT NOT NULL,
    asked_of TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    help TEXT NOT NULL,
    choices TEXT NOT NULL,
    events TEXT NOT NULL,
    required BIGINT NOT NULL,
    coming_only BIGINT NOT NULL,
    hosts_only BIGINT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (occasion, key)
);

-- What was answered: by one guest, or without a guest by the whole household.
CREATE TABLE answer (
    question TEXT NOT NULL REFERENCES question (id),
    invitation TEXT NOT NULL REFERENCES invitation (id),
    guest TEXT REFERENCES guest (id),
    value TEXT NOT NULL
);
CREATE UNIQUE INDEX answer_once ON answer (invitation, question, COALESCE(guest, ''));
CREATE INDEX answer_by_question ON answer (question);
CREATE INDEX answer_by_guest ON answer (guest);

-- Every accepted save; the only place where old answers live.
CREATE TABLE submission (
    invitation TEXT NOT NULL REFERENCES invitation (id),
    version_before BIGINT NOT NULL,
    version_after BIGINT NOT NULL,
    changes TEXT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (invitation, version_after)
) CLUSTERED;
