//! Running the tools that an answer asks for: all at once, each result stored as it comes.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream};
use serde_json::Value;

use super::{
    events::Events,
    gauge::StoredGauge,
    run::{Broken, StepEnd, Turn},
};
use crate::{
    context::render::Contents,
    failpoint,
    permission::{Ask, Item, Refusal},
    store::{Bodies, Change, Field},
    tool::{Output, OutputImage, Progress, ToolContext, ToolError},
    transcript::{
        Attachment, Body, DeltaField, FileChange, Message, Part, PartId, PartKind, SessionId, StopReason,
        Timestamp, TodoItem, ToolPart, ToolState, TurnId, Update,
        evidence::Record,
        image::{self, Outgoing},
        secret::{Redactor, Secrets},
        text,
    },
};

/// How long a tool may take to end after the turn was stopped. Children get TERM, and KILL after 2 s.
pub(in crate::turn) const GRACE: Duration = Duration::from_millis(2_300);

/// Calls of one answer that run at once; the others wait.
pub(in crate::turn) const AT_ONCE: usize = 16;

/// The same call this often in a row, over steps, and a person is asked.
pub(in crate::turn) const SAME_CALL_LIMIT: u32 = 3;

/// Calls that were made again and again without change.
#[derive(Debug, Default)]
pub(super) struct RepeatedCalls {
    last: Vec<(String, String)>,
    times: u32,
}

impl RepeatedCalls {
    /// Takes in the calls of a step. Says whether the same ones were made [`SAME_CALL_LIMIT`] times in a row.
    fn too_often(&mut self, calls: Vec<(String, String)>) -> bool {
        if calls == self.last {
            self.times += 1;
        } else {
            (self.last, self.times) = (calls, 1);
        }
        self.times >= SAME_CALL_LIMIT
    }
}

/// What became of a call.
struct Done {
    part: PartId,
    tool: ToolPart,
    files: Bodies,
    evidence: Record,
    changed: Vec<FileChange>,
    looked_at: Vec<PathBuf>,
    ends_turn: bool,
}

impl Turn {
    /// Runs the calls of a stored answer and appends answer and results to the window.
    pub(super) async fn run_tools(
        &mut self,
        mut message: Message,
        mut contents: Contents,
        calls: Vec<PartId>,
    ) -> Result<StepEnd, Broken> {
        let tools: BTreeMap<&str, &ToolPart> = message
            .parts
            .iter()
            .filter_map(|part| match &part.kind {
                PartKind::Tool(tool) => Some((part.id.as_str(), tool)),
                _ => None,
            })
            .collect();
        // In the order in which they were written: ids are random.
        let all: Vec<_> = calls
            .iter()
            .filter_map(|id| tools.get(id.as_str()))
            .map(|tool| (tool.tool.clone(), tool.input.text.clone()))
            .collect();
        let refused =
            if self.repeated.too_often(all) { self.ask_about_repetition(&tools).await } else { None };
        let calls: Vec<_> = calls
            .iter()
            .filter_map(|id| Some((id, tools.get(id.as_str())?)))
            .map(|(id, tool)| self.call(&message, id.clone(), (*tool).clone(), refused.clone()))
            .collect();
        drop(tools);
        let mut open = calls.len();
        let mut running = stream::iter(calls).buffer_unordered(AT_ONCE);

        let (mut changed, mut looked_at, mut ends_turn) = (Vec::new(), Vec::new(), false);
        let mut unstored = None;
        while let Some(done) = running.next().await {
            failpoint::reach("tool.ended").await;
            let evidence = Some(done.evidence);
            let change = Change::Settled(done.part.clone(), done.tool.clone(), done.files.clone(), evidence);
            let mut changes = vec![change];
            changed.extend(done.changed.iter().map(|file| file.path.clone()));
            looked_at.extend(done.looked_at);
            changes.extend(self.changes(done.changed).await);
            open -= 1;
            if open == 0 {
                changes.extend(self.thread.settled());
            }
            if let Err(error) = self.shared.store.apply(&self.session, changes).await {
                // What the other calls do is done, too: their results wait for the disk like this one.
                unstored.get_or_insert(error);
                continue;
            }
            failpoint::reach("result.stored").await;
            ends_turn |= done.ends_turn;
            for (field, data) in done.files {
                contents.insert(done.part.clone(), field, data);
            }
            if let Some(part) = message.parts.iter_mut().find(|part| part.id == done.part) {
                part.kind = PartKind::Tool(done.tool);
                self.emit(Update::Part(part.clone()));
            }
        }
        if let Some(error) = unstored {
            return Err(error.into());
        }
        looked_at.extend(changed.iter().map(PathBuf::from));
        self.visit(looked_at).await;
        self.note_changed_files(&mut message, changed).await?;
        self.window.push(&message, &contents);
        failpoint::reach("tools.done").await;
        self.stop_if_cancelled()?;
        Ok(if ends_turn { StepEnd::Stop(StopReason::PermissionRejected) } else { StepEnd::More })
    }

