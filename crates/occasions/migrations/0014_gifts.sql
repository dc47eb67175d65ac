-- What hosts wish for, what households promise, ways to give money, and what was received.

-- An item of the wish list. `name` and `description` are i18n. The price is in minor units of the
-- occasion's currency; NULL: none is shown. `shared`: the pieces are equal parts of one gift, and
-- the price is that of the whole. `picture`: what the names of its files share; empty: none.
CREATE TABLE gift (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    price BIGINT,
    quantity BIGINT NOT NULL,
    shared BIGINT NOT NULL,
    url TEXT NOT NULL,
    picture TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX gift_by_occasion ON gift (occasion, position, id);
CREATE INDEX gift_by_picture ON gift (picture);

-- How many pieces a household brings. Written under the lock of the gift only. A released
-- reservation stays, because a gift that was ever reserved is not deleted.
CREATE TABLE gift_reservation (
    id TEXT PRIMARY KEY,
    gift TEXT NOT NULL REFERENCES gift (id),
    invitation TEXT NOT NULL REFERENCES invitation (id),
    quantity BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT gift_reserved_twice UNIQUE (gift, invitation)
);
CREATE INDEX gift_reservation_by_invitation ON gift_reservation (invitation);

-- A way to give money. `note` is i18n.
CREATE TABLE cash_link (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    holder TEXT NOT NULL,
    account TEXT NOT NULL,
    bank TEXT NOT NULL,
    bic TEXT NOT NULL,
    reference TEXT NOT NULL,
    note TEXT NOT NULL,
    active BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX cash_link_by_occasion ON cash_link (occasion, position, id);

-- The hosts' book of what they got. The household is an invitation, which may be gone, or a name.
-- `reservation`: the reservation that this entry fulfils, once.
CREATE TABLE received_gift (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    household TEXT,
    giver TEXT NOT NULL,
    description TEXT NOT NULL,
    amount BIGINT,
    currency TEXT NOT NULL,
    received_on BIGINT NOT NULL,
    thanked_at BIGINT,
    reservation TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX received_gift_by_occasion ON received_gift (occasion, received_on, id);
CREATE INDEX received_gift_by_household ON received_gift (household);
CREATE UNIQUE INDEX received_gift_once ON received_gift (reservation);
