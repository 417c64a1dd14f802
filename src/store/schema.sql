-- Schema version 1. A later change is a migration in migrate.rs; this file is never edited after a release.
-- Rows that describe (message, part) are small; what is big lies in `body`. Times are ms since the epoch.

CREATE TABLE project (
  id         TEXT PRIMARY KEY,
  root       TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- The order of sessions in lists: rises with each activity in any session, whatever the clock does.
CREATE TABLE activity (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL
) STRICT;
INSERT INTO activity VALUES (1, 0);

CREATE TABLE session (
  key            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  project        TEXT NOT NULL REFERENCES project (id),
  parent         TEXT,
  title          TEXT NOT NULL,
  titled         INTEGER NOT NULL DEFAULT 0, -- store::sessions::TitleBy, 0 while untitled
  cwd            TEXT NOT NULL,
  agent          TEXT NOT NULL,
  model_provider TEXT NOT NULL,
  model_id       TEXT NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  archived_at    INTEGER,
  deleted_at     INTEGER,                    -- hidden; its rows are being removed in small steps
  activity       INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL DEFAULT 0,
  messages       INTEGER NOT NULL DEFAULT 0,
  parts          INTEGER NOT NULL DEFAULT 0,
  bytes          INTEGER NOT NULL DEFAULT 0,
  usage          TEXT NOT NULL DEFAULT '{}', -- JSON, summed over all steps
  recovered      TEXT
) STRICT;
CREATE INDEX session_by_activity ON session (activity);
CREATE INDEX session_by_cwd ON session (cwd, activity);

CREATE TABLE message (
  session        INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  seq            INTEGER NOT NULL,
  id             TEXT NOT NULL UNIQUE,
  role           TEXT NOT NULL,
  parent         TEXT,
  turn           TEXT,
  created_at     INTEGER NOT NULL,
  completed_at   INTEGER,
  agent          TEXT,
  model_provider TEXT,
  model_id       TEXT,
  summary        INTEGER NOT NULL DEFAULT 0,
  finish         TEXT,
  error          TEXT,                       -- JSON
  usage          TEXT,                       -- JSON
  metadata       TEXT,                       -- JSON: {"openai":{"responseId":…}} and nothing else
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_open ON message (session) WHERE completed_at IS NULL;
CREATE INDEX message_boundary ON message (session, seq) WHERE summary = 1;

CREATE TABLE part (
  key          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  session      INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,             -- of its message
  idx          INTEGER NOT NULL,
  type         TEXT NOT NULL,
  tool         TEXT,
  call_id      TEXT,
  status       TEXT,
  title        TEXT,
  bytes        INTEGER NOT NULL DEFAULT 0,   -- of its main body: text, file content or tool output
  input_bytes  INTEGER NOT NULL DEFAULT 0,
  tokens       INTEGER NOT NULL DEFAULT 0,   -- estimate of what it adds to a request
  started_at   INTEGER,
  ended_at     INTEGER,
  compacted_at INTEGER,
  evidence     TEXT,
  metadata     TEXT,                         -- JSON, small, by type
  UNIQUE (session, seq, idx)
) STRICT;
CREATE INDEX part_open ON part (session) WHERE status IN ('pending', 'running');

-- The big fields, in chunks that are appended and never rewritten.
CREATE TABLE body (
  part  INTEGER NOT NULL REFERENCES part (key) ON DELETE CASCADE,
  field INTEGER NOT NULL,                    -- store::parts::Field
  start INTEGER NOT NULL,                    -- byte offset of this chunk in the field
  data  BLOB NOT NULL,
  UNIQUE (part, field, start)
) STRICT;

-- The inbox. A prompt is a row here before it is anything else.
CREATE TABLE prompt (
  key            INTEGER PRIMARY KEY AUTOINCREMENT,
  session        INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  message        TEXT NOT NULL UNIQUE,       -- the id that its user message has or will have
  client_id      TEXT,
  digest         TEXT NOT NULL,              -- of what was asked, for idempotence
  delivery       TEXT NOT NULL,
  text           TEXT NOT NULL,
  parts          TEXT,                       -- JSON until it is taken
  agent          TEXT,
  model_provider TEXT,
  model_id       TEXT,
  created_at     INTEGER NOT NULL,
  state          TEXT NOT NULL,              -- waiting, taken or withdrawn
  turn           TEXT                        -- the turn that took it
) STRICT;
CREATE UNIQUE INDEX prompt_by_client_id ON prompt (session, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX prompt_waiting ON prompt (session, key) WHERE state = 'waiting';

CREATE TABLE turn (
  id          TEXT PRIMARY KEY,
  session     INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  started_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  stop_reason TEXT,
  error       TEXT,                          -- JSON
  steps       INTEGER NOT NULL DEFAULT 0,
  usage       TEXT NOT NULL DEFAULT '{}'     -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_by_session ON turn (session);
CREATE INDEX turn_open ON turn (session) WHERE ended_at IS NULL;

-- The ledger: one row for each provider call.
CREATE TABLE step (
  session          INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  seq              INTEGER NOT NULL,
  message          TEXT NOT NULL,
  started_at       INTEGER NOT NULL,
  model_provider   TEXT NOT NULL,
  model_id         TEXT NOT NULL,
  request_bytes    INTEGER NOT NULL,
  input_items      INTEGER NOT NULL,
  threading        TEXT NOT NULL,
  threading_reason TEXT NOT NULL,
  usage            TEXT NOT NULL,            -- JSON
  first_event_ms   INTEGER,
  duration_ms      INTEGER NOT NULL,
  retries          INTEGER NOT NULL,
  overhead_us      INTEGER NOT NULL,
  finish           TEXT NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
  session     INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  pid         INTEGER NOT NULL,
  pid_started INTEGER NOT NULL,              -- in the kernel's ticks since boot; 0 where unknown
  client      TEXT NOT NULL,
  heartbeat   INTEGER NOT NULL
) STRICT;

CREATE TABLE todo (
  session INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
  idx     INTEGER NOT NULL,
  text    TEXT NOT NULL,
  status  TEXT NOT NULL,
  PRIMARY KEY (session, idx)
) STRICT, WITHOUT ROWID;

-- What a person allowed for longer than once. `session` is null when it holds for the whole project.
CREATE TABLE approval (
  key        INTEGER PRIMARY KEY,
  project    TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
  session    INTEGER REFERENCES session (key) ON DELETE CASCADE,
  tool       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX approval_by_project ON approval (project);
CREATE INDEX approval_by_session ON approval (session);
