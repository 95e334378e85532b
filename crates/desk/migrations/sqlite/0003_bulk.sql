-- What people do to many executions at once: the exact list, and what came of each.
CREATE TABLE bulk_runs (
    id TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    verb TEXT NOT NULL CHECK (verb IN ('stop', 'start_again', 'redrive')),
    reason TEXT NOT NULL,
    -- Of the list as it was shown.
    hash TEXT NOT NULL,
    -- How many fitted in all; the list may have fewer.
    fitted INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    begun_at INTEGER,
    ended_at INTEGER
) STRICT;

CREATE INDEX bulk_runs_by_connection ON bulk_runs (connection, made_at);

CREATE TABLE bulk_items (
    run TEXT NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    execution_arn TEXT NOT NULL,
    workflow TEXT NOT NULL,
    -- What came of it, as JSON; NULL until it is known.
    outcome TEXT,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- Lists of executions that people gave a name, by their addresses.
CREATE TABLE views (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The query of its address.
    query TEXT NOT NULL,
    person_name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    UNIQUE (connection, name)
) STRICT;
