BEGIN TRANSACTION;
CREATE TABLE alerts (
            raised_utc TEXT NOT NULL,
            kind TEXT NOT NULL,
            ended_utc TEXT,
            night TEXT NOT NULL,
            level TEXT NOT NULL,
            text TEXT NOT NULL,
            acknowledged INTEGER NOT NULL, era INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (raised_utc, kind)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "alerts" VALUES('2026-11-22T23:00:20.000000+00:00','apnea',NULL,'2026-11-22','alert','No breath for 30 s.',0,1);
CREATE TABLE eras (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            boot TEXT NOT NULL,
            offset_s REAL NOT NULL
        ) STRICT;
INSERT INTO "eras" VALUES(1,'0d2c',1795000000.0);
CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            onset_utc TEXT NOT NULL,
            end_utc TEXT NOT NULL,
            duration_s REAL NOT NULL,
            confidence REAL NOT NULL,
            character TEXT NOT NULL,
            monitorable INTEGER NOT NULL,
            truncated INTEGER NOT NULL,
            night TEXT NOT NULL
        , era INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "events" VALUES(1,'old','apnea','2026-11-22T23:00:00.000000+00:00','2026-11-22T23:00:20.000000+00:00',20.0,0.9,'silent',1,0,'2026-11-22',1);
CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_utc TEXT NOT NULL) STRICT;
INSERT INTO "migrations" VALUES(1,'2026-11-01T12:00:00+00:00');
INSERT INTO "migrations" VALUES(2,'2026-11-01T12:00:00+00:00');
INSERT INTO "migrations" VALUES(3,'2026-11-01T12:00:00+00:00');
CREATE TABLE minutes (
            start_utc TEXT PRIMARY KEY,
            night TEXT NOT NULL,
            heard_s REAL NOT NULL,
            monitorable_s REAL NOT NULL,
            snoring_s REAL NOT NULL,
            gap_s REAL NOT NULL,
            level_dbfs REAL NOT NULL,
            noise_dbfs REAL NOT NULL,
            breathing_rate_bpm REAL
        , era INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO "minutes" VALUES('2026-11-22T22:59:00.000000+00:00','2026-11-22',60.0,60.0,0.0,0.0,-50.0,-60.0,14.0,1);
CREATE TABLE nights (
            night TEXT PRIMARY KEY,
            started_utc TEXT NOT NULL,
            updated_utc TEXT NOT NULL,
            figures TEXT NOT NULL,
            counts TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
INSERT INTO "nights" VALUES('2026-11-22','2026-11-22T20:00:00.000000+00:00','2026-11-22T23:01:00.000000+00:00','{"events":1}','{"apneas":1}');
CREATE TABLE open_pause (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            onset_utc TEXT NOT NULL,
            seen_utc TEXT NOT NULL
        , era INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "open_pause" VALUES(1,'2026-11-22T23:05:00.000000+00:00','2026-11-22T23:05:20.000000+00:00',1);
CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            created_utc TEXT NOT NULL
        ) STRICT;
INSERT INTO "outbox" VALUES(1,'event','{"id":"old"}','2026-11-22T23:00:30.000000+00:00');
CREATE INDEX events_by_night ON events (night);
CREATE INDEX events_by_onset ON events (onset_utc);
CREATE INDEX alerts_by_night ON alerts (night);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',1);
INSERT INTO "sqlite_sequence" VALUES('eras',1);
COMMIT;
