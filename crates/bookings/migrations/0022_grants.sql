-- A plan grants credits of several kinds, or none and a membership alone.

ALTER TABLE plan ADD COLUMN reviews BIGINT NOT NULL DEFAULT 0;
UPDATE plan SET reviews = credits, credits = 0 WHERE credit_kind = 'document_review';
ALTER TABLE plan DROP COLUMN credit_kind;

ALTER TABLE booking_order ADD COLUMN reviews BIGINT NOT NULL DEFAULT 0;
UPDATE booking_order SET reviews = credits, credits = 0 WHERE credit_kind = 'document_review';
ALTER TABLE booking_order DROP COLUMN credit_kind;

-- One lot for each kind and order.
DROP INDEX credit_lot_order;
CREATE UNIQUE INDEX credit_lot_order ON credit_lot (order_id, credit_kind);
-- An order is the subject of an entry in each of its lots; everything else has one.
DROP INDEX credit_entry_subject;
CREATE UNIQUE INDEX credit_entry_subject ON credit_entry (subject, reason, lot_id);
CREATE UNIQUE INDEX one_entry_a_subject ON credit_entry (subject, reason)
    WHERE reason NOT IN ('granted', 'refunded');
