-- A run may be of requests that are decided, too. A constraint cannot be changed: the tables are made anew.
DROP INDEX bulk_runs_by_connection;
ALTER TABLE bulk_runs RENAME TO bulk_runs_of_version_3;
ALTER TABLE bulk_items RENAME TO bulk_items_of_version_3;

CREATE TABLE bulk_runs (
    id TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    verb TEXT NOT NULL CHECK (verb IN ('stop', 'start_again', 'redrive', 'decide')),
    -- The name of the outcome that is chosen, as JSON.
    choice TEXT,
    -- Why, or the comment of each decision.
    reason TEXT NOT NULL,
    -- Of the list as it was shown.
    hash TEXT NOT NULL,
    -- How many fitted in all; the list may have fewer.
    fitted INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    -- When it was confirmed, by whom (as JSON), and until when that can be taken back.
    begun_at INTEGER,
    maker TEXT,
    until INTEGER,
    -- When the first of it was done: from then on nothing is taken back.
    going_at INTEGER,
    ended_at INTEGER,
    CHECK ((choice IS NOT NULL) = (verb = 'decide'))
) STRICT;

CREATE TABLE bulk_items (
    run TEXT NOT NULL REFERENCES bulk_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    execution_arn TEXT NOT NULL,
    workflow TEXT NOT NULL,
    -- The request, where one is decided: its event, and what was shown of it, as JSON.
    event INTEGER,
    request TEXT,
    -- What came of it, as JSON; NULL until it is known.
    outcome TEXT,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

INSERT INTO bulk_runs (id, connection, verb, reason, hash, fitted, person_id, person_name, made_at, begun_at, going_at, ended_at)
SELECT id, connection, verb, reason, hash, fitted, person_id, person_name, made_at, begun_at, begun_at, ended_at
FROM bulk_runs_of_version_3;

INSERT INTO bulk_items (run, number, execution_arn, workflow, outcome)
SELECT run, number, execution_arn, workflow, outcome
FROM bulk_items_of_version_3;

DROP TABLE bulk_items_of_version_3;
DROP TABLE bulk_runs_of_version_3;

CREATE INDEX bulk_runs_by_connection ON bulk_runs (connection, made_at);
CREATE INDEX bulk_runs_that_go_on ON bulk_runs (connection) WHERE begun_at IS NOT NULL AND ended_at IS NULL;
-- Whoever asks whether a request is about to be decided.
CREATE INDEX bulk_items_to_decide ON bulk_items (execution_arn, event) WHERE event IS NOT NULL AND outcome IS NULL;
