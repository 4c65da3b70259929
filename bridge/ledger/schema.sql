-- The ledger: the truth about events, deliveries and attempts. Times are seconds since 1970 (UTC).

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Since when this ledger serves a restaurant: what is older belongs to another time.
-- taken_at: since when no other worker served it, as far as is known here; NULL if one does, or did
-- since. taken_over_at: when a person said that the worker before is gone for good.
CREATE TABLE service (
    restaurant TEXT PRIMARY KEY,
    since      REAL NOT NULL,
    taken_at   REAL,
    taken_over_at REAL
) WITHOUT ROWID;

-- The ingress: each authenticated call with its answer; also the outbox.
-- stage: NULL nothing to hand over | open | published (the broker confirmed) | recorded (a worker has it)
--        | damaged (on the disk; in the side file) | stuck (came back too often: a person must decide)
--        | resolved, voided (a person has)
-- bounced: '' | returned (no queue took it) | dead (a worker would not have it), until it is recorded;
-- bounces: how often.
-- digest: a checksum of what never changes.
-- fate:  NULL not known yet | written | gone | unsure | late (a 2XX that was never said)
CREATE TABLE request (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at    REAL NOT NULL,
    endpoint       TEXT NOT NULL,
    hook           TEXT NOT NULL,
    restaurant     TEXT NOT NULL,
    order_id       TEXT NOT NULL,
    checkout_id    TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    content_type   TEXT NOT NULL,
    body           BLOB NOT NULL,
    event          TEXT,
    error          TEXT,
    status         INTEGER NOT NULL,
    code           TEXT NOT NULL,
    answer         BLOB NOT NULL,
    answer_type    TEXT NOT NULL,
    evidence       TEXT,
    repeat_of      INTEGER,
    fate           TEXT,
    stage          TEXT,
    copies         INTEGER NOT NULL DEFAULT 0,
    sent_at        REAL,
    recorded_at    REAL,
    digest         INTEGER,
    bounces        INTEGER NOT NULL DEFAULT 0,
    bounced        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_order ON request (restaurant, order_id, seq);
CREATE INDEX request_received ON request (received_at);
CREATE INDEX request_bare_order ON request (order_id);
CREATE INDEX request_unreadable ON request (correlation_id) WHERE order_id = '';
CREATE INDEX request_checkout ON request (restaurant, checkout_id) WHERE order_id = '';
CREATE INDEX request_open ON request (restaurant, checkout_id, seq) WHERE stage = 'open';
CREATE INDEX request_outbox ON request (seq) WHERE stage = 'open';
CREATE INDEX request_published ON request (restaurant, sent_at) WHERE stage = 'published';
CREATE INDEX request_waiting ON request (restaurant, received_at) WHERE stage = 'open';
CREATE INDEX request_bounced ON request (restaurant, seq) WHERE bounced <> '';
CREATE INDEX request_cart ON request (received_at) WHERE hook = 'promo' AND body <> x'';
CREATE INDEX request_change_unread ON request (received_at)
    WHERE hook = 'order-change' AND event IS NULL AND error IS NOT NULL;
CREATE INDEX request_refund_unread ON request (received_at)
    WHERE hook = 'items-refunded' AND event IS NULL;

-- The ingress: what a worker elsewhere reported of an order.
CREATE TABLE standing (
    restaurant TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    worker     TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    document   TEXT NOT NULL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (restaurant, order_id)
) WITHOUT ROWID;

-- The worker: events it has recorded; what each of them did.
-- One row for each order that an event concerned; order_id '' if it was none that is known here.
CREATE TABLE inbox (
    event_id    TEXT NOT NULL,
    ingress     TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    restaurant  TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    fate        TEXT NOT NULL,
    recorded_at REAL NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (event_id, order_id)
) WITHOUT ROWID;
CREATE INDEX inbox_order ON inbox (restaurant, order_id);

-- The worker: the newest state of each order. committed: a sign came that the guest paid.
-- cancelled: its checkout was, and no sign came since. fires_at: when the kitchen is to begin, 0 at
-- once. money: what each unit and the service charges cost, as JSON.
-- placed_at: when its newest injection was received, without any when it was first heard of.
-- heard: digests of its states with the newest one's time, as JSON.
CREATE TABLE orders (
    restaurant  TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    checkout_id TEXT NOT NULL,
    number      TEXT NOT NULL,
    current     TEXT NOT NULL,
    committed   INTEGER NOT NULL,
    cancelled   INTEGER NOT NULL,
    fires_at    REAL NOT NULL,
    money       TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    updated_at  REAL NOT NULL,
    revision    INTEGER NOT NULL DEFAULT 0,
    placed_at   REAL NOT NULL DEFAULT 0,
    heard       TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (restaurant, order_id)
) WITHOUT ROWID;
CREATE INDEX orders_bare ON orders (order_id);
CREATE INDEX orders_updated ON orders (updated_at);
CREATE INDEX orders_checkout ON orders (restaurant, checkout_id, accepted_at);

-- The worker: what is known of a checkout beyond its orders, perhaps before them.
-- items, charges: the least that was ever heard to be left of each, as JSON.
-- cancelled_at: when its last cancel was received, 0 without any. homeless: something of what was
-- refunded is on no order that is known.
CREATE TABLE checkout (
    restaurant  TEXT NOT NULL,
    checkout_id TEXT NOT NULL,
    is_finished INTEGER NOT NULL DEFAULT 0,
    items       TEXT NOT NULL DEFAULT '[]',
    charges     TEXT NOT NULL DEFAULT '[]',
    updated_at  REAL NOT NULL,
    cancelled_at REAL NOT NULL DEFAULT 0,
    homeless    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (restaurant, checkout_id)
) WITHOUT ROWID;
CREATE INDEX checkout_homeless ON checkout (updated_at) WHERE homeless;

-- The worker: the duty to bring one operation on one order to its POS.
-- cause: in words for people; reason: the kind of it, see bridge.model.question; side: whose it is,
-- if not whom the reason says. answered_for: the promise that was past when a person let it go out.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    restaurant  TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    checkout_id TEXT NOT NULL,
    operation   TEXT NOT NULL,
    version     INTEGER NOT NULL,
    key         TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    state       TEXT NOT NULL,
    cause       TEXT NOT NULL,
    timer       TEXT,
    next_at     REAL,
    content     TEXT NOT NULL,
    slip        TEXT NOT NULL,
    revision    INTEGER NOT NULL DEFAULT 0,
    accepted_at REAL NOT NULL,
    released_at REAL,
    promise_at  REAL NOT NULL,
    adapter     TEXT,
    ticket      BLOB,
    ticket_type TEXT,
    preview     TEXT,
    pos_ref     TEXT,
    amount_cents INTEGER,
    updated_at  REAL NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    side        TEXT NOT NULL DEFAULT '',
    digest      INTEGER,
    answered_for REAL,
    -- Its restaurant while the lane has to do with it, and its state while it is not settled:
    -- what is over must cost the lanes nothing.
    lane        TEXT GENERATED ALWAYS AS (
        CASE WHEN state IN ('waiting', 'ready', 'sending', 'unknown') THEN restaurant END) VIRTUAL,
    unsettled   TEXT GENERATED ALWAYS AS (
        CASE WHEN state NOT IN ('done', 'refused', 'voided') THEN state END) VIRTUAL,
    UNIQUE (restaurant, order_id, operation, version)
);
CREATE INDEX delivery_checkout ON delivery (restaurant, checkout_id, id);
CREATE INDEX delivery_lane ON delivery (lane, answered_for, id) WHERE lane IS NOT NULL;
CREATE INDEX delivery_promise ON delivery (lane, state, promise_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_next ON delivery (lane, state, next_at) WHERE lane IS NOT NULL;
CREATE INDEX delivery_released ON delivery (lane, operation, state, released_at)
    WHERE lane IS NOT NULL;
CREATE INDEX delivery_unsettled ON delivery (unsettled, restaurant) WHERE unsettled IS NOT NULL;
CREATE INDEX delivery_board ON delivery (restaurant, updated_at) WHERE adapter = 'board';

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    started_at  REAL NOT NULL,
    ended_at    REAL,
    outcome     TEXT,
    detail      TEXT,
    pos_ref     TEXT
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

-- The worker: deliveries that an adapter has in its hands, or had when the process died.
-- is_under_way: 1 from before the adapter sees it until it lets go. unclean_ends: at how many ends
-- of the process in a row that was so.
CREATE TABLE handling (
    delivery_id  INTEGER PRIMARY KEY,
    is_under_way INTEGER NOT NULL,
    unclean_ends INTEGER NOT NULL DEFAULT 0
);

-- The worker: which ingress must still hear of which revision of an order.
-- open: 1 while it has not confirmed the newest one; what is confirmed must cost nothing.
CREATE TABLE report (
    restaurant TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    ingress    TEXT NOT NULL,
    confirmed  INTEGER NOT NULL DEFAULT -1,
    sent       INTEGER NOT NULL DEFAULT -1,
    sent_at    REAL NOT NULL DEFAULT 0,
    open       INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (restaurant, order_id, ingress)
);
CREATE INDEX report_open ON report (sent_at) WHERE open;

-- The console: what the kitchen has bumped, by order and version.
CREATE TABLE bump (
    restaurant TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    version    INTEGER NOT NULL,
    bumped_at  REAL NOT NULL,
    PRIMARY KEY (restaurant, order_id)
) WITHOUT ROWID;

-- The ingress: the codes that were typed in a checkout, and what was taken off for them.
-- state: applied (typed) | reserved (its checkout started) | committed (and finished) | released
--        (given back, by a cancel or with time; a finish that comes late may still commit it)
-- guest, email, phone: digests, each enough to know the same guest again; '' if not known.
-- at: when the state began, or earlier for a reservation that is to end sooner; typed_at: the newest
-- one is the code that counts for the checkout.
CREATE TABLE promotion_use (
    restaurant   TEXT NOT NULL,
    checkout_id  TEXT NOT NULL,
    code         TEXT NOT NULL,
    guest        TEXT NOT NULL,
    state        TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    at           REAL NOT NULL,
    typed_at     REAL NOT NULL,
    email        TEXT NOT NULL DEFAULT '',
    phone        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (restaurant, checkout_id, code)
) WITHOUT ROWID;
CREATE INDEX promotion_use_guest ON promotion_use (restaurant, guest, code);
CREATE INDEX promotion_use_email ON promotion_use (restaurant, email, code);
CREATE INDEX promotion_use_phone ON promotion_use (restaurant, phone, code);
CREATE INDEX promotion_use_reserved ON promotion_use (at) WHERE state = 'reserved';
CREATE INDEX promotion_use_typed ON promotion_use (typed_at);

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