    /// The future of one call. It ends soon after the turn is stopped, whatever the tool does.
    fn call(
        &self,
        message: &Message,
        part: PartId,
        tool: ToolPart,
        refused: Option<Refusal>,
    ) -> BoxFuture<'static, Done> {
        let shown = Shown {
            events: Arc::clone(&self.shared.events),
            session: self.session.clone(),
            turn: self.id.clone(),
            part: Part {
                id: part.clone(),
                message_id: message.id.clone(),
                index: message.parts.iter().find(|other| other.id == part).map_or(0, |found| found.index),
                kind: PartKind::Tool(tool.clone()),
            },
            secrets: self.context.secrets.clone(),
            output: Mutex::new(Redactor::new(self.context.secrets.clone())),
        };
        let context = self.tool_context(Arc::new(shown));
        // Only what its agent was offered.
        let offered = self.context.specs.iter().any(|spec| spec.name == tool.tool);
        let found = self.shared.tools.find(&tool.tool).filter(|_| offered);
        let names = self.context.specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
        let (cancel, secrets) = (self.cancel.clone(), self.context.secrets.clone());
        Box::pin(async move {
            failpoint::reach("tool.started").await;
            let started_at = Timestamp::now();
            let result = match (refused, found, arguments(&tool.input.text)) {
                // It waited for its place until the turn was stopped.
                _ if cancel.is_cancelled() => Err(ToolError::Cancelled { partial: String::new() }),
                (Some(refusal), _, _) => Err(ToolError::Refused(refusal)),
                (None, None, _) => Err(ToolError::Failed(format!(
                    "There is no tool `{}`. The tools are: {names}.",
                    tool.tool
                ))),
                (None, Some(_), Err(error)) => Err(ToolError::Parameter(error)),
                (None, Some(found), Ok(input)) => {
                    let work = tokio::spawn(async move { found.call(context, input).await });
                    let abort = work.abort_handle();
                    tokio::select! {
                        biased;
                        result = work => result.unwrap_or_else(|error| {
                            Err(ToolError::Failed(format!("the tool failed unexpectedly: {error}")))
                        }),
                        () = stopped(&cancel) => {
                            abort.abort();
                            Err(ToolError::Cancelled { partial: String::new() })
                        }
                    }
                }
            };
            settle(part, tool, started_at, without_secrets(&secrets, result))
        })
    }

    /// What a tool of this turn may use.
    pub(super) fn tool_context(&self, progress: Arc<dyn Progress>) -> ToolContext {
        ToolContext {
            session: self.session.clone(),
            cwd: self.context.cwd.clone(),
            cancel: self.cancel.child_token(),
            gate: Arc::clone(&self.gate),
            editor: Arc::clone(&self.shared.editor),
            person: Arc::clone(&self.person),
            gauge: Arc::new(StoredGauge {
                store: self.shared.store.clone(),
                session: self.session.clone(),
                context: Arc::clone(&self.context),
            }),
            sessions: Arc::clone(&self.shared.sessions),
            progress,
            skills: Arc::clone(&self.context.skills),
            web: Arc::clone(&self.context.web),
            store: self.shared.store.clone(),
            environment: Arc::clone(&self.context.environment),
            sandbox: Arc::clone(&self.context.sandbox),
        }
    }

    /// Asks the person whether the same call may be made once more. `None` when it may.
    async fn ask_about_repetition(&self, tools: &BTreeMap<&str, &ToolPart>) -> Option<Refusal> {
        let tool = tools.values().next()?;
        let label = text::ellipsis(&tool.input.text, 500);
        let ask = Ask {
            tool: tool.tool.clone(),
            title: format!("{} again, with the same parameters", tool.tool),
            reason: format!("the same call was made {} times in a row", self.repeated.times),
            items: vec![Item { looks: true, ..Item::new(label.clone(), label) }],
            path: None,
            diff: None,
            must_ask: true,
        };
        self.gate.permit(ask).await.err()
    }
}

/// Resolves when a stopped tool has had its time to end.
async fn stopped(cancel: &tokio_util::sync::CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// The arguments as an object. A model that wrote none means none.
fn arguments(written: &str) -> Result<Value, String> {
    if written.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_str(written) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(_) => Err("the parameters must be a JSON object".to_owned()),
        Err(error) => Err(format!("the parameters are not valid JSON: {error}")),
    }
}

