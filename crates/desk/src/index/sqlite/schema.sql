-- What the watch has read of each connection. All of it can be read again: a file of another version is made anew.

CREATE TABLE connections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- Where it led when this was read: what another endpoint has is something else.
    endpoint TEXT NOT NULL,
    -- When it was last read whole.
    read_at INTEGER,
    -- The version of the rules by which the times of requests are counted.
    rules TEXT
) STRICT;

CREATE TABLE machines (
    id INTEGER PRIMARY KEY,
    connection INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    arn TEXT NOT NULL,
    name TEXT NOT NULL,
    express INTEGER NOT NULL,
    definition TEXT NOT NULL,
    revision_id TEXT,
    role_arn TEXT,
    created_at INTEGER,
    described_at INTEGER NOT NULL,
    since INTEGER NOT NULL,
    -- How many requests wait for people in its executions, the children of Map Runs included.
    requests INTEGER NOT NULL DEFAULT 0,
    UNIQUE (connection, arn)
) STRICT;

-- The executions of a machine, or the children of a Map Run of one.
CREATE TABLE lists (
    id INTEGER PRIMARY KEY,
    machine INTEGER NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    -- Empty for the machine's own list.
    map_run TEXT NOT NULL DEFAULT '',
    parent INTEGER REFERENCES executions (id) ON DELETE CASCADE,
    -- Whether it has been read to its end once.
    whole INTEGER NOT NULL DEFAULT 0,
    -- Whether the Map Run goes on.
    is_open INTEGER NOT NULL DEFAULT 1,
    UNIQUE (machine, map_run)
) STRICT;

CREATE INDEX lists_by_parent ON lists (parent) WHERE parent IS NOT NULL;

-- status: 0 running, 1 succeeded, 2 failed, 3 timed out, 4 aborted.
CREATE TABLE executions (
    -- The start in milliseconds times 2^20, and a number that tells those of one millisecond apart: in the order of the ids
    -- the oldest comes first.
    id INTEGER PRIMARY KEY,
    connection INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    list INTEGER NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
    machine INTEGER NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    -- The execution whose Map Run started this one, and the outermost of such executions.
    parent INTEGER REFERENCES executions (id) ON DELETE CASCADE,
    top INTEGER,
    arn TEXT NOT NULL,
    name TEXT NOT NULL,
    machine_arn TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- How often a list said that it was redriven: the same status may be another end.
    redrives INTEGER NOT NULL DEFAULT 0,
    -- When the status was learnt.
    known_at INTEGER NOT NULL,
    -- How many events of its history were read, and whether no more will come.
    events INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0,
    -- The fingerprints of its task tokens, while it runs; NULL where one could not be found, or it was never read.
    tokens BLOB,
    -- Why it failed, as JSON, and the name of the error.
    reason TEXT,
    error TEXT NOT NULL GENERATED ALWAYS AS (COALESCE(reason ->> '$.Error.error',
        CASE WHEN status = 3 THEN 'States.Timeout' ELSE '' END)) STORED,
    -- Of the state machine that it was started with, where it was with either.
    version TEXT,
    alias TEXT,
    -- What of its contents can be searched: 0 nothing yet, 1 the input, 2 input and output, 3 nothing, as they are withheld,
    -- 4 nothing, as they could not be read.
    contents INTEGER NOT NULL DEFAULT 0,
    -- The open requests for people, its children's included.
    waits INTEGER NOT NULL DEFAULT 0,
    -- The status that a list shows: 5 is running and waiting for a person.
    shown INTEGER NOT NULL GENERATED ALWAYS AS (CASE WHEN status = 0 AND waits > 0 THEN 5 ELSE status END) STORED,
    UNIQUE (connection, arn)
) STRICT;

-- A page is walked from the newest id on. The first of these has all that the list of executions can be filtered by.
CREATE INDEX executions_walk ON executions (connection, id, machine, shown, started_at, ended_at, name, error, version, alias)
    WHERE parent IS NULL;
