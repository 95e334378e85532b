-- A decision has an outcome, of which approve and reject are only two; the manifest may name others, with forms.
-- Decisions of before have none of these columns: they are what `approved` says.
ALTER TABLE decisions ADD COLUMN outcome TEXT;
-- The words of its button, and what it is called once it was chosen.
ALTER TABLE decisions ADD COLUMN label TEXT;
ALTER TABLE decisions ADD COLUMN done TEXT;
ALTER TABLE decisions ADD COLUMN tone TEXT CHECK (tone IN ('good', 'bad', 'neutral'));
-- What was filled in, as JSON.
ALTER TABLE decisions ADD COLUMN form TEXT;

-- An act of a decision may have a third name. A constraint cannot be changed: the table is made anew.
DROP TRIGGER acts_keep_their_words;
DROP TRIGGER acts_stay;
DROP TRIGGER acts_are_not_replaced;
DROP INDEX acts_by_connection;
ALTER TABLE acts RENAME TO acts_of_version_2;

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
    CHECK ((decision IS NOT NULL) = (deed IN ('approved', 'rejected', 'decided')))
) STRICT;

INSERT INTO acts (id, connection, at, person_id, person_name, deed, workflow, execution_arn, detail, decision)
SELECT id, connection, at, person_id, person_name, deed, workflow, execution_arn, detail, decision
FROM acts_of_version_2
ORDER BY id;

DROP TABLE acts_of_version_2;

CREATE INDEX acts_by_connection ON acts (connection, id);

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