/// What a call found, without keys that we know (invariant 13): it is stored, and the model reads it.
pub(super) fn without_secrets(
    secrets: &Secrets,
    result: Result<Output, ToolError>,
) -> Result<Output, ToolError> {
    let hide = |text: &mut String| {
        if secrets.are_in(text) {
            *text = secrets.hide(text);
        }
    };
    match result {
        Ok(mut output) => {
            hide(&mut output.title);
            hide(&mut output.text);
            Ok(output)
        }
        Err(ToolError::Parameter(mut words)) => {
            hide(&mut words);
            Err(ToolError::Parameter(words))
        }
        Err(ToolError::Failed(mut words)) => {
            hide(&mut words);
            Err(ToolError::Failed(words))
        }
        Err(ToolError::Cancelled { mut partial }) => {
            hide(&mut partial);
            Err(ToolError::Cancelled { partial })
        }
        Err(refused @ ToolError::Refused(_)) => Err(refused),
    }
}

fn settle(
    part: PartId,
    mut tool: ToolPart,
    started_at: Timestamp,
    result: Result<Output, ToolError>,
) -> Done {
    let ended_at = Timestamp::now();
    let (mut files, mut changed, mut looked_at) = (Bodies::new(), Vec::new(), Vec::new());
    let ends_turn = matches!(&result, Err(ToolError::Refused(refusal)) if refusal.ends_turn());
    let evidence = match &result {
        Ok(output) => {
            tool.title = Some(output.title.clone());
            tool.attachments.extend(output.images.iter().map(attachment));
            Record::of(&part, &tool, &output.text)
        }
        Err(error) => Record::of(&part, &tool, &told(error)),
    };
    tool.state = match result {
        Ok(output) => {
            (changed, looked_at) = (output.changed, output.looked_at);
            files = (0_u8..)
                .zip(output.images)
                .map(|(index, image)| (Field::Attachment(index), image.data.to_vec()))
                .collect();
            ToolState::Completed { started_at, ended_at, output: Body::whole(output.text) }
        }
        Err(error) => ToolState::Error { started_at: Some(started_at), ended_at, message: told(&error) },
    };
    Done { part, tool, files, evidence, changed, looked_at, ends_turn }
}

/// An image of a result, as it is stored with the call.
fn attachment(file: &OutputImage) -> Attachment {
    let (mime, bytes) = (file.picture.kind.mime().to_owned(), file.data.len() as u64);
    let (width, height) = (file.picture.width, file.picture.height);
    let shown = image::Shown::Image(Outgoing { mime: mime.clone(), width, height, bytes, copy: false });
    Attachment { mime, name: Some(file.name.clone()), bytes, shown: Some(shown) }
}

/// What the model reads of an error.
fn told(error: &ToolError) -> String {
    match error {
        ToolError::Cancelled { partial } if partial.is_empty() => {
            "Interrupted: the turn was stopped.".to_owned()
        }
        ToolError::Cancelled { partial } => format!("{partial}\n[interrupted: the turn was stopped]"),
        ToolError::Refused(refusal) => format!("Not done: {}.", refusal.to_string().trim_end_matches('.')),
        other => other.to_string(),
    }
}

/// Shows what a running tool has to say.
struct Shown {
    events: Arc<Events>,
    session: SessionId,
    turn: TurnId,
    /// The call's part as it was when it began to run.
    part: Part,
    secrets: Secrets,
    /// Its output on the way to clients: a key may come in two pieces.
    output: Mutex<Redactor>,
}

impl Progress for Shown {
    fn output(&self, text: &str) {
        let text = self.output.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        if text.is_empty() {
            return;
        }
        let update = Update::PartDelta {
            message_id: self.part.message_id.clone(),
            part_id: self.part.id.clone(),
            field: DeltaField::Output,
            text,
        };
        self.events.emit(&self.session, Some(&self.turn), update);
    }

    fn title(&self, title: &str) {
        let mut part = self.part.clone();
        if let PartKind::Tool(tool) = &mut part.kind {
            tool.title = Some(self.secrets.hide(title));
        }
        self.events.emit(&self.session, Some(&self.turn), Update::Part(part));
    }

    fn todo(&self, items: Vec<TodoItem>) {
        self.events.emit(&self.session, Some(&self.turn), Update::Todo(items));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_same_call_in_a_row_is_too_often() {
        let mut repeated = RepeatedCalls::default();
        let call = || vec![("read".to_owned(), "{}".to_owned())];
        assert!(!repeated.too_often(call()));
        assert!(!repeated.too_often(call()));
        assert!(repeated.too_often(call()));
        assert!(!repeated.too_often(vec![("grep".to_owned(), "{}".to_owned())]));
        assert!(!repeated.too_often(call()));
    }

    #[test]
    fn arguments_are_an_object_or_an_error_that_says_so() {
        assert_eq!(arguments(" ").unwrap(), serde_json::json!({}));
        assert!(arguments("[1]").unwrap_err().contains("object"));
        assert!(arguments("{\"a\":").unwrap_err().contains("JSON"));
    }
}
