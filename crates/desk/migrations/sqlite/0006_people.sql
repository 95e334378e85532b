-- People who sign in, and what shows that it is them. Of every secret there is only a hash: SHA-256 of those that the program
-- draws, which cannot be guessed; argon2id of passwords.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    -- The names of the groups, as JSON.
    groups TEXT NOT NULL,
    -- As a PHC string; NULL until the person has set one.
    password TEXT,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    made_at INTEGER NOT NULL
) STRICT;

-- A link with which a person sets a password, once.
CREATE TABLE invitations (
    hash BLOB PRIMARY KEY,
    -- NULL for the first administrator, who is made with the link.
    user TEXT REFERENCES users (id),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    made_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'act')),
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE INDEX tokens_by_user ON tokens (user);
