-- Schema version 4: several windows on one session. This file is never edited after a release.

-- Where the owner runs (store::leases::host), and what it is doing, for those who follow.
ALTER TABLE lease ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE lease ADD COLUMN status TEXT NOT NULL DEFAULT 'running';
ALTER TABLE lease ADD COLUMN detail TEXT;
ALTER TABLE lease ADD COLUMN retry_at INTEGER;

-- Who wants the owner of a session to stop. At most one at a time, and not for long.
CREATE TABLE claim (
  session     INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  pid         INTEGER NOT NULL,
  pid_started INTEGER NOT NULL,
  host        TEXT NOT NULL,
  client      TEXT NOT NULL,
  takes       INTEGER NOT NULL, -- 1: nobody else may begin the next turn; 0: the owner is only to stop
  made_at     INTEGER NOT NULL
) STRICT;

-- What happened to the list of sessions, for other processes. Only the newest few are kept.
CREATE TABLE notice (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  session     TEXT NOT NULL,    -- its id: the session may be gone
  change      TEXT NOT NULL,    -- transcript::Change
  pid         INTEGER NOT NULL, -- who did it
  pid_started INTEGER NOT NULL,
  host        TEXT NOT NULL
) STRICT;

-- What the last change of what is sent has won, as clients were told: JSON {before, after, evidence}, in tokens.
ALTER TABLE live_window ADD COLUMN won TEXT;
