-- Mail from hosts to many households.

-- The hosts' own wording of each kind of mail; i18n. Where a text is missing, the built-in one is
-- sent.
CREATE TABLE mail_text (
    occasion TEXT NOT NULL REFERENCES occasion (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (occasion, kind)
) CLUSTERED;

-- When households are reminded that still owe an answer.
CREATE TABLE reminder_rule (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    days BIGINT NOT NULL,
    at_hour TEXT NOT NULL,
    active BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX reminder_rule_by_occasion ON reminder_rule (occasion);

-- One mail to many households, with its texts as they were when it was ordered.
CREATE TABLE campaign (
    id TEXT PRIMARY KEY,
    occasion TEXT NOT NULL REFERENCES occasion (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    -- JSON: which households; null: those that a reminder rule found.
    audience TEXT NOT NULL,
    -- Who ordered it; NULL: a reminder rule.
    account TEXT,
    rule TEXT,
    per_minute BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX campaign_by_occasion ON campaign (occasion, id);
CREATE INDEX campaign_open ON campaign (due_at) WHERE finished_at IS NULL;

-- Who gets it, fixed when it begins. From `written` on, the state is that of the mail.
CREATE TABLE campaign_recipient (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    place BIGINT NOT NULL,
    -- The invitation may be gone.
    invitation TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    mail TEXT,
    PRIMARY KEY (campaign, place)
) CLUSTERED;
CREATE INDEX campaign_recipient_queued ON campaign_recipient (campaign, place)
    WHERE state = 'queued';
CREATE INDEX campaign_recipient_by_mail ON campaign_recipient (mail);
CREATE INDEX campaign_recipient_by_invitation ON campaign_recipient (invitation);

-- That a rule reminded an invitation of a deadline, or was too late for it (no campaign).
CREATE TABLE reminder_sent (
    rule TEXT NOT NULL,
    invitation TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    campaign TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (rule, invitation, deadline)
) CLUSTERED;
CREATE INDEX reminder_sent_by_invitation ON reminder_sent (invitation, at);
