-- Schema version 3: how turns ended and what they changed in files; several windows on one session. This file is never
-- edited after a release.

-- One row for each file that the tools of a turn changed, for a person to review.
CREATE TABLE change (
  key       INTEGER PRIMARY KEY,
  session   INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  turn      TEXT NOT NULL,
  path      TEXT NOT NULL,
  before    TEXT,                       -- before the turn's first change; null: there was no file
  after     TEXT,                       -- after its last change; null: there is none any more
  kept      INTEGER NOT NULL,           -- 0: a text was too long to be kept, both are null
  status    TEXT,                       -- created, modified or deleted; null: it is as it was
  additions INTEGER NOT NULL DEFAULT 0, -- lines
  deletions INTEGER NOT NULL DEFAULT 0,
  verdicts  TEXT NOT NULL DEFAULT '{}', -- JSON: what a person said, by hunk id
  untold    INTEGER NOT NULL DEFAULT 0, -- hunks that a person took back and the model does not know of
  UNIQUE (turn, path)
) STRICT;
CREATE INDEX change_by_session ON change (session, key);
CREATE INDEX change_untold ON change (session) WHERE untold > 0;

-- How the newest turn that answered a prompt ended (transcript::LastTurn as JSON); null before the first.
ALTER TABLE session ADD COLUMN last_turn TEXT;

-- The first user message that a turn answers; null for work on the history itself, and for turns of older versions.
ALTER TABLE turn ADD COLUMN message TEXT;


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
