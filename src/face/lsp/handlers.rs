//! What each method of the table does: parameters to the engine's words, the engine's answer to the
//! protocol's.

use std::{io, path::Path};

use super::{
    params::{
        Bodies, ConfigGet, InWorkspace, Nothing, PartParams, PartRead, ProjectParams, ProjectTrust,
        ProjectUpdate, SessionArchive, SessionCompact, SessionExport, SessionFork, SessionList,
        SessionMessages, SessionNew, SessionNextRequest, SessionParams, SessionPrompt, SessionRename,
        SessionSteps, SessionUnqueue, Wish,
    },
    render,
    results::{
        Cancelled, Compacted, ConfigResult, ContextReport, DatabaseStatus, Deleted, EvidenceResult, Exported,
        ListedSkill, MessagePage, ModelList, NextRequest, OpenedSession, PartRange, ProjectList,
        ProjectResult, PromptResult, QueueResult, Queues, Removed, ServerStatus, SessionCounts, SessionPage,
        SessionResult, SkillList, StepsResult, ToolEntry, ToolList,
    },
    server::Server,
    status,
    types::Recovered,
};
use crate::{
    engine::{ConfigReport, EngineError, ListQuery, MessageQuery, NewSession, PromptRequest, Which},
    transcript::{Failure, FailureKind, Seq, Session, SessionId},
    wire::reply::after_reply,
};

type Outcome<T> = Result<T, EngineError>;

/// The most sessions or messages of one page.
pub(in crate::face) const MAX_PAGE: u64 = 500;

/// Rows of the ledger in one answer.
pub(in crate::face) const MAX_STEPS: u64 = 1_000;

/// The longest range of a part in one answer, in bytes.
pub(in crate::face) const MAX_RANGE: u64 = 4 * 1024 * 1024;

/// A limit that makes sense: `default` when missing, refused when 0, `max` when above.
fn limit(given: Option<u64>, default: u64, max: u64) -> Outcome<u64> {
    match given {
        Some(0) => Err(EngineError::InvalidParams("limit: must be at least 1".to_owned())),
        given => Ok(given.unwrap_or(default).min(max)),
    }
}

/// [`limit`] where the engine counts in 32 bits.
fn small_limit(given: Option<u64>, default: u64, max: u64) -> Outcome<u32> {
    Ok(u32::try_from(limit(given, default, max)?).unwrap_or(u32::MAX))
}

fn found(session: Session) -> SessionResult {
    SessionResult { session: render::session(session) }
}

#[expect(missing_docs, reason = "the table of methods says what each does")]
impl Server {
    pub async fn session_new(&self, params: SessionNew) -> Outcome<SessionResult> {
        let creation = self.outbox.creation();
        let SessionNew { cwd, title, agent, model, parent_id } = params;
        let session = self.engine.new_session(NewSession { cwd, title, agent, model, parent_id }).await?;
        creation.made(session.id.as_str());
        self.follow(session.id.clone(), None);
        Ok(found(session))
    }

    /// The client has opened a session: from behind the reply on it is told what other windows do there.
    fn follow(&self, session: SessionId, known: Option<Seq>) {
        let engine = self.engine.clone();
        after_reply(move || engine.follow(&session, known));
    }

    pub async fn session_list(&self, params: SessionList) -> Outcome<SessionPage> {
        let limit = small_limit(params.limit, 50, MAX_PAGE)?;
        let SessionList { cwd, search, archived, cursor, .. } = params;
        let archived = archived.unwrap_or_default();
        let page = self.engine.list_sessions(ListQuery { cwd, search, archived, limit, cursor }).await?;
        let sessions = page.sessions.into_iter().map(render::session).collect();
        Ok(SessionPage { sessions, next_cursor: page.next_cursor })
    }

    pub async fn session_get(&self, params: SessionParams) -> Outcome<OpenedSession> {
        let session = render::session(self.engine.session(&params.session_id).await?);
        let todo = self.engine.todo(&params.session_id).await?;
        Ok(OpenedSession { session, todo })
    }

    pub async fn session_messages(&self, params: SessionMessages) -> Outcome<MessagePage> {
        let limit = small_limit(params.limit, 50, MAX_PAGE)?;
        let SessionMessages { session_id, before, after, bodies, .. } = params;
        let full = bodies == Some(Bodies::Full);
        let query = MessageQuery { session_id: session_id.clone(), before, after, limit, full };
        let page = self.engine.messages(query).await?;
        self.follow(session_id, page.known());
        let messages = page.messages.into_iter().map(render::message).collect();
        let recovered = page.recovered.map(|note| Recovered { note });
        Ok(MessagePage { messages, has_before: page.has_before, has_after: page.has_after, recovered })
    }

