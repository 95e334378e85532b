-- The tables as they were made before the schema had versions: a store of that time has them already.
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    approved INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    comment TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    delivered_at INTEGER,
    late TEXT,
    trouble TEXT,
    answer TEXT,
    tried INTEGER NOT NULL DEFAULT 0,
    UNIQUE (execution_arn, event)
) STRICT;

CREATE TABLE IF NOT EXISTS acts (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    deed TEXT NOT NULL,
    workflow TEXT,
    execution_arn TEXT,
    detail TEXT NOT NULL
) STRICT;
