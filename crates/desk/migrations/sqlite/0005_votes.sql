-- A request may need several people. Each person's choice is a row; the one that completes what the rule asks for comes with
-- the decision, in one transaction.
CREATE TABLE votes (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    label TEXT NOT NULL,
    done TEXT NOT NULL,
    tone TEXT NOT NULL CHECK (tone IN ('good', 'bad', 'neutral')),
    -- What was filled in, as JSON.
    form TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    -- The groups that the person was in then, as JSON.
    person_groups TEXT NOT NULL,
    comment TEXT NOT NULL,
    voted_at INTEGER NOT NULL,
    UNIQUE (connection, execution_arn, event, person_id)
) STRICT;

CREATE TRIGGER votes_keep_their_words BEFORE UPDATE ON votes
BEGIN
    SELECT RAISE(ABORT, 'votes is append-only: no row is updated');
END;

CREATE TRIGGER votes_stay BEFORE DELETE ON votes
BEGIN
    SELECT RAISE(ABORT, 'votes is append-only: no row is deleted');
END;

-- REPLACE deletes rows without their triggers for DELETE.
CREATE TRIGGER votes_are_not_replaced BEFORE INSERT ON votes
WHEN EXISTS (
    SELECT 1 FROM votes
    WHERE id = NEW.id
        OR (connection = NEW.connection AND execution_arn = NEW.execution_arn AND event = NEW.event
            AND person_id = NEW.person_id)
)
BEGIN
    SELECT RAISE(ABORT, 'votes is append-only: no row is replaced');
END;

-- Whoever asks who started an execution here.
CREATE INDEX acts_by_execution ON acts (connection, execution_arn, deed);

-- What a rule did at a time of its own: a reminder, an escalation. Each once, with its act.
CREATE TABLE milestones (
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, execution_arn, event, what)
) STRICT;

CREATE TRIGGER milestones_keep_their_words BEFORE UPDATE ON milestones
BEGIN
    SELECT RAISE(ABORT, 'milestones is append-only: no row is updated');
END;

CREATE TRIGGER milestones_stay BEFORE DELETE ON milestones
BEGIN
    SELECT RAISE(ABORT, 'milestones is append-only: no row is deleted');
END;
