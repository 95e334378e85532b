-- Deployments that people have to approve before they are made, and their votes.
CREATE TABLE proposals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    -- The plan that was shown, by its hash: only this one is applied.
    hash TEXT NOT NULL,
    -- What was shown of it, as JSON.
    about TEXT NOT NULL,
    -- Whose approval it needs, as JSON.
    rule TEXT NOT NULL,
    -- Who proposed it, with the scope of their token, as JSON.
    maker TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    -- When enough people had approved it.
    approved_at INTEGER,
    -- Both are there once it came to its end; how is JSON.
    ended_at INTEGER,
    how TEXT
) STRICT;
CREATE INDEX proposals_by_end ON proposals (connection, ended_at);

CREATE TABLE proposal_votes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    proposal TEXT NOT NULL REFERENCES proposals (id),
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    -- The groups that the person was in, as JSON.
    person_groups TEXT NOT NULL,
    approves INTEGER NOT NULL,
    comment TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (proposal, person_id)
) STRICT;