CREATE INDEX executions_of_status ON executions (connection, shown) WHERE parent IS NULL;
CREATE INDEX executions_of_machine ON executions (machine) WHERE parent IS NULL;
CREATE INDEX executions_of_both ON executions (machine, shown) WHERE parent IS NULL;
CREATE INDEX executions_of_parent ON executions (parent) WHERE parent IS NOT NULL;
CREATE INDEX executions_of_parent_shown ON executions (parent, shown) WHERE parent IS NOT NULL;
-- Those whose contents are still to be read, those whose contents are withheld, and those that could not be read.
CREATE INDEX executions_unread ON executions (connection, parent) WHERE contents = 0;
CREATE INDEX executions_withheld ON executions (connection, parent) WHERE contents = 3;
CREATE INDEX executions_unreadable ON executions (connection, parent) WHERE contents = 4;
CREATE INDEX executions_of_list ON executions (list, shown);
CREATE INDEX executions_of_top ON executions (top) WHERE top IS NOT NULL;
CREATE INDEX executions_running ON executions (list, started_at) WHERE status = 0;
CREATE INDEX executions_ended ON executions (connection, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX executions_took ON executions (machine, ended_at, started_at) WHERE parent IS NULL AND ended_at IS NOT NULL;
CREATE INDEX executions_failed ON executions (connection, ended_at) WHERE parent IS NULL AND status IN (2, 3);

-- What can be searched of an execution, by its id: redacted, without what may be a token. Marks are keys with their values.
CREATE VIRTUAL TABLE texts USING fts5 (
    name, input, output, marks, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- The numbers under the keys of inputs and outputs: the last key, and the keys before it between full stops.
CREATE TABLE numbers (
    execution INTEGER NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    leaf TEXT NOT NULL,
    path TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (leaf, value, execution, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX numbers_of_execution ON numbers (execution, leaf, value);

CREATE TRIGGER executions_name AFTER INSERT ON executions
BEGIN
    INSERT INTO texts (rowid, name, input, output, marks) VALUES (NEW.id, NEW.name, '', '', '');
END;

CREATE TRIGGER executions_name_gone AFTER DELETE ON executions
BEGIN
    DELETE FROM texts WHERE rowid = OLD.id;
END;

-- The executions that tasks started, by their ARNs: which execution's task, and in which event it was scheduled.
CREATE TABLE starts (
    parent INTEGER NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    child TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;

CREATE INDEX starts_of_parent ON starts (parent);

-- How many executions a machine has in each shown status, without the children of Map Runs.
CREATE TABLE tallies (
    machine INTEGER NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    shown INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (machine, shown)
) STRICT, WITHOUT ROWID;

-- How many executions of a machine ended in each minute since the epoch, by status, without the children of Map Runs.
CREATE TABLE ends (
    machine INTEGER NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    status INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (machine, minute, status)
) STRICT, WITHOUT ROWID;

-- How often anything changed among the executions of a machine that have ended, the children of Map Runs aside: what was found
-- of them holds until then. A number stays when its machine goes, as another machine may get the same id.
CREATE TABLE changes (
    machine INTEGER PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;

-- The parts of time that starts are counted in, in milliseconds.
CREATE TABLE units (
    unit INTEGER PRIMARY KEY,
    ms INTEGER NOT NULL
) STRICT;

INSERT INTO units (unit, ms) VALUES (1, 1000), (2, 60000), (3, 3600000), (4, 86400000);

-- How many executions of a machine started in each of these parts since the epoch, by the status that a list shows, without
-- the children of Map Runs. There are no rows of nothing: the seconds of what is forgotten go with it.
CREATE TABLE begins (
    machine INTEGER NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    unit INTEGER NOT NULL,
    at INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (machine, unit, at, shown)
) STRICT, WITHOUT ROWID;

-- What waits for somebody outside.
CREATE TABLE tasks (
    execution INTEGER NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    event INTEGER NOT NULL,
    connection INTEGER NOT NULL,
    machine INTEGER NOT NULL,
    machine_arn TEXT NOT NULL,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    due INTEGER,
    due_by INTEGER,
    -- The items of Map states that it is about, as JSON; redacted.
    item TEXT,
    -- Redacted.
    request TEXT NOT NULL,
    obstacle INTEGER,
    -- Whether a decision is on record, and whether a person is to decide: workers serve other activities.
    answered INTEGER NOT NULL DEFAULT 0,
    for_people INTEGER NOT NULL,
    -- What its rule says: whether that was counted, when it is due, whether heartbeats are sent, and when the rule acts next.
    ruled INTEGER NOT NULL DEFAULT 0,
    rule_due INTEGER,
    kept_alive INTEGER NOT NULL DEFAULT 0,
    rule_at INTEGER,
    -- Tasks without a deadline come last. A missing heartbeat (due_by 1) does not end the wait where heartbeats are sent.
    due_order INTEGER NOT NULL GENERATED ALWAYS AS (MIN(
        CASE WHEN kept_alive AND due_by = 1 THEN 9223372036854775807 ELSE COALESCE(due, 9223372036854775807) END,
        COALESCE(rule_due, 9223372036854775807)
    )) STORED,
    PRIMARY KEY (execution, event)
) STRICT, WITHOUT ROWID;

CREATE INDEX tasks_inbox ON tasks (connection, due_order, since, event, execution) WHERE answered = 0 AND for_people = 1;
CREATE INDEX tasks_to_be_ruled ON tasks (connection) WHERE answered = 0 AND for_people = 1 AND ruled = 0;
CREATE INDEX tasks_acted_on ON tasks (connection, rule_at) WHERE answered = 0 AND for_people = 1 AND rule_at IS NOT NULL;
CREATE INDEX tasks_of_activities ON tasks (connection, workflow, state) WHERE obstacle = 4;

CREATE TRIGGER executions_count AFTER INSERT ON executions WHEN NEW.parent IS NULL
BEGIN
    INSERT INTO tallies (machine, shown, n) VALUES (NEW.machine, NEW.shown, 1)
    ON CONFLICT (machine, shown) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_count_less AFTER DELETE ON executions WHEN OLD.parent IS NULL
BEGIN
    UPDATE tallies SET n = n - 1 WHERE machine = OLD.machine AND shown = OLD.shown;
END;

CREATE TRIGGER executions_move AFTER UPDATE OF status, waits ON executions
WHEN NEW.parent IS NULL AND OLD.shown <> NEW.shown
BEGIN
    UPDATE tallies SET n = n - 1 WHERE machine = OLD.machine AND shown = OLD.shown;
    INSERT INTO tallies (machine, shown, n) VALUES (NEW.machine, NEW.shown, 1)
    ON CONFLICT (machine, shown) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_ends AFTER INSERT ON executions WHEN NEW.parent IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO ends (machine, minute, status, n) VALUES (NEW.machine, NEW.ended_at / 60000, NEW.status, 1)
    ON CONFLICT (machine, minute, status) DO UPDATE SET n = n + 1;
    INSERT INTO changes (machine, n) VALUES (NEW.machine, 1) ON CONFLICT (machine) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_ends_less AFTER DELETE ON executions WHEN OLD.parent IS NULL AND OLD.ended_at IS NOT NULL
BEGIN
    UPDATE ends SET n = n - 1
    WHERE machine = OLD.machine AND minute = OLD.ended_at / 60000 AND status = OLD.status;
    INSERT INTO changes (machine, n) VALUES (OLD.machine, 1) ON CONFLICT (machine) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_ends_move AFTER UPDATE OF status, ended_at ON executions
WHEN NEW.parent IS NULL AND (OLD.status <> NEW.status OR OLD.ended_at IS NOT NEW.ended_at)
BEGIN
    UPDATE ends SET n = n - 1
    WHERE machine = OLD.machine AND minute = OLD.ended_at / 60000 AND status = OLD.status;
    INSERT INTO ends (machine, minute, status, n)
    SELECT NEW.machine, NEW.ended_at / 60000, NEW.status, 1 WHERE NEW.ended_at IS NOT NULL
    ON CONFLICT (machine, minute, status) DO UPDATE SET n = n + 1;
    INSERT INTO changes (machine, n) VALUES (NEW.machine, 1) ON CONFLICT (machine) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_begins AFTER INSERT ON executions WHEN NEW.parent IS NULL
BEGIN
    INSERT INTO begins (machine, unit, at, shown, n)
    SELECT NEW.machine, unit, (NEW.id >> 20) / ms, NEW.shown, 1 FROM units WHERE TRUE
    ON CONFLICT (machine, unit, at, shown) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_begins_less AFTER DELETE ON executions WHEN OLD.parent IS NULL
BEGIN
    UPDATE begins SET n = n - 1 WHERE machine = OLD.machine AND shown = OLD.shown
        AND (unit, at) IN (SELECT unit, (OLD.id >> 20) / ms FROM units);
    DELETE FROM begins WHERE machine = OLD.machine AND shown = OLD.shown AND n = 0
        AND (unit, at) IN (SELECT unit, (OLD.id >> 20) / ms FROM units);
END;

CREATE TRIGGER executions_begins_move AFTER UPDATE OF status, waits ON executions
WHEN NEW.parent IS NULL AND OLD.shown <> NEW.shown
BEGIN
    UPDATE begins SET n = n - 1 WHERE machine = OLD.machine AND shown = OLD.shown
        AND (unit, at) IN (SELECT unit, (OLD.id >> 20) / ms FROM units);
    DELETE FROM begins WHERE machine = OLD.machine AND shown = OLD.shown AND n = 0
        AND (unit, at) IN (SELECT unit, (OLD.id >> 20) / ms FROM units);
    INSERT INTO begins (machine, unit, at, shown, n)
    SELECT NEW.machine, unit, (NEW.id >> 20) / ms, NEW.shown, 1 FROM units WHERE TRUE
    ON CONFLICT (machine, unit, at, shown) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER executions_end AFTER UPDATE OF status ON executions WHEN NEW.status <> 0
BEGIN
    DELETE FROM tasks WHERE execution = NEW.id;
END;

CREATE TRIGGER tasks_wait AFTER INSERT ON tasks WHEN NEW.answered = 0 AND NEW.for_people = 1
BEGIN
    UPDATE machines SET requests = requests + 1 WHERE id = NEW.machine;
    UPDATE executions SET waits = waits + 1 WHERE id = NEW.execution
        OR id IN (SELECT parent FROM executions WHERE id = NEW.execution)
        OR id IN (SELECT top FROM executions WHERE id = NEW.execution);
END;

CREATE TRIGGER tasks_wait_no_more AFTER DELETE ON tasks WHEN OLD.answered = 0 AND OLD.for_people = 1
BEGIN
    UPDATE machines SET requests = requests - 1 WHERE id = OLD.machine;
    UPDATE executions SET waits = waits - 1 WHERE id = OLD.execution
        OR id IN (SELECT parent FROM executions WHERE id = OLD.execution)
        OR id IN (SELECT top FROM executions WHERE id = OLD.execution);
END;

CREATE TRIGGER tasks_change AFTER UPDATE OF answered, for_people ON tasks
WHEN (OLD.answered = 0 AND OLD.for_people = 1) <> (NEW.answered = 0 AND NEW.for_people = 1)
BEGIN
    UPDATE machines SET requests = requests + CASE WHEN NEW.answered = 0 AND NEW.for_people = 1 THEN 1 ELSE -1 END
    WHERE id = NEW.machine;
    UPDATE executions SET waits = waits + CASE WHEN NEW.answered = 0 AND NEW.for_people = 1 THEN 1 ELSE -1 END
    WHERE id = NEW.execution
        OR id IN (SELECT parent FROM executions WHERE id = NEW.execution)
        OR id IN (SELECT top FROM executions WHERE id = NEW.execution);
END;
