//! From the engine's words to the protocol's. Pure; nothing is decided here.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{results, review, types, updates};
use crate::{
    engine,
    face::failure,
    transcript::{
        Attachment, Body, Compaction, Failure, LastTurn, Message, Part, PartKind, Reasoning, Seq, Session,
        ToolPart, ToolState, Update, text,
    },
};

/// What an update shows of a text, in bytes. A reader that has stopped costs a few of these.
pub(in crate::face) const SHOWN_BYTES: usize = 1024 * 1024;

/// What a compaction did.
pub fn compacted(done: engine::Compacted) -> results::Compacted {
    results::Compacted {
        before: done.before,
        after: done.after,
        boundary_seq: done.boundary.unwrap_or(Seq(0)),
        evidence: done.evidence,
        summary_message_id: done.summary,
    }
}

/// What the model will see.
pub fn context_report(report: engine::ContextReport) -> results::ContextReport {
    results::ContextReport {
        model: report.model,
        limit: report.limit,
        reserved: report.reserved,
        usable: report.usable,
        used: report.used,
        estimated: report.estimated,
        counted_tokens: report.counted_tokens,
        counted_estimate: report.counted_estimate,
        boundary_seq: report.boundary_seq,
        window_start_seq: report.window_start_seq,
        items: report.items.into_iter().map(context_item).collect(),
        fragments: report
            .fragments
            .into_iter()
            .map(|engine::Framed { name, tokens, changed_at }| results::ContextFragment {
                name,
                tokens,
                changed_at,
            })
            .collect(),
        threading: threading(report.threading),
    }
}

fn threading(engine::Threading { mode, reason, anchor_seq }: engine::Threading) -> results::ContextThreading {
    results::ContextThreading { mode, reason, anchor_seq }
}

/// The request that would be sent next.
pub fn next_request(next: engine::NextRequest) -> results::NextRequest {
    let engine::Forecast { items, tokens, cached_items, cached_tokens, miss } = next.forecast;
    results::NextRequest {
        method: next.method,
        url: next.url,
        headers: next.headers,
        body: next.body,
        bytes: next.bytes,
        threading: threading(next.threading),
        forecast: results::Forecast { items, tokens, cached_items, cached_tokens, miss },
        first: next.first.map(|first| match first {
            engine::First::Prune => results::First::Prune,
            engine::First::Compaction => results::First::Compaction,
            engine::First::Window => results::First::Window,
        }),
        notes: next.notes,
    }
}

fn context_item(piece: engine::Piece) -> results::ContextItem {
    results::ContextItem {
        seq: piece.seq,
        message_id: piece.message_id,
        part_id: piece.part_id,
        kind: piece.kind,
        tool: piece.tool,
        title: piece.title,
        tokens: piece.tokens,
        fate: piece.fate,
        parts: piece.parts,
    }
}

/// A session.
pub fn session(session: Session) -> types::Session {
    types::Session {
        id: session.id,
        project_id: session.project_id,
        parent_id: session.parent_id,
        title: session.title,
        cwd: session.cwd,
        agent: session.agent,
        model: session.model,
        status: session.status,
        created_at: session.created_at,
        updated_at: session.updated_at,
        archived_at: session.archived_at,
        counts: session.counts,
        usage: session.usage,
        last_turn: session.last_turn.map(last_turn),
        owner: session.owner,
        recovered: session.recovered.map(|note| types::Recovered { note }),
    }
}

fn last_turn(last: LastTurn) -> types::LastTurn {
    let LastTurn { ended_at, stop_reason, error: failure } = last;
    types::LastTurn { ended_at, stop_reason, error: failure.map(error) }
}

/// A message with its parts.
pub fn message(message: Message) -> types::Message {
    types::Message {
        id: message.id,
        session_id: message.session_id,
        seq: message.seq,
        role: message.role,
        parent_id: message.parent_id,
        created_at: message.created_at,
        completed_at: message.completed_at,
        agent: message.agent,
        model: message.model,
        summary: message.summary.then_some(true),
        finish: message.finish,
        error: message.error.map(error),
        usage: message.usage,
        parts: message.parts.into_iter().map(part).collect(),
    }
}

/// A failure as messages and updates show it.
pub fn error(failure: Failure) -> types::MessageError {
    types::MessageError { data: failure::data(&failure), message: failure.message }
}

/// A part.
pub fn part(part: Part) -> types::Part {
    types::Part { id: part.id, message_id: part.message_id, index: part.index, content: content(part.kind) }
}