    pub async fn session_prompt(&self, params: SessionPrompt) -> Outcome<PromptResult> {
        if params.parts.is_empty() {
            return Err(EngineError::InvalidParams("parts: a prompt has at least one".to_owned()));
        }
        let SessionPrompt { session_id, parts, client_id, delivery, agent, model } = params;
        self.engine.follow(&session_id, None);
        let delivery = delivery.unwrap_or_default();
        let prompt = PromptRequest { session_id, parts, client_id, delivery, agent, model };
        let outcome = self.engine.prompt(prompt).await?;
        Ok(PromptResult {
            message_id: outcome.message_id,
            stop_reason: outcome.stop_reason,
            steps: outcome.steps,
            usage: outcome.usage,
        })
    }

    pub async fn session_cancel(&self, params: SessionParams) -> Outcome<Cancelled> {
        Ok(Cancelled { cancelled: self.engine.cancel(&params.session_id).await? })
    }

    pub async fn session_queue(&self, params: SessionParams) -> Outcome<QueueResult> {
        Ok(QueueResult { prompts: self.engine.queue(&params.session_id).await? })
    }

    pub async fn session_unqueue(&self, params: SessionUnqueue) -> Outcome<Removed> {
        Ok(Removed { removed: self.engine.unqueue(&params.session_id, &params.message_id).await? })
    }

    pub async fn session_compact(&self, params: SessionCompact) -> Outcome<Compacted> {
        let SessionCompact { session_id, instructions, dry_run } = params;
        let wish = instructions.filter(|words| !words.trim().is_empty());
        let compacted = if dry_run.unwrap_or_default() {
            self.engine.plan_compaction(&session_id).await?
        } else {
            self.engine.compact(&session_id, wish).await?
        };
        Ok(render::compacted(compacted))
    }

    pub async fn session_context(&self, params: SessionParams) -> Outcome<ContextReport> {
        Ok(render::context_report(self.engine.context(&params.session_id).await?))
    }

    pub async fn session_next_request(&self, params: SessionNextRequest) -> Outcome<NextRequest> {
        let next = self.engine.next_request(&params.session_id, params.text).await?;
        Ok(render::next_request(next))
    }

    pub async fn session_steps(&self, params: SessionSteps) -> Outcome<StepsResult> {
        let limit = small_limit(params.limit, 100, MAX_STEPS)?;
        let steps = self.engine.steps(&params.session_id, limit).await?;
        Ok(StepsResult { steps: steps.into_iter().map(render::step).collect() })
    }

    pub async fn session_rename(&self, params: SessionRename) -> Outcome<SessionResult> {
        Ok(found(self.engine.rename(&params.session_id, params.title).await?))
    }

    pub async fn session_archive(&self, params: SessionArchive) -> Outcome<SessionResult> {
        Ok(found(self.engine.archive(&params.session_id, params.archived.unwrap_or(true)).await?))
    }

    pub async fn session_delete(&self, params: SessionParams) -> Outcome<Deleted> {
        Ok(Deleted { deleted: self.engine.delete(&params.session_id).await? })
    }

    pub async fn session_fork(&self, params: SessionFork) -> Outcome<SessionResult> {
        let creation = self.outbox.creation();
        let session = self.engine.fork(&params.session_id, params.message_id).await?;
        creation.made(session.id.as_str());
        self.follow(session.id.clone(), None);
        Ok(found(session))
    }

    pub async fn session_export(&self, params: SessionExport) -> Outcome<Exported> {
        if params.path.as_deref().is_some_and(|path| !Path::new(path).is_absolute()) {
            return Err(EngineError::InvalidParams("path: is not absolute".to_owned()));
        }
        let text = self.engine.export(&params.session_id, params.format).await?;
        let Some(path) = params.path else {
            return Ok(Exported { path: None, text: Some(text) });
        };
        // A FIFO would wait for a reader, and a device is no place for a session.
        if tokio::fs::metadata(&path).await.is_ok_and(|about| !about.is_file()) {
            return Err(EngineError::InvalidParams(format!("path: {path} is not a regular file")));
        }
        tokio::fs::write(&path, text).await.map_err(|problem| unwritable(&path, &problem))?;
        Ok(Exported { path: Some(path), text: None })
    }

    pub async fn part_read(&self, params: PartRead) -> Outcome<PartRange> {
        let limit = limit(params.limit, 64 * 1024, MAX_RANGE)?;
        let (field, offset) = (params.field.as_deref(), params.offset.unwrap_or_default());
        let range = self.engine.read_part(&params.part_id, field, offset, limit).await?;
        Ok(render::part_range(range))
    }

