-- The channels of messages, each since when: what happened before a channel was first there makes no message.
CREATE TABLE message_channels (
    name TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT;

-- What has made its messages, also where that was to nobody: one event is told once a channel, whoever joins later.
CREATE TABLE message_events (
    connection TEXT NOT NULL,
    channel TEXT NOT NULL,
    event TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, channel, event)
) STRICT, WITHOUT ROWID;

-- The outbox: a message for each recipient, until the channel has taken it or it was given up.
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
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
    -- Attempts that were begun, and when the next one may begin.
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    -- Why the last attempt failed.
    trouble TEXT,
    ended_at INTEGER,
    UNIQUE (connection, channel, event, recipient)
) STRICT;

CREATE INDEX messages_pending ON messages (channel, due_at) WHERE state = 'pending';
CREATE INDEX messages_failed ON messages (connection, ended_at) WHERE state = 'failed';
