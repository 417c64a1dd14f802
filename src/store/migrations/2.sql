-- Schema version 2: long histories. This file is never edited after a release.

-- What the model is sent of a session, where that was ever changed other than by appending.
CREATE TABLE live_window (
  session  INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  start    INTEGER NOT NULL DEFAULT 0, -- the first message sent of a history too long to be sent; 0 while all of it is
  reshaped INTEGER NOT NULL DEFAULT 0, -- the session's last_seq when something sent before was last changed
  reason   TEXT NOT NULL DEFAULT '',   -- what changed it: prune, window, compaction or import
  failures INTEGER NOT NULL DEFAULT 0  -- calls for a summary in a row that won nothing: the breaker
) STRICT;

-- Sessions that were taken over from another program, and how far.
CREATE TABLE import (
  session   INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  source    TEXT NOT NULL,              -- the other program
  last_time INTEGER NOT NULL DEFAULT 0, -- its newest message that was looked at: when it was made there,
  last_id   TEXT NOT NULL DEFAULT '',   -- and its id
  last_seq  INTEGER NOT NULL DEFAULT 0, -- the newest message here that came from there and is whole
  writing   INTEGER,                    -- the message here that is not whole yet
  open_size INTEGER,                    -- size of that newest message there in bytes, if it had no end there
  complete  INTEGER NOT NULL DEFAULT 0  -- 0 while the session is hidden because messages are missing
) STRICT;

-- The newest answer that the next request may continue at a provider that keeps responses.
CREATE TABLE anchor (
  session     INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  message     INTEGER NOT NULL DEFAULT 0,  -- the answer's seq
  response    TEXT,                        -- the provider's id of it; null while there is none to continue
  fingerprint TEXT NOT NULL DEFAULT '',    -- what it was asked with
  reason      TEXT NOT NULL DEFAULT '',    -- why there is none
  refusals    INTEGER NOT NULL DEFAULT 0   -- continued requests in a row that were refused
) STRICT;

-- The system prompt as the session's requests begin with it (store::baselines::Baseline as JSON).
CREATE TABLE baseline (
  session INTEGER PRIMARY KEY REFERENCES session (key) ON DELETE CASCADE,
  value   TEXT NOT NULL
) STRICT;

-- The ledger says why a provider's cache did not hold what it should have held.
ALTER TABLE step ADD COLUMN cache_miss TEXT; -- null while it held it, or while nothing is known
ALTER TABLE step ADD COLUMN frame TEXT;      -- what the call was asked with beside the conversation, as digests
