-- Who has a request in hand, who else may decide it, and what was chosen and is not sent yet.

-- Who said that they look after a request. At most one person for each.
CREATE TABLE claims (
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, execution_arn, event)
) STRICT, WITHOUT ROWID;

-- Who decides a request instead of those whom its rule names. The last one counts.
CREATE TABLE reassignments (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    -- Ids and names of groups, as JSON.
    people TEXT NOT NULL,
    groups TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX reassignments_by_request ON reassignments (connection, execution_arn, event);

CREATE TRIGGER reassignments_keep_their_words BEFORE UPDATE ON reassignments
BEGIN
    SELECT RAISE(ABORT, 'reassignments is append-only: no row is updated');
END;

CREATE TRIGGER reassignments_stay BEFORE DELETE ON reassignments
BEGIN
    SELECT RAISE(ABORT, 'reassignments is append-only: no row is deleted');
END;

-- A choice that may still be taken back: it goes on record as a vote or a decision at `until`.
CREATE TABLE held (
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    -- The person and the choice, as JSON.
    person TEXT NOT NULL,
    choice TEXT NOT NULL,
    -- The name of the outcome, as JSON.
    outcome TEXT NOT NULL,
    title TEXT NOT NULL,
    workflow TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (connection, execution_arn, event, person_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_by_time ON held (connection, until);

-- Who decides for whom, from when until when.
CREATE TABLE absences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL REFERENCES users (id),
    delegate TEXT NOT NULL REFERENCES users (id),
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL CHECK (until_at > from_at),
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX absences_by_person ON absences (person);
CREATE INDEX absences_by_delegate ON absences (delegate, until_at);

-- What a choice binds: what was shown (SHA-256), the rule that was in force (SHA-256), when the person first saw the request,
-- in whose place they chose, and whether an administrator broke the glass. Rows of before have none of these.
ALTER TABLE decisions ADD COLUMN shown TEXT;
ALTER TABLE decisions ADD COLUMN rule TEXT;
ALTER TABLE decisions ADD COLUMN seen_at INTEGER;
ALTER TABLE decisions ADD COLUMN stands_for TEXT;
ALTER TABLE decisions ADD COLUMN stands_for_name TEXT;
ALTER TABLE decisions ADD COLUMN broke_glass INTEGER CHECK (broke_glass = 1);
ALTER TABLE votes ADD COLUMN shown TEXT;
ALTER TABLE votes ADD COLUMN rule TEXT;
ALTER TABLE votes ADD COLUMN seen_at INTEGER;
ALTER TABLE votes ADD COLUMN stands_for TEXT;
ALTER TABLE votes ADD COLUMN stands_for_name TEXT;
ALTER TABLE votes ADD COLUMN broke_glass INTEGER CHECK (broke_glass = 1);
