-- The event of the request that an act is about, where it is about one.
ALTER TABLE acts ADD COLUMN event INTEGER;

-- Each act's hash. It covers the act, the decision and the votes that belong to it, and the hash before it: none can be
-- changed, left out or put between others without all that follow it. `store/sqlite/chain.rs` says of what it is made.
CREATE TABLE chain (
    act INTEGER PRIMARY KEY REFERENCES acts (id),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER chain_keeps_its_hashes BEFORE UPDATE ON chain
BEGIN
    SELECT RAISE(ABORT, 'chain is append-only: no row is updated');
END;

CREATE TRIGGER chain_stays BEFORE DELETE ON chain
BEGIN
    SELECT RAISE(ABORT, 'chain is append-only: no row is deleted');
END;

CREATE TRIGGER chain_is_not_replaced BEFORE INSERT ON chain
WHEN EXISTS (SELECT 1 FROM chain WHERE act = NEW.act)
BEGIN
    SELECT RAISE(ABORT, 'chain is append-only: no row is replaced');
END;

-- What the first hash begins with, and the last act that was on record before there was a chain: up to it, the chain says
-- what the record was then, and no more.
CREATE TABLE chain_start (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    store TEXT NOT NULL,
    acts_before INTEGER NOT NULL
) STRICT;

INSERT INTO chain_start (only_one, store, acts_before)
SELECT 1, lower(hex(randomblob(16))), COALESCE(MAX(id), 0) FROM acts;

-- Whoever asks whether a person has seen a request, and what was done with it.
CREATE INDEX acts_by_request ON acts (connection, execution_arn, event, deed);
