//! `bash`: runs a command line and returns what it wrote.
//!
//! Returns when the shell itself ends, plus a short drain, and says what still runs: a background child that
//! holds the pipe cannot make it hang. Each simple command is asked for; what the analysis does not
//! understand, a person has to see.

use std::{path::PathBuf, time::Duration};

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::{
    Output, Tool, ToolContext, ToolError,
    beneath::Folder,
    params,
    place::{self, blocking},
    process::{self, Running},
    terminal::{Cleaner, Kept},
};
use crate::{
    permission::{
        Ask,
        reach::{self, Ground, Outside},
        shell::{self, Analysis, Named},
    },
    provider::ToolSpec,
    transcript::text::{ellipsis, first_line},
};

/// Output that is kept, in bytes.
pub(in crate::tool) const MAX_OUTPUT: usize = 10 * 1024 * 1024;

/// How long output is still read after the shell's end.
pub(in crate::tool) const DRAIN: Duration = Duration::from_millis(250);

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// Bytes of a title.
pub(in crate::tool) const MAX_TITLE: usize = 120;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Params {
    /// Command line for bash.
    command: String,
    /// Milliseconds after which it is stopped.
    #[schemars(range(min = 1, max = 3_600_000))]
    #[serde(default = "two_minutes")]
    timeout_ms: u64,
    /// Folder to run in, instead of `cd`.
    cwd: Option<String>,
    /// What it does, in a few words.
    description: Option<String>,
}

fn two_minutes() -> u64 {
    120_000
}

/// The tool.
#[derive(Clone, Copy, Debug)]
pub struct Bash;

impl Tool for Bash {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "bash",
            "Runs a command line in bash and returns its output. No input can be given; no terminal. \
             To find and read files prefer grep, glob and read.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let params: Params = params::read(input)?;
            if params.command.trim().is_empty() || params.command.contains('\0') {
                return Err(ToolError::Parameter(
                    "`command` is empty or contains a NUL character".to_owned(),
                ));
            }
            let title = title(&params);
            let cwd = permit(&context, &params).await?;
            context.progress.title(&title);
            let running = process::start(&params.command, cwd, &context.sandbox, &context.environment)
                .map_err(|error| ToolError::Failed(format!("bash could not be started: {error}")))?;
            let text = follow(&context, running, Duration::from_millis(params.timeout_ms)).await?;
            Ok(Output { title, text, ..Output::default() })
        })
    }
}

fn title(params: &Params) -> String {
    let described = params.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
    ellipsis(described.unwrap_or_else(|| first_line(params.command.trim())), MAX_TITLE)
}

/// Asks, and opens the folder to run in.
async fn permit(context: &ToolContext, params: &Params) -> Result<Folder, ToolError> {
    let place = place::locate(context, params.cwd.as_deref().unwrap_or(".")).await?;
    if !place.target.is_dir() {
        return Err(ToolError::Failed(format!("`cwd`: {} is not a folder", place.subject())));
    }
    let Analysis { commands: mut items, doubt, places } = shell::analyze(&params.command);
    let reached = reached(context, place.target.clone(), places).await?;
    let elsewhere =
        (!place.inside).then(|| format!("it runs outside the working directory, in {}", place.subject()));
    let outside = elsewhere.or_else(|| {
        let Outside { command, path } = reached.as_ref()?;
        let label = items.get(*command).map_or("it", |item| item.label.as_str());
        let (label, target) = (ellipsis(label, MAX_TITLE), path.target.to_string_lossy());
        Some(format!("`{label}` reaches {target}, outside the working directory"))
    });
    if outside.is_some() {
        for item in &mut items {
            item.rule.clear();
        }
    }
    let doubt = outside.or(doubt);
    let ask = Ask {
        tool: "bash".to_owned(),
        // What a person allows is the command, whatever the model calls it.
        title: ellipsis(&shell::shown(&params.command), MAX_TITLE),
        must_ask: doubt.is_some(),
        reason: doubt.unwrap_or_else(|| "rules for `bash`".to_owned()),
        items,
        path: reached.map(|outside| outside.path).or_else(|| place.question()),
        diff: None,
    };
    context.gate.permit(ask).await?;
    place::going_on(context)?;
    blocking(move || Ok(Folder::open(&place.target)?)).await
}

