-- How the site presents itself: one row, once an owner or the first start has said so.
CREATE TABLE site_look (
    id BIGINT PRIMARY KEY,
    home TEXT NOT NULL,
    look TEXT NOT NULL,
    -- '#1f4a47'; '': the look's own.
    accent TEXT NOT NULL,
    -- The names of files; '': none.
    icon TEXT NOT NULL,
    portrait TEXT NOT NULL,
    portrait_alt TEXT NOT NULL,
    portrait_width BIGINT NOT NULL,
    portrait_height BIGINT NOT NULL,
    sentence TEXT NOT NULL,
    introduction TEXT NOT NULL,
    -- Whose site it is; NULL: the first owner's.
    account_id TEXT REFERENCES account (id),
    -- The addresses of the menu, one a line; '': all that the domains offer.
    menu TEXT NOT NULL,
    version BIGINT NOT NULL
);
-- What people are told on the site.
CREATE TABLE notification (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    href TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notification_of ON notification (account_id, created_at);
-- Who gets them by mail, too.
CREATE TABLE notification_by_mail (
    account_id TEXT PRIMARY KEY REFERENCES account (id)
);
