//! A session as text, for people (Markdown) or programs (JSON).

mod markdown;

use serde_json::{Value, json};

use super::ExportFormat;
use crate::{
    store::{Store, StoreError},
    transcript::{Failure, Message, Part, PartKind, Seq, Session, SessionId, ToolState},
};

/// Messages read at once.
pub(in crate::engine) const PAGE: u32 = 50;

/// The whole session.
pub(super) async fn session(store: &Store, id: &SessionId, format: ExportFormat) -> Result<String, Failure> {
    let session = store.session(id).await?;
    let mut markdown = markdown::heading(&session);
    let mut messages = Vec::new();
    let mut next = Seq(1);
    loop {
        let page = store.messages_from(id, next, PAGE).await.map_err(Failure::from)?;
        let Some(last) = page.last() else { break };
        next = Seq(last.seq.0 + 1);
        for message in &page {
            match format {
                ExportFormat::Markdown => markdown.push_str(&markdown::message(message)),
                ExportFormat::Json => messages.push(message_json(message)),
            }
        }
    }
    match format {
        ExportFormat::Markdown => Ok(markdown),
        ExportFormat::Json => serde_json::to_string_pretty(&session_json(&session, &messages))
            .map_err(|error| StoreError::Sqlite(error.to_string()).into()),
    }
}

fn session_json(session: &Session, messages: &[Value]) -> Value {
    json!({
        "format": "agentls-session", "version": 1,
        "session": {
            "id": session.id, "title": session.title, "cwd": session.cwd, "agent": session.agent,
            "model": session.model, "createdAt": session.created_at, "updatedAt": session.updated_at,
            "usage": session.usage,
        },
        "messages": messages,
    })
}

fn message_json(message: &Message) -> Value {
    json!({
        "id": message.id, "seq": message.seq, "role": message.role, "createdAt": message.created_at,
        "completedAt": message.completed_at, "agent": message.agent, "model": message.model,
        "finish": message.finish, "error": message.error, "usage": message.usage,
        "parts": message.parts.iter().map(part_json).collect::<Vec<_>>(),
    })
}

fn part_json(part: &Part) -> Value {
    match &part.kind {
        PartKind::Text(body) => json!({"id": part.id, "type": "text", "text": body.text}),
        PartKind::Reasoning(reasoning) => json!({
            "id": part.id, "type": "reasoning", "text": reasoning.text.text,
            "startedAt": reasoning.started_at, "endedAt": reasoning.ended_at,
        }),
        PartKind::Command(command) => {
            json!({"id": part.id, "type": "command", "name": command.name, "text": command.text.text})
        }
        PartKind::File(file) => {
            json!({"id": part.id, "type": "file", "mime": file.mime, "name": file.name, "uri": file.uri, "bytes": file.bytes})
        }
        PartKind::Tool(tool) => {
            let (status, output, error) = match &tool.state {
                ToolState::Pending => ("pending", None, None),
                ToolState::Running { .. } => ("running", None, None),
                ToolState::Completed { output, .. } => ("completed", Some(&output.text), None),
                ToolState::Error { message, .. } => ("error", None, Some(message)),
            };
            json!({"id": part.id, "type": "tool", "callId": tool.call_id, "tool": tool.tool, "title": tool.title,
                   "status": status, "input": tool.input.text, "output": output, "error": error})
        }
        PartKind::StepStart => json!({"id": part.id, "type": "stepStart"}),
        PartKind::StepFinish { reason, usage } => {
            json!({"id": part.id, "type": "stepFinish", "reason": reason, "usage": usage})
        }
        PartKind::Patch { files } => json!({"id": part.id, "type": "patch", "files": files}),
        PartKind::Compaction(compaction) => {
            json!({"id": part.id, "type": "compaction", "auto": compaction.auto, "tailSeq": compaction.tail,
                   "before": compaction.before, "after": compaction.after, "evidence": compaction.evidence})
        }
        PartKind::Subtask { session_id, description } => {
            json!({"id": part.id, "type": "subtask", "sessionId": session_id, "description": description})
        }
    }
}
