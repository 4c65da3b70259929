-- From version 1 to 2.

ALTER TABLE request ADD COLUMN digest INTEGER;
ALTER TABLE request ADD COLUMN bounces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN bounced TEXT NOT NULL DEFAULT '';
CREATE INDEX request_waiting ON request (restaurant, received_at) WHERE stage = 'open';
CREATE INDEX request_bounced ON request (restaurant, seq) WHERE bounced <> '';
CREATE INDEX request_cart ON request (received_at) WHERE hook = 'promo' AND body <> x'';
CREATE INDEX request_change_unread ON request (received_at)
    WHERE hook = 'order-change' AND event IS NULL AND error IS NOT NULL;
CREATE INDEX request_refund_unread ON request (received_at)
    WHERE hook = 'items-refunded' AND event IS NULL;

ALTER TABLE orders ADD COLUMN placed_at REAL NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN heard TEXT NOT NULL DEFAULT '[]';
UPDATE orders SET placed_at = accepted_at;

-- Each service charge was counted by itself; now those of an order count together, and at least for
-- what the order says of them. Refunds that have told of one have told of all.
UPDATE orders SET money = json_set(
    (SELECT json_group_object(one.key, json(one.value)) FROM json_each(orders.money) AS one
        WHERE one.key NOT GLOB 'charge:*'),
    '$."charge:"', json_object(
        'name', 'service charge',
        'price_cents', max(coalesce(json_extract(current, '$.totals.fee_cents'), 0), (
            SELECT sum(json_extract(one.value, '$.price_cents')) FROM json_each(orders.money) AS one
            WHERE one.key GLOB 'charge:*')),
        'tax_cents', max(coalesce(json_extract(current, '$.totals.tax_cents'), 0) - coalesce((
            SELECT sum(json_extract(unit.value, '$.tax_cents'))
            FROM json_each(orders.current, '$.lines') AS line,
                json_each(line.value, '$.units') AS unit), 0), (
            SELECT sum(json_extract(one.value, '$.tax_cents')) FROM json_each(orders.money) AS one
            WHERE one.key GLOB 'charge:*')),
        'is_told', json(CASE WHEN EXISTS (
            SELECT 1 FROM delivery AS d,
                json_each(CASE WHEN json_valid(d.slip) THEN d.slip END, '$.refund.lines') AS told
            WHERE d.restaurant = orders.restaurant AND d.order_id = orders.order_id
                AND json_extract(told.value, '$.is_charge'))
            THEN 'true' ELSE 'false' END)))
WHERE CASE WHEN json_valid(money) AND json_valid(current) THEN EXISTS (
    SELECT 1 FROM json_each(orders.money) AS one WHERE one.key GLOB 'charge:*') END;
UPDATE delivery SET slip = json_set(slip, '$.refund.lines', json((
    SELECT json_group_array(json(CASE WHEN json_extract(told.value, '$.is_charge')
        THEN json_set(told.value, '$.id', '') ELSE told.value END))
    FROM json_each(delivery.slip, '$.refund.lines') AS told)))
WHERE CASE WHEN json_valid(slip) THEN EXISTS (
    SELECT 1 FROM json_each(delivery.slip, '$.refund.lines') AS told
    WHERE json_extract(told.value, '$.is_charge')) END;

ALTER TABLE checkout ADD COLUMN cancelled_at REAL NOT NULL DEFAULT 0;
ALTER TABLE checkout ADD COLUMN homeless INTEGER NOT NULL DEFAULT 0;
CREATE INDEX checkout_homeless ON checkout (updated_at) WHERE homeless;

ALTER TABLE delivery ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN side TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN digest INTEGER;
ALTER TABLE delivery ADD COLUMN answered_for REAL;
DROP INDEX delivery_lane;
CREATE INDEX delivery_lane ON delivery (lane, answered_for, id) WHERE lane IS NOT NULL;
CREATE INDEX delivery_promise ON delivery (lane, state, promise_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_next ON delivery (lane, state, next_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_released ON delivery (lane, operation, state, released_at)
    WHERE lane IS NOT NULL;

-- The worker: deliveries that an adapter has in its hands, or had when the process died.
-- is_under_way: 1 from before the adapter sees it until it lets go. unclean_ends: at how many ends
-- of the process in a row that was so.
CREATE TABLE handling (
    delivery_id  INTEGER PRIMARY KEY,
    is_under_way INTEGER NOT NULL,
    unclean_ends INTEGER NOT NULL DEFAULT 0
);

ALTER TABLE service ADD COLUMN taken_at REAL;
ALTER TABLE service ADD COLUMN taken_over_at REAL;
UPDATE service SET taken_at = since;

ALTER TABLE promotion_use ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE promotion_use ADD COLUMN phone TEXT NOT NULL DEFAULT '';
CREATE INDEX promotion_use_email ON promotion_use (restaurant, email, code);
CREATE INDEX promotion_use_phone ON promotion_use (restaurant, phone, code);

-- What people have decided about deliveries: replay, resolve, void.
CREATE TABLE decision (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          REAL NOT NULL,
    who         TEXT NOT NULL,
    action      TEXT NOT NULL,
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    note        TEXT NOT NULL
);
CREATE INDEX decision_delivery ON decision (delivery_id);

-- The restaurants that a person has stopped, until a person lets them go on.
CREATE TABLE pause (
    restaurant TEXT PRIMARY KEY,
    at         REAL NOT NULL,
    who        TEXT NOT NULL,
    reason     TEXT NOT NULL
) WITHOUT ROWID;
