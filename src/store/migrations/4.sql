-- Schema version 4: the workspace. This file is never edited after a release.

-- What stands before a project's name (transcript::project::Icon as JSON).
ALTER TABLE project ADD COLUMN icon TEXT;

-- What the project brought when the person trusted it (transcript::project::Footprint as JSON); null while nobody does.
ALTER TABLE project ADD COLUMN trusted TEXT;

-- When its name, icon or trust were last changed, and when a session was last begun in it.
ALTER TABLE project ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE project ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX session_by_project ON session (project, activity);
UPDATE project SET updated_at = created_at, opened_at = coalesce(
  (SELECT max(session.created_at) FROM session WHERE session.project = project.id), created_at);