fn content(kind: PartKind) -> types::PartContent {
    use types::PartContent as Content;
    match kind {
        PartKind::Text(text) => Content::Text { text: body(text) },
        PartKind::Reasoning(Reasoning { text, started_at, ended_at }) => {
            Content::Reasoning { text: body(text), started_at, ended_at }
        }
        PartKind::Command(command) => Content::Command { name: command.name, text: body(command.text) },
        PartKind::File(file) => {
            Content::File { mime: file.mime, name: file.name, uri: file.uri, bytes: file.bytes }
        }
        PartKind::Tool(tool) => Content::Tool(Box::new(tool_part(tool))),
        PartKind::StepStart => Content::StepStart,
        PartKind::StepFinish { reason, usage } => Content::StepFinish { reason, usage },
        PartKind::Patch { files } => Content::Patch { files },
        PartKind::Compaction(Compaction { auto, tail, before, after, evidence }) => {
            Content::Compaction { auto, tail_seq: tail, before, after, evidence }
        }
        PartKind::Subtask { session_id, description } => Content::Subtask { session_id, description },
    }
}

fn body(body: Body) -> types::Body {
    types::Body { truncated: body.truncated(), bytes: body.bytes, text: body.text }
}

fn tool_part(tool: ToolPart) -> types::ToolPart {
    use types::ToolStatus;
    let (status, started_at, ended_at, output, error) = match tool.state {
        ToolState::Pending => (ToolStatus::Pending, None, None, None, None),
        ToolState::Running { started_at } => (ToolStatus::Running, Some(started_at), None, None, None),
        ToolState::Completed { started_at, ended_at, output } => {
            (ToolStatus::Completed, Some(started_at), Some(ended_at), Some(body(output)), None)
        }
        ToolState::Error { started_at, ended_at, message } => {
            (ToolStatus::Error, started_at, Some(ended_at), None, Some(message))
        }
    };
    types::ToolPart {
        call_id: tool.call_id,
        tool: tool.tool,
        title: tool.title,
        status,
        input: body(tool.input),
        output,
        error,
        started_at,
        ended_at,
        compacted_at: tool.compacted_at,
        attachments: tool.attachments.into_iter().map(attachment).collect(),
    }
}

fn attachment(attachment: Attachment) -> types::Attachment {
    types::Attachment { mime: attachment.mime, name: attachment.name, bytes: attachment.bytes }
}

/// Something that happened. Of a long text it shows the beginning: whoever wants the rest reads the part.
pub fn update(mut update: Update) -> updates::Update {
    use updates::Update as Shown;
    match &mut update {
        Update::Message(message) => message.parts.iter_mut().for_each(shorten),
        Update::Part(part) => shorten(part),
        _ => {}
    }
    match update {
        Update::Status { status, detail, retry_at } => Shown::Status { status, detail, retry_at },
        Update::Message(it) => Shown::Message { message: Box::new(message(it)) },
        Update::Part(it) => Shown::Part { part: Box::new(part(it)) },
        Update::PartDelta { message_id, part_id, field, text } => {
            Shown::PartDelta { message_id, part_id, field, text }
        }
        Update::Usage { usage, used, limit } => {
            Shown::Usage { usage, context: updates::ContextUse { used, limit } }
        }
        Update::Compacted { before, after, evidence, boundary } => {
            Shown::Compacted { before, after, evidence, boundary_seq: boundary.unwrap_or(Seq(0)) }
        }
        Update::Title(title) => Shown::Title { title },
        Update::Changes { message_id, files } => {
            Shown::Changes { message_id, files: files.into_iter().map(review::listed).collect() }
        }
        Update::Todo(items) => Shown::Todo { items },
        Update::Queue(prompts) => Shown::Queue { prompts },
        Update::Recovered(note) => Shown::Recovered { note },
        Update::Error(failure) => Shown::Error { error: error(failure) },
    }
}

/// Leaves [`SHOWN_BYTES`] of each text of a part.
fn shorten(part: &mut Part) {
    let shorten = |text: &mut String| {
        if text.len() > SHOWN_BYTES {
            *text = text::head(text, SHOWN_BYTES).to_owned();
        }
    };
    match &mut part.kind {
        PartKind::Text(body) => shorten(&mut body.text),
        PartKind::Reasoning(reasoning) => shorten(&mut reasoning.text.text),
        PartKind::Command(command) => shorten(&mut command.text.text),
        PartKind::Tool(tool) => {
            shorten(&mut tool.input.text);
            match &mut tool.state {
                ToolState::Completed { output, .. } => shorten(&mut output.text),
                ToolState::Error { message, .. } => shorten(message),
                ToolState::Pending | ToolState::Running { .. } => {}
            }
        }
        _ => {}
    }
}

/// A range of a part's field.
pub fn part_range(range: engine::PartRange) -> results::PartRange {
    let (text, base64) = match range.content {
        engine::RangeContent::Text(text) => (Some(text), None),
        engine::RangeContent::Binary(bytes) => (None, Some(BASE64_STANDARD.encode(bytes))),
    };
    results::PartRange { text, base64, offset: range.offset, bytes: range.bytes, eof: range.eof }
}

