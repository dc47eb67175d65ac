-- What a gateway called an order before it was made there anew, because the gateway refused another
-- attempt to pay it. Money for it may still come.
CREATE TABLE earlier_gateway_order (
    gateway TEXT NOT NULL,
    gateway_order_id TEXT NOT NULL,
    order_id TEXT NOT NULL REFERENCES booking_order (id),
    PRIMARY KEY (gateway, gateway_order_id)
);
CREATE INDEX earlier_gateway_order_order ON earlier_gateway_order (order_id);
