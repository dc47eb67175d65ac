-- What administrators are to see to and were not mailed about yet, and when they last were.
CREATE TABLE booking_alert (
    kind TEXT PRIMARY KEY,
    times BIGINT NOT NULL
);
ALTER TABLE booking_setting ADD COLUMN alerts_mailed_at BIGINT NOT NULL DEFAULT 0;

-- When administrators were last told that a gateway does not answer.
CREATE TABLE gateway_silence (
    gateway TEXT PRIMARY KEY,
    told_at BIGINT NOT NULL
);
