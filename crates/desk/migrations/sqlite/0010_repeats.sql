-- What the API answered to an Idempotency-Key, so that a repeated request gets the same answer. Kept for a day.
CREATE TABLE repeats (
    connection TEXT NOT NULL,
    person_id TEXT NOT NULL,
    key TEXT NOT NULL,
    -- The SHA-256 of what was asked.
    asked BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    -- Both are there once it was answered.
    status INTEGER,
    answer TEXT,
    PRIMARY KEY (person_id, key)
) STRICT;
CREATE INDEX repeats_by_time ON repeats (begun_at);
