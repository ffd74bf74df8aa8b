-- Version 1 of the archiver's schema. Applied once, in one transaction; later versions are files of their own.

-- One row per execution. The time is the exchange's own, never the receiver's, so that a tick that arrives twice has
-- one key. The order of the key decides the speed of the inserts: time first, text compared byte by byte.
CREATE TABLE market_ticks (
    time        timestamptz NOT NULL,                -- when it traded, to the second (KIS says no more)
    symbol      text COLLATE "C" NOT NULL,           -- as the exchange names it: 005930, AAPL
    venue       text COLLATE "C" NOT NULL,           -- KRX, NXT, UN, NAS, ...
    price       numeric NOT NULL,                    -- in the venue's currency, per share
    volume      bigint NOT NULL,                     -- shares of this execution
    cum_volume  bigint NOT NULL,                     -- shares of the day so far
    cum_value   numeric,                             -- turnover of the day so far, in the venue's currency
    trade_count bigint,                              -- executions of the day so far, both sides
    side        smallint,                            -- who started it: 1 buy, 5 sell, 3 before the opening
    phase       text COLLATE "C" NOT NULL,           -- the venue's own code of its trading phase
    received_at timestamptz NOT NULL,                -- when the collector read it from the socket
    feed        text COLLATE "C" NOT NULL            -- where it came from: kis.H0STCNT0, ...
);
CREATE UNIQUE INDEX market_ticks_key ON market_ticks (time, symbol, venue, cum_volume);

-- How far each writer (a spool of a collector) is in the table: moved in the transaction that inserts its ticks, and
-- only from where it stood. This row, not any position in Redis, says what is stored.
CREATE TABLE feed_watermarks (
    writer           text COLLATE "C" PRIMARY KEY,
    stream           text COLLATE "C" NOT NULL,
    last_n           bigint NOT NULL,                -- every entry 1..last_n is stored, rejected or a gap
    ticks            bigint NOT NULL,                -- ticks up to there, by the frames' own counts
    last_received_at timestamptz,                    -- newest entry, heartbeats too: the age of the path
    committed_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feed_watermarks_stream ON feed_watermarks (stream);

-- Every loss between the socket and the table: entries that no longer exist anywhere.
CREATE TABLE feed_gaps (
    writer     text COLLATE "C" NOT NULL,
    from_n     bigint NOT NULL,
    to_n       bigint NOT NULL,
    reason     text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now()
);

-- What arrived and is no tick, as it arrived, and what differed from a row under the same key.
CREATE TABLE feed_rejects (
    stream      text COLLATE "C" NOT NULL,
    writer      text COLLATE "C" NOT NULL,
    n           bigint NOT NULL,
    record      integer,                             -- position in the frame from 0; null: the whole frame
    received_at timestamptz NOT NULL,
    bytes       bytea NOT NULL,                      -- the whole frame
    reason      text NOT NULL
);
