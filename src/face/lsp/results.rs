//! Results of our methods.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::types::{Message, Recovered, Session};
use crate::{
    engine::{Fate, SandboxStatus},
    provider::Cost,
    transcript::{
        CacheMiss, MessageId, ModelRef, PartId, Project, QueuedPrompt, Seq, StopReason, Timestamp, TodoItem,
        Usage, evidence::Record,
    },
    workspace::config::Config,
};

/// Where an evidence record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceSource {
    /// It was written when the tool completed.
    Stored,
    /// It was made again from what the row still has.
    Recomputed,
    /// The call is not compacted: the model sees the result itself.
    NotCompacted,
}

/// What a turn does before it sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum First {
    /// Old outputs become evidence.
    Prune,
    /// The history is summarised.
    Compaction,
    /// The beginning of the history is left out.
    Window,
}

/// Defines results: written in camelCase.
macro_rules! results {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

results! {
    /// What a compaction did, or would do. Sizes in tokens.
    Compacted {
        /// The next request before.
        before: u64,
        /// The next request after; an estimate in a dry run.
        after: u64,
        /// The `seq` of the newest summary; 0 while there is none. `after` equals `before` when nothing was to be won.
        boundary_seq: Seq,
        /// Calls whose evidence stands behind the summary.
        evidence: u64,
        /// The summary's message, when one was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        summary_message_id: Option<MessageId>,
    }
    /// What the model will see with the next request. Sizes in tokens.
    #[derive(Deserialize)]
    ContextReport {
        /// The model that will be asked.
        model: ModelRef,
        /// Size of its window.
        limit: u64,
        /// Kept free of it.
        reserved: u64,
        /// What a request may hold before the history is compacted.
        usable: u64,
        /// What the next request holds: counted by the provider as far as it has seen it, estimated beyond.
        used: u64,
        /// How much of `used` is estimated.
        estimated: u64,
        /// How far off estimates are: what the provider counted for the last request …
        counted_tokens: u64,
        /// … and what the same was estimated at. Estimates here are corrected by the two.
        counted_estimate: u64,
        /// The `seq` of the newest summary; 0 while there is none.
        boundary_seq: Seq,
        /// The `seq` of the first message behind it that is sent.
        window_start_seq: Seq,
        /// The pieces of the history, oldest first.
        items: Vec<ContextItem>,
        /// What stands before them in each request.
        fragments: Vec<ContextFragment>,
        /// How the next request will reach the provider.
        threading: ContextThreading,
    }
    /// The skills that the model can load.
    SkillList {
        /// They.
        skills: Vec<ListedSkill>,
    }
    /// A skill.
    ListedSkill {
        /// What the model calls it.
        name: String,
        /// When it fits.
        description: String,
        /// Its file.
        path: String,
        /// What is wrong with it, a line for each; one that cannot be loaded is listed for that.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        mistakes: Vec<String>,
    }
    /// A piece of the history.
    #[derive(Deserialize)]
    ContextItem {
        /// Its message's place.
        seq: Seq,
        /// Its message.
        message_id: MessageId,
        /// The part; missing for what stands for several.
        #[serde(skip_serializing_if = "Option::is_none")]
        part_id: Option<PartId>,
        /// The part's type; `summary`, or `earlier` for the sum of all that is older than what is listed.
        kind: String,
        /// The tool called.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// The call's title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Its size in the next request; of what is not sent, what it would take.
        tokens: u64,
        /// What became of it.
        fate: Fate,
        /// How many parts it stands for.
        parts: u64,
    }
    /// A piece of what stands before the history.
    #[derive(Deserialize)]
    ContextFragment {
        /// What it is.
        name: String,
        /// Its size.
        tokens: u64,
        /// When it was last changed, where it is a file.
        #[serde(skip_serializing_if = "Option::is_none")]
        changed_at: Option<Timestamp>,
    }
    /// How a request reaches the provider.
    #[derive(Deserialize)]
    ContextThreading {
        /// `full` or `delta`.
        mode: String,
        /// Why.
        reason: String,
        /// The last message that the provider has.
        #[serde(skip_serializing_if = "Option::is_none")]
        anchor_seq: Option<Seq>,
    }
    /// The request that would be sent next.
    NextRequest {
        /// `POST`.
        method: String,
        /// Where it goes.
        url: String,
        /// Headers by name; of a credential the name only.
        headers: BTreeMap<String, String>,
        /// Its body, byte for byte as it is sent; in the place of secrets stands `[redacted]`.
        body: String,
        /// Size of the body as it is sent.
        bytes: u64,
        /// How it reaches the provider.
        threading: ContextThreading,
        /// What the provider may find in its cache.
        forecast: Forecast,
        /// What comes before it and makes it another: it is shown as it stands until then.
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<First>,
        /// What else keeps it from being sent as it is.
        notes: Vec<String>,
    }
    /// What the provider may find in its cache: what was sent before and is sent again unchanged. Judged by stored facts,
    /// as the ledger will judge the call; what the provider really remembers is its own business.
    Forecast {
        /// Units of conversation that the model reads, those included that the provider keeps.
        items: u64,
        /// Tokens of all that it reads.
        tokens: u64,
        /// Units that were sent before.
        cached_items: u64,
        /// Tokens up to there, instructions and tools included.
        cached_tokens: u64,
        /// Why none of it will be found, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        miss: Option<CacheMiss>,
    }
    /// A session.
    SessionResult {
        /// It.
        session: Session,
    }
    /// A session, with what else a client shows of one that it opens.
    OpenedSession {
        /// It.
        session: Session,
        /// Its todo list.
        todo: Vec<TodoItem>,
    }
    /// A project.
    ProjectResult {
        /// It.
        project: Project,
    }
    /// The projects with the newest activity first.
    ProjectList {
        /// They.
        projects: Vec<Project>,
    }
    /// A page of sessions, newest activity first.
    SessionPage {
        /// They.
        sessions: Vec<Session>,
        /// Where the next page begins, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    }
    /// A page of messages, ascending.
    MessagePage {
        /// They.
        messages: Vec<Message>,
        /// Whether there are earlier ones.
        has_before: bool,
        /// Whether there are later ones.
        has_after: bool,
        /// What an unclean end interrupted here, where there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        recovered: Option<Recovered>,
    }
    /// A range of a part's field: `text`, or `base64` where it is none.
    PartRange {
        /// Text.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Bytes that are no text.
        #[serde(skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        /// Where it begins, in bytes, moved to a character's beginning.
        offset: u64,
        /// Size of the whole field in bytes.
        bytes: u64,
        /// Whether the field ends here.
        eof: bool,
    }
    /// The evidence of a tool call.
    EvidenceResult {
        /// What the model sees of it once it is compacted.
        text: String,
        /// What that is made from; missing when the result itself is gone.
        #[serde(skip_serializing_if = "Option::is_none")]
        record: Option<Record>,
        /// Where the record came from; `notCompacted` while the model still sees the result itself.
        source: EvidenceSource,
    }
    /// How a prompt's turn ended.
    PromptResult {
        /// The prompt's message.
        message_id: MessageId,
        /// Why it ended.
        stop_reason: StopReason,
        /// Provider calls.
        steps: u32,
        /// What they consumed.
        usage: Usage,
    }
    /// What `session/cancel` did.
    Cancelled {
        /// Whether something was running.
        cancelled: bool,
    }
    /// The prompts that wait.
    QueueResult {
        /// They, in the order in which they will be answered.
        prompts: Vec<QueuedPrompt>,
    }
    /// What `session/unqueue` did.
    Removed {
        /// Whether the prompt was still waiting.
        removed: bool,
    }
    /// What `session/delete` did.
    Deleted {
        /// Whether it was there.
        deleted: bool,
    }
    /// The ledger of a session.
    StepsResult {
        /// Provider calls, in order.
        steps: Vec<Step>,
    }
    /// One provider call.
    Step {
        /// Its place in the session's ledger.
        seq: u64,
        /// The message that it wrote.
        message_id: MessageId,
        /// When it began.
        started_at: Timestamp,
        /// The model that was called.
        model: ModelRef,
        /// Size of the request's body.
        request_bytes: u64,
        /// Items of conversation in the request.
        input_items: u64,
        /// `full`, or `delta` where it continued a response that the provider keeps.
        threading: String,
        /// Why.
        threading_reason: String,
        /// Uncached input tokens.
        input: u64,
        /// Input tokens read from the cache.
        cache_read: u64,
        /// Input tokens written to the cache.
        cache_write: u64,
        /// Why less was read from the cache than was expected; missing when it was not, or when the provider says
        /// nothing about its cache.
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_miss: Option<CacheMiss>,
        /// Output tokens.
        output: u64,
        /// US dollars.
        cost_usd: f64,
        /// Until the first event.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_event_ms: Option<u64>,
        /// Until the end.
        duration_ms: u64,
        /// Calls that failed before this one.
        retries: u32,
        /// Our own work.
        overhead_ms: f64,
        /// How it ended.
        finish: String,
    }
    /// What `session/export` made: a file, or a text.
    Exported {
        /// The file.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// The text.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    }
    /// The models that can be chosen.
    ModelList {
        /// They.
        models: Vec<ModelEntry>,
    }
    /// A model that can be chosen.
    ModelEntry {
        /// The provider's name in the configuration.
        provider: String,
        /// The model's id at the provider.
        id: String,
        /// Size of its window in tokens.
        context: u64,
        /// The most it writes in one answer, in tokens.
        max_output: u64,
        /// Whether it takes images.
        images: bool,
        /// US dollars for a million tokens.
        #[schemars(with = "crate::workspace::config::CostConfig")]
        cost: Cost,
        /// Whether its provider can be called.
        ready: bool,
    }
    /// The tools that the model is offered.
    ToolList {
        /// They.
        tools: Vec<ToolEntry>,
    }
    /// A tool that the model is offered.
    ToolEntry {
        /// Its name.
        name: String,
        /// What it does.
        description: String,
        /// JSON Schema of its parameters.
        parameters: Value,
    }
    /// The merged configuration.
    ConfigResult {
        /// It; secrets are redacted.
        config: Config,
        /// Where each value came from, by dotted key.
        sources: BTreeMap<String, String>,
        /// The line in that file, from 1, by dotted key.
        lines: BTreeMap<String, u32>,
        /// What is wrong with the files: a line for each mistake, with its file, line, column, key and cure.
        mistakes: Vec<String>,
    }
    /// What the server knows of itself.
    ServerStatus {
        /// Its version.
        version: String,
        /// Its process id.
        pid: u32,
        /// Since it was started.
        uptime_ms: u64,
        /// Memory in use, where the system tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        rss_bytes: Option<u64>,
        /// The database engine's version.
        sqlite_version: String,
        /// The database.
        db: DatabaseStatus,
        /// Sessions in it.
        sessions: SessionCounts,
        /// What waits.
        queues: Queues,
        /// What holds the commands that tools run, unless a project's configuration says otherwise.
        sandbox: SandboxStatus,
    }
    /// The database.
    DatabaseStatus {
        /// Its file.
        path: String,
        /// Its size.
        bytes: u64,
        /// Size of its write-ahead log.
        wal_bytes: u64,
    }
    /// Sessions.
    SessionCounts {
        /// All.
        total: u64,
        /// Those with a turn in this process.
        running: u64,
    }
    /// What waits.
    Queues {
        /// Bytes that the client has not read.
        outgoing_bytes: u64,
    }
}
