-- Who chose to get which mail that domains offer.
CREATE TABLE newsletter_subscription (
    newsletter TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    since BIGINT NOT NULL,
    PRIMARY KEY (newsletter, account_id)
);
CREATE INDEX newsletter_subscription_of ON newsletter_subscription (account_id);