/// The first path outside the working directory that the command line would reach.
async fn reached(
    context: &ToolContext,
    folder: PathBuf,
    places: Vec<Named>,
) -> Result<Option<Outside>, ToolError> {
    let root = context.cwd.clone();
    place::blocking(move || {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let ground = Ground { root: &root, folder: &folder, home: home.as_deref() };
        Ok(reach::first_outside(ground, &places))
    })
    .await
}

/// How the waiting ended.
enum End {
    Exited(std::io::Result<std::process::ExitStatus>),
    TimedOut,
    Cancelled,
}

/// Hears the output and keeps it.
struct Listener<'c> {
    context: &'c ToolContext,
    cleaner: Cleaner,
    kept: Kept,
    open: bool,
}

impl Listener<'_> {
    fn hear(&mut self, read: std::io::Result<usize>, buffer: &[u8]) {
        let bytes = buffer.get(..read.unwrap_or(0)).unwrap_or_default();
        self.open = !bytes.is_empty();
        let text = self.cleaner.feed(bytes);
        if !text.is_empty() {
            self.context.progress.output(&text);
            self.kept.push(&text);
        }
    }

    /// Reads on for a moment: what was written before the end is in the pipe.
    async fn drain(&mut self, running: &mut Running, buffer: &mut [u8]) {
        let reading = async {
            while self.open {
                let read = running.output.read(buffer).await;
                self.hear(read, buffer);
            }
        };
        // Whoever still holds the pipe after that is reported by the caller.
        self.open = tokio::time::timeout(DRAIN, reading).await.is_err();
    }
}

async fn follow(context: &ToolContext, mut running: Running, limit: Duration) -> Result<String, ToolError> {
    let mut listener =
        Listener { context, cleaner: Cleaner::default(), kept: Kept::new(MAX_OUTPUT), open: true };
    let mut buffer = vec![0_u8; CHUNK];
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    let end = loop {
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => break End::Cancelled,
            () = &mut deadline => break End::TimedOut,
            status = running.child.wait() => break End::Exited(status),
            read = running.output.read(&mut buffer), if listener.open => listener.hear(read, &buffer),
        }
    };
    match end {
        End::Exited(status) => {
            listener.drain(&mut running, &mut buffer).await;
            let text = with_survivors(listener.kept.into_text(), running.group);
            with_status(text, status, context.sandbox.note())
        }
        End::TimedOut => {
            let text = stop(listener, running, buffer).await;
            Ok(line_after(text, &format!("[stopped: not done after {} ms]", limit.as_millis())))
        }
        End::Cancelled => Err(ToolError::Cancelled { partial: stop(listener, running, buffer).await }),
    }
}

/// Ends the group while its output is still read, so that nobody blocks on a full pipe.
async fn stop(mut listener: Listener<'_>, running: Running, mut buffer: Vec<u8>) -> String {
    let Running { mut child, mut output, group } = running;
    let stopping = group.stop(&mut child);
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            biased;
            () = &mut stopping => break,
            read = output.read(&mut buffer), if listener.open => listener.hear(read, &buffer),
        }
    }
    listener.kept.into_text()
}

/// A failure ends with its code, and with what may have been its reason.
fn with_status(
    text: String,
    status: std::io::Result<std::process::ExitStatus>,
    sandbox: Option<String>,
) -> Result<String, ToolError> {
    use std::os::unix::process::ExitStatusExt;
    let status = status.map_err(|error| ToolError::Failed(format!("waiting for bash failed: {error}")))?;
    let text = match (status.code(), status.signal()) {
        (Some(0), _) => return Ok(text),
        (Some(code), _) => line_after(text, &format!("[exit code {code}]")),
        (None, Some(signal)) => line_after(text, &format!("[ended by signal {signal}]")),
        (None, None) => line_after(text, "[ended without an exit code]"),
    };
    Ok(match sandbox {
        Some(note) => line_after(text, &note),
        None => text,
    })
}

/// Background processes go on, as the command line wanted; the model is told.
fn with_survivors(text: String, group: process::Group) -> String {
    let survivors = group.let_go();
    if survivors.is_empty() {
        return text;
    }
    line_after(text, &format!("[still running: {}]", survivors.join(", ")))
}

fn line_after(mut text: String, line: &str) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    text
}

#[cfg(test)]
mod tests;