/// The evidence of a tool call.
pub fn evidence(evidence: engine::Evidence) -> results::EvidenceResult {
    let source = match evidence {
        engine::Evidence { compacted: false, .. } => results::EvidenceSource::NotCompacted,
        engine::Evidence { recomputed: true, .. } => results::EvidenceSource::Recomputed,
        engine::Evidence { .. } => results::EvidenceSource::Stored,
    };
    results::EvidenceResult { text: evidence.text, record: evidence.record, source }
}

/// One provider call of the ledger.
pub fn step(step: engine::Step) -> results::Step {
    results::Step {
        seq: step.seq,
        message_id: step.message_id,
        started_at: step.started_at,
        model: step.model,
        request_bytes: step.request_bytes,
        input_items: step.input_items,
        threading: step.threading,
        threading_reason: step.threading_reason,
        input: step.usage.input,
        cache_read: step.usage.cache_read,
        cache_write: step.usage.cache_write,
        cache_miss: step.cache_miss,
        output: step.usage.output + step.usage.reasoning,
        cost_usd: step.usage.cost_usd,
        first_event_ms: step.first_event_ms,
        duration_ms: step.duration_ms,
        retries: step.retries,
        overhead_ms: micros_as_millis(step.overhead_us),
        finish: step.finish,
    }
}

/// Microseconds as the protocol's milliseconds.
#[expect(clippy::cast_precision_loss, reason = "times of a step are far below 2^52 µs")]
fn micros_as_millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// A model that can be chosen.
pub fn model(listed: engine::ListedModel) -> results::ModelEntry {
    results::ModelEntry {
        provider: listed.model.provider,
        id: listed.model.id,
        context: listed.limits.context,
        max_output: listed.limits.max_output,
        images: listed.limits.images,
        cost: listed.limits.cost,
        ready: listed.ready,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;
    use crate::transcript::{FailureKind, FinishReason, Timestamp};

    fn shown(kind: PartKind) -> serde_json::Value {
        to_value(part(Part { id: "prt_1".into(), message_id: "msg_1".into(), index: 2, kind })).unwrap()
    }

    #[test]
    fn a_text_says_whether_it_is_whole() {
        let kind = PartKind::Text(Body { text: "ab".into(), bytes: 5 });
        let text = json!({"text": "ab", "bytes": 5, "truncated": true});
        let expected = json!({"id": "prt_1", "messageId": "msg_1", "index": 2, "type": "text", "text": text});
        assert_eq!(shown(kind), expected);
    }

    #[test]
    fn an_update_shows_the_beginning_of_a_text_that_is_too_long() {
        let (id, message_id) = (crate::transcript::PartId::random(), crate::transcript::MessageId::random());
        let kind = PartKind::Text(Body::whole("é".repeat(SHOWN_BYTES)));
        let shown = update(Update::Part(Part { id, message_id, index: 0, kind }));
        let shown = serde_json::to_value(shown).unwrap();
        let text = &shown["part"]["text"];
        assert_eq!(text["text"].as_str().unwrap().len(), SHOWN_BYTES);
        assert_eq!((&text["bytes"], &text["truncated"]), (&json!(2 * SHOWN_BYTES), &json!(true)));
    }

    #[test]
    fn a_tool_call_has_the_members_of_its_state_only() {
        let state = ToolState::Completed {
            started_at: Timestamp(1),
            ended_at: Timestamp(2),
            output: Body::whole("out"),
        };
        let tool = ToolPart {
            call_id: "c".into(),
            tool: "read".into(),
            title: None,
            input: Body::whole("{}"),
            state,
            compacted_at: None,
            attachments: Vec::new(),
        };
        let expected = json!({
            "id": "prt_1", "messageId": "msg_1", "index": 2, "type": "tool",
            "callId": "c", "tool": "read", "status": "completed",
            "input": {"text": "{}", "bytes": 2, "truncated": false},
            "output": {"text": "out", "bytes": 3, "truncated": false},
            "startedAt": 1, "endedAt": 2,
        });
        assert_eq!(shown(PartKind::Tool(tool)), expected);
    }

    #[test]
    fn other_parts_are_named_as_in_the_protocol() {
        let finish = PartKind::StepFinish { reason: Some(FinishReason::EndTurn), usage: None };
        assert_eq!(shown(finish)["type"], "stepFinish");
        assert_eq!(shown(PartKind::StepStart)["type"], "stepStart");
        let subtask = PartKind::Subtask { session_id: "ses_1".into(), description: "d".into() };
        assert_eq!(shown(subtask)["sessionId"], "ses_1");
    }

    #[test]
    fn an_error_carries_its_kind_and_its_message() {
        let failure = Failure::new(FailureKind::ProviderStalled { phase: "connect".into() }, "no answer");
        let update = to_value(update(Update::Error(failure))).unwrap();
        assert_eq!(update["kind"], "error");
        assert_eq!(update["error"]["kind"], "providerStalled");
        assert_eq!(update["error"]["phase"], "connect");
        assert_eq!(update["error"]["message"], "no answer");
    }
}
