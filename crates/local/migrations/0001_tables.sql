-- The tables as they were when the schema had no version yet: a store of that time gets its version by this, and keeps its rows.
CREATE TABLE IF NOT EXISTS things (kind TEXT NOT NULL, arn TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, arn)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS executions (arn TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS definitions (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (execution TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, input TEXT NOT NULL, PRIMARY KEY (execution, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stopped (execution TEXT NOT NULL, seq INTEGER NOT NULL, expressions TEXT NOT NULL, PRIMARY KEY (execution, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (execution TEXT NOT NULL, first INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (execution, first)) STRICT, WITHOUT ROWID;
