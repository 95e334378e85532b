-- A message may be dropped, because what it asks for has ended. A constraint cannot be changed: the table is made anew.
DROP INDEX messages_pending;
DROP INDEX messages_failed;
ALTER TABLE messages RENAME TO messages_of_version_9;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    channel TEXT NOT NULL,
    event TEXT NOT NULL,
    -- Empty where the channel itself says where it goes.
    recipient TEXT NOT NULL,
    -- JSON.
    content TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    -- Attempts that were begun, and when the next one may begin.
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    -- Why the last attempt failed, or why it was dropped.
    trouble TEXT,
    ended_at INTEGER,
    UNIQUE (connection, channel, event, recipient)
) STRICT;

INSERT INTO messages (id, connection, channel, event, recipient, content, made_at, state, attempts, due_at, trouble, ended_at)
SELECT id, connection, channel, event, recipient, content, made_at, state, attempts, due_at, trouble, ended_at
FROM messages_of_version_9;

DROP TABLE messages_of_version_9;

CREATE INDEX messages_pending ON messages (channel, due_at) WHERE state = 'pending';
CREATE INDEX messages_failed ON messages (connection, ended_at) WHERE state = 'failed';
