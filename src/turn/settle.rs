//! What came of a provider call is stored, in one transaction, and then shown (invariant 7).
//!
//! Whole or broken off, an answer is settled exactly once, and each of its calls is left running or has a result
//! (invariant 5).

use std::time::Duration;

use super::{
    run::Turn,
    step::{Answered, Call},
    stream::{Answer, Finish},
};
use crate::{
    context::render::Contents,
    failpoint,
    store::{Change, Field, NewPart, Step, StoreError},
    transcript::{
        Failure, Message, MessageId, Part, PartId, PartKind, Timestamp, ToolPart, ToolState, Update, Usage,
    },
};

impl Turn {
    /// Stores a complete answer in one transaction and shows it.
    pub(super) async fn settle_whole(
        &mut self,
        message: Message,
        answer: &mut Answer,
        mut finish: Finish,
        call: &Call,
        retries: u32,
    ) -> Result<Answered, StoreError> {
        finish.usage.cost_usd = self.context.limits.cost.of(&finish.usage);
        let (parts, mut changes, contents) = take_in(answer);
        let index = u32::try_from(message.parts.len() + parts.len()).unwrap_or(u32::MAX);
        let kind = PartKind::StepFinish { reason: Some(finish.reason), usage: Some(finish.usage) };
        let end = Part { id: PartId::random(), message_id: message.id.clone(), index, kind };
        changes.push(Change::Part(message.seq, NewPart::from(end.clone())));
        let now = Timestamp::now();
        changes.push(Change::Completed {
            message: message.id.clone(),
            at: now,
            finish: Some(finish.reason),
            error: None,
            usage: Some(finish.usage),
            response: self.thread.kept_id(finish.response.as_ref()),
        });
        let makes_calls = parts.iter().any(|part| matches!(part.kind, PartKind::Tool(_)));
        changes.extend(self.thread.answered(message.seq, finish.response.clone(), call, makes_calls));
        changes.push(Change::Step(self.answered(&message, call, retries, &finish)));
        let started = parts.iter().filter(|part| matches!(part.kind, PartKind::Tool(_)));
        changes.extend(started.map(|part| Change::Started(part.id.clone(), now)));
        let consumed = self.shared.store.apply(&self.session, changes).await?.into_inner();
        failpoint::reach("answer.stored").await;

        let mut message = message;
        message.parts.extend(parts);
        message.parts.push(end);
        message.completed_at = Some(now);
        message.finish = Some(finish.reason);
        message.usage = Some(finish.usage);
        let calls = start_calls(&mut message, now);
        self.show(&message);
        let used = finish.usage.total_input() + finish.usage.output + finish.usage.reasoning;
        self.emit(Update::Usage { usage: consumed, used, limit: self.context.limits.context });
        Ok(Answered::Whole { message: Box::new((message, contents)), calls, finish })
    }

    /// Stores what came of an answer that broke off, and why. Calls in it get a result (invariant 5).
    pub(super) async fn settle_cut(
        &mut self,
        message: Message,
        answer: &mut Answer,
        call: &Call,
        retries: u32,
        failure: Failure,
    ) -> Result<(), StoreError> {
        let (mut parts, mut changes, contents) = take_in(answer);
        let incomplete = answer.incomplete_calls();
        for part in &mut parts {
            if let PartKind::Tool(tool) = &mut part.kind {
                let unfinished = incomplete.contains(&part.id);
                close_call(tool, unfinished, &failure);
                changes.push(Change::Settled(part.id.clone(), tool.clone(), Vec::new(), None));
            }
        }
        let now = Timestamp::now();
        changes.push(Change::Completed {
            message: message.id.clone(),
            at: now,
            finish: None,
            error: Some(failure.clone()),
            usage: None,
            response: None,
        });
        if answer.has_begun() {
            changes.extend(self.thread.broke_off());
        }
        self.cache.failed();
        let word = failure.kind.name();
        changes.push(Change::Step(self.ledger(&message.id, call, retries, Usage::default(), word)));
        self.shared.store.apply(&self.session, changes).await?;
        failpoint::reach("cut.stored").await;
        let mut message = message;
        message.parts.extend(parts);
        message.completed_at = Some(now);
        message.error = Some(failure);
        self.window.push(&message, &contents);
        self.show(&message);
        Ok(())
    }

    /// The ledger's row of a call.
    pub(super) fn ledger(
        &self,
        message: &MessageId,
        call: &Call,
        retries: u32,
        usage: Usage,
        finish: String,
    ) -> Step {
        Step {
            seq: 0,
            message_id: message.clone(),
            started_at: call.started_at,
            model: self.context.model.clone(),
            request_bytes: call.request_bytes,
            input_items: call.input_items,
            threading: call.threading.mode().to_owned(),
            threading_reason: call.threading.reason().to_owned(),
            usage,
            cache_miss: None,
            frame: serde_json::to_string(&call.frame).unwrap_or_default(),
            first_event_ms: call.first_event.map(millis),
            duration_ms: millis(call.started.elapsed()),
            retries,
            overhead_us: u64::try_from(call.overhead.as_micros()).unwrap_or(u64::MAX),
            finish,
        }
    }

    /// Shows each part in its final form, then the message.
    fn show(&self, message: &Message) {
        for part in message.parts.iter().filter(|part| !matches!(part.kind, PartKind::StepStart)) {
            self.emit(Update::Part(part.clone()));
        }
        self.emit(Update::Message(message.clone()));
    }
}

/// The parts of an answer, what the store has not been given of it yet, and what rendering needs beside.
fn take_in(answer: &mut Answer) -> (Vec<Part>, Vec<Change>, Contents) {
    let mut changes = answer.flush();
    let (parts, seals) = answer.parts();
    let mut contents = Contents::default();
    for (part, seal) in seals {
        let seal = seal.to_stored();
        contents.insert(part.clone(), Field::Seal, seal.clone().into_bytes());
        changes.push(Change::Append(part, Field::Seal, seal));
    }
    (parts, changes, contents)
}

/// Marks the calls of a message as running and names them.
fn start_calls(message: &mut Message, now: Timestamp) -> Vec<PartId> {
    let mut calls = Vec::new();
    for part in &mut message.parts {
        if let PartKind::Tool(tool) = &mut part.kind {
            tool.state = ToolState::Running { started_at: now };
            calls.push(part.id.clone());
        }
    }
    calls
}

/// Gives a call of a broken answer its result.
fn close_call(tool: &mut ToolPart, unfinished: bool, failure: &Failure) {
    let when = if unfinished { "while the call was being written" } else { "before the call was made" };
    let message = format!("Not run: the answer broke off {when} ({}).", failure.message);
    tool.state = ToolState::Error { started_at: None, ended_at: Timestamp::now(), message };
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
