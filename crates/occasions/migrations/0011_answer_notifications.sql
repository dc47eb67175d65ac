-- How a host hears of answers, where it is not the default.
CREATE TABLE answer_notification (
    account TEXT NOT NULL,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    by_mail TEXT NOT NULL,
    on_site TEXT NOT NULL,
    at_hour TEXT NOT NULL,
    PRIMARY KEY (account, occasion)
) CLUSTERED;

-- A household that saved answers of which a host has not heard yet, once for each channel, `mail`
-- or `site`.
CREATE TABLE unreported_answer (
    account TEXT NOT NULL,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    channel TEXT NOT NULL,
    -- The invitation may be gone.
    invitation TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, occasion, channel, invitation)
) CLUSTERED;
