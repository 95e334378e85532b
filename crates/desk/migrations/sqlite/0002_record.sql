-- The record becomes append-only: what was decided and done is apart from what became of it, and every row names its
-- connection.
ALTER TABLE decisions RENAME TO decisions_of_version_1;
ALTER TABLE acts RENAME TO acts_of_version_1;

-- What was decided; never updated.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    event INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    approved INTEGER NOT NULL CHECK (approved IN (0, 1)),
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    comment TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    -- JSON; NULL where the manifest words no answer.
    answer TEXT,
    UNIQUE (connection, execution_arn, event)
) STRICT;

CREATE INDEX decisions_by_connection ON decisions (connection, id);

-- What became of each decision.
CREATE TABLE deliveries (
    decision INTEGER PRIMARY KEY REFERENCES decisions (id),
    connection TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'late')),
    -- Attempts that were begun: after the first, the decision may have arrived.
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- Why the last attempt failed, as JSON, while it is pending.
    trouble TEXT,
    delivered_at INTEGER,
    -- What closed the task before, as JSON.
    late TEXT,
    CHECK ((delivered_at IS NOT NULL) = (state = 'delivered')),
    CHECK ((late IS NOT NULL) = (state = 'late')),
    CHECK (trouble IS NULL OR state = 'pending')
) STRICT;

CREATE INDEX deliveries_pending ON deliveries (connection, decision) WHERE state = 'pending';

-- Who did what, in order; never updated. A decision has its act.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    at INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    deed TEXT NOT NULL,
    workflow TEXT,
    execution_arn TEXT,
    detail TEXT NOT NULL,
    decision INTEGER UNIQUE REFERENCES decisions (id),
    CHECK ((decision IS NOT NULL) = (deed IN ('approved', 'rejected')))
) STRICT;

CREATE INDEX acts_by_connection ON acts (connection, id);

INSERT INTO decisions (id, connection, execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at, answer)
SELECT id, 'default', execution_arn, event, workflow, state, title, approved, person_id, person_name, comment, decided_at, answer
FROM decisions_of_version_1;

-- A delivery counted before it was late. Both texts are JSON, or sentences of the first versions of the program.
INSERT INTO deliveries (decision, connection, state, attempts, trouble, delivered_at, late)
SELECT
    id,
    'default',
    CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN late IS NOT NULL THEN 'late' ELSE 'pending' END,
    CASE WHEN tried THEN 1 ELSE 0 END,
    CASE
        WHEN trouble IS NULL OR delivered_at IS NOT NULL OR late IS NOT NULL THEN NULL
        WHEN NOT json_valid(trouble) THEN json_object('sentence', trouble)
        WHEN json_type(trouble) = 'object' THEN trouble
        ELSE json_object('sentence', trouble)
    END,
    delivered_at,
    CASE
        WHEN late IS NULL OR delivered_at IS NOT NULL THEN NULL
        WHEN NOT json_valid(late) THEN json_object('by', 'sentence', 'text', late)
        WHEN json_type(late) = 'object' THEN late
        ELSE json_object('by', 'sentence', 'text', late)
    END
FROM decisions_of_version_1;

-- The two lists become one, in the order of their times.
INSERT INTO acts (connection, at, person_id, person_name, deed, workflow, execution_arn, detail, decision)
SELECT 'default', at, person_id, person_name, deed, workflow, execution_arn, detail, decision
FROM (
    SELECT id, at, person_id, person_name, deed, workflow, execution_arn, detail, NULL AS decision
    FROM acts_of_version_1
    UNION ALL
    SELECT
        id, decided_at, person_id, person_name,
        CASE WHEN approved THEN 'approved' ELSE 'rejected' END,
        workflow, execution_arn, title, id
    FROM decisions_of_version_1
)
ORDER BY at, decision IS NULL, id;

DROP TABLE decisions_of_version_1;
DROP TABLE acts_of_version_1;

CREATE TRIGGER decisions_keep_their_words BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions is append-only: no row is updated');
END;

CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions is append-only: no row is deleted');
END;

-- REPLACE deletes rows without their triggers for DELETE.
CREATE TRIGGER decisions_are_not_replaced BEFORE INSERT ON decisions
WHEN EXISTS (
    SELECT 1 FROM decisions
    WHERE id = NEW.id
        OR (connection = NEW.connection AND execution_arn = NEW.execution_arn AND event = NEW.event)
)
BEGIN
    SELECT RAISE(ABORT, 'decisions is append-only: no row is replaced');
END;

CREATE TRIGGER acts_keep_their_words BEFORE UPDATE ON acts
BEGIN
    SELECT RAISE(ABORT, 'acts is append-only: no row is updated');
END;

CREATE TRIGGER acts_stay BEFORE DELETE ON acts
BEGIN
    SELECT RAISE(ABORT, 'acts is append-only: no row is deleted');
END;

CREATE TRIGGER acts_are_not_replaced BEFORE INSERT ON acts
WHEN EXISTS (SELECT 1 FROM acts WHERE id = NEW.id OR decision = NEW.decision)
BEGIN
    SELECT RAISE(ABORT, 'acts is append-only: no row is replaced');
END;
