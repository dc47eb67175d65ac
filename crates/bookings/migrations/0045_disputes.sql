-- Few of the events are about disputes, and the start page of administrators counts those that are open.
CREATE INDEX gateway_event_dispute ON gateway_event (payment_ref) WHERE kind LIKE '%.dispute.%';
