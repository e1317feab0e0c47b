-- What scripts/store_beds.py writes to: PostgreSQL 13 or later (tried with 15).
--   psql --dbname=beds --file=config/fleet/schema.sql
-- It may be run again: what is there stays. `device` is the topic's mqtt.device_id, which the
-- broker's access list vouches for; all times carry their offset from UTC.

-- A decided event, final once it is sent. It may be delivered more than once: its key takes it once.
CREATE TABLE IF NOT EXISTS event (
    device text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    onset timestamptz NOT NULL,
    ended timestamptz NOT NULL,
    duration_s real NOT NULL,
    confidence real NOT NULL,
    character text NOT NULL,
    monitorable boolean NOT NULL,
    truncated boolean NOT NULL,
    durable boolean NOT NULL,
    night date NOT NULL,
    stored timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device, id)
);
CREATE INDEX IF NOT EXISTS event_night ON event (night, device);

-- The figures of a night, noon to noon, as they were last told.
CREATE TABLE IF NOT EXISTS night (
    device text NOT NULL,
    night date NOT NULL,
    events integer NOT NULL,
    apneas integer NOT NULL,
    hypopneas integer NOT NULL,
    events_per_hour real,
    longest_apnea_s real,
    monitorable_s real,
    monitorable_share real,
    snoring_share real,
    breathing_rate_bpm real,
    started timestamptz,
    updated timestamptz NOT NULL,
    PRIMARY KEY (device, night)
);

-- Breathing, about once a minute and bed. What comes while the database or its writer is away is
-- not in it. It is the only table that grows fast (half a million rows a year for each bed); its
-- key holds the time, as TimescaleDB asks of a hypertable: create_hypertable('minute', 'at'),
-- which was not tried.
CREATE TABLE IF NOT EXISTS minute (
    device text NOT NULL,
    at timestamptz NOT NULL,
    rate_bpm real,
    snoring boolean NOT NULL,
    PRIMARY KEY (device, at)
);

-- What a bed's daemon was doing, from `at` on, and why where it did not listen.
CREATE TABLE IF NOT EXISTS status (
    device text NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL,
    reason text,
    version text,
    model text,
    PRIMARY KEY (device, at, state)
);

-- Whether a bed was connected to the broker, as seen from here: a row for each change.
CREATE TABLE IF NOT EXISTS link (
    device text NOT NULL,
    at timestamptz NOT NULL,
    online boolean NOT NULL,
    PRIMARY KEY (device, at)
);