    pub async fn part_evidence(&self, params: PartParams) -> Outcome<EvidenceResult> {
        Ok(render::evidence(self.engine.evidence(&params.part_id).await?))
    }

    pub async fn project_list(&self, _: Nothing) -> Outcome<ProjectList> {
        Ok(ProjectList { projects: self.engine.projects().await? })
    }

    pub async fn project_get(&self, params: ProjectParams) -> Outcome<ProjectResult> {
        Ok(ProjectResult { project: self.engine.project(&params.project_id).await? })
    }

    pub async fn project_update(&self, params: ProjectUpdate) -> Outcome<ProjectResult> {
        let ProjectUpdate { project_id, name, icon } = params;
        Ok(ProjectResult { project: self.engine.update_project(&project_id, name, icon).await? })
    }

    pub async fn project_trust(&self, params: ProjectTrust) -> Outcome<ProjectResult> {
        let which = match (params.project_id, params.cwd) {
            (Some(id), None) => Which::Id(id),
            (None, Some(folder)) => Which::Folder(folder),
            _ => return Err(EngineError::InvalidParams("one of projectId and cwd is needed".to_owned())),
        };
        let project = self.engine.trust_project(which, params.trust == Wish::Trusted).await?;
        Ok(ProjectResult { project })
    }

    pub async fn model_list(&self, params: InWorkspace) -> Outcome<ModelList> {
        let models = self.engine.models(params.cwd).await?;
        Ok(ModelList { models: models.into_iter().map(render::model).collect() })
    }

    #[expect(clippy::unused_async, reason = "the table takes handlers of one shape")]
    pub async fn tool_list(&self, _: InWorkspace) -> Outcome<ToolList> {
        let tools = self.engine.tools();
        let tools = tools.iter().map(|tool| ToolEntry {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: tool.parameters.clone(),
        });
        Ok(ToolList { tools: tools.collect() })
    }

    pub async fn skill_list(&self, params: InWorkspace) -> Outcome<SkillList> {
        let skills = self.engine.skills(params.cwd).await?.into_iter().map(|skill| ListedSkill {
            name: skill.name,
            description: skill.description,
            path: skill.path.to_string_lossy().into_owned(),
            mistakes: skill.mistakes,
        });
        Ok(SkillList { skills: skills.collect() })
    }

    pub async fn config_get(&self, params: ConfigGet) -> Outcome<ConfigResult> {
        let report = self.engine.config(params.cwd).await?;
        let ConfigReport { config, sources, lines, mistakes } = report;
        Ok(ConfigResult { config, sources, lines, mistakes })
    }

    pub async fn server_status(&self, _: Nothing) -> Outcome<ServerStatus> {
        let store = self.engine.store_status().await?;
        Ok(ServerStatus {
            version: status::VERSION.to_owned(),
            pid: std::process::id(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            rss_bytes: status::resident_bytes(),
            sqlite_version: store.sqlite_version,
            db: DatabaseStatus {
                path: store.path.display().to_string(),
                bytes: store.bytes,
                wal_bytes: store.wal_bytes,
            },
            sessions: SessionCounts { total: store.sessions_total, running: store.sessions_running },
            queues: Queues { outgoing_bytes: self.outbox.waiting() as u64 },
            sandbox: self.engine.sandbox().await?,
        })
    }
}

fn unwritable(path: &str, problem: &io::Error) -> EngineError {
    let kind = match problem.kind() {
        io::ErrorKind::StorageFull => FailureKind::StorageFull,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => FailureKind::StorageReadonly,
        _ => return EngineError::InvalidParams(format!("path: {path} cannot be written: {problem}")),
    };
    Failure::new(kind, format!("{path} cannot be written: {problem}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_refused_at_zero_and_cut_at_the_maximum() {
        assert_eq!(limit(None, 50, MAX_PAGE).unwrap(), 50);
        assert_eq!(limit(Some(u64::MAX), 50, MAX_PAGE).unwrap(), MAX_PAGE);
        assert_eq!(limit(Some(0), 50, MAX_PAGE).unwrap_err().to_string(), "limit: must be at least 1");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_with_the_reason() {
        let full = unwritable("/x", &io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, EngineError::Failed(Failure { kind: FailureKind::StorageFull, .. })));
        let missing = unwritable("/x", &io::Error::from(io::ErrorKind::NotFound));
        assert!(missing.to_string().starts_with("path: /x cannot be written"));
    }
}
