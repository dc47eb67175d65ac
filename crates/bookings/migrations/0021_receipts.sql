-- Receipts count anew in each mode and each fiscal year, prices include a tax, and what test money
-- bought is void where real money moves.

ALTER TABLE booking_setting ADD COLUMN fiscal_month BIGINT NOT NULL DEFAULT 1;
ALTER TABLE booking_setting ADD COLUMN tax_bps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_setting ADD COLUMN tax_label TEXT NOT NULL DEFAULT '';
ALTER TABLE booking_setting ADD COLUMN offer_days BIGINT NOT NULL DEFAULT 14;

ALTER TABLE booking_order ADD COLUMN tax_bps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE booking_order ADD COLUMN tax_minor BIGINT NOT NULL DEFAULT 0;
-- When the gateway was last asked because the payer's page was open.
ALTER TABLE booking_order ADD COLUMN asked_at BIGINT;
-- The fiscal year in which the order was paid.
ALTER TABLE booking_order ADD COLUMN receipt_year BIGINT;
-- only postgresql
UPDATE booking_order SET receipt_year = CAST(EXTRACT(YEAR FROM to_timestamp(paid_at / 1000) AT TIME ZONE 'UTC') AS BIGINT)
WHERE receipt_no IS NOT NULL;
-- end
-- only sqlite
UPDATE booking_order SET receipt_year = CAST(strftime('%Y', paid_at / 1000, 'unixepoch') AS BIGINT)
WHERE receipt_no IS NOT NULL;
-- end
DROP INDEX booking_order_receipt;
CREATE UNIQUE INDEX booking_order_receipt ON booking_order (mode, receipt_year, receipt_no);

ALTER TABLE credit_lot ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';
UPDATE credit_lot SET mode = 'test'
WHERE order_id IN (SELECT id FROM booking_order WHERE mode = 'test');
