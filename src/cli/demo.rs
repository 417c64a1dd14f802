//! `agentls demo`: the whole path, seen from a client, on a sample project and the built-in offline model.
//!
//! A server runs as a child with directories of its own, is asked to work, is ended, started again, and still
//! knows everything; then a long session is made and compacted, and nothing of it is lost. Each stage is checked: the demo fails when something is not as it should be. Needs no key,
//! no network and no terminal.

mod long;
mod memory;
mod sample;
mod show;
mod upload;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use agentls::transcript::text;

use super::{client::Client, figures};
use memory::Memory;
use show::Show;

/// What is shown of the server's stderr when something failed, in bytes.
const SHOWN_LOG: usize = 2_000;

/// The configuration's directory in the scratch directory.
const CONFIG: &str = "config";

/// The directories of the demo; removed when it ends.
struct Stage {
    root: TempDir,
    project: PathBuf,
    program: PathBuf,
}

/// What was measured.
#[derive(Default)]
struct Measured {
    /// From the process's start to the reply to `initialize`, for each start.
    starts: Vec<Duration>,
    /// Peak memory of the servers in bytes, where the system tells.
    peak: Option<u64>,
    /// Our own time in each step, in milliseconds.
    overheads: Vec<f64>,
    /// Size of the database with its log, in bytes.
    database: u64,
    /// Memory before and after stages of a long session.
    long: Vec<(&'static str, Memory)>,
}

pub(super) fn demo() -> anyhow::Result<ExitCode> {
    let stage = Stage::set()?;
    let mut show = Show::new();
    let played = play(&stage, &mut show);
    if played.is_err() {
        show.end_line()?;
        let log = fs::read_to_string(stage.log()).unwrap_or_default();
        for line in text::tail(&log, SHOWN_LOG).lines() {
            show.detail(line)?;
        }
    }
    played?;
    Ok(ExitCode::SUCCESS)
}

fn play(stage: &Stage, show: &mut Show) -> anyhow::Result<()> {
    show.title(
        "agentls: a session from the first byte to a restart, and a long one. No key, no network, a scratch directory.",
    )?;
    let mut measured = Measured::default();
    let mut server = stage.start(show, &mut measured).context("the server did not start")?;
    let session = new_session(&mut server, stage, show).context("no session was made")?;
    prompt(&mut server, &session, stage, show).context("the prompt was not answered as it should be")?;
    stop(&mut server, show, &mut measured).context("the server did not end in order")?;

    let mut server = stage.start(show, &mut measured).context("the server did not start again")?;
    find_again(&mut server, &session, stage, show).context("the session was not there again")?;
    measure(&mut server, &session, show, &mut measured).context("there are no figures")?;
    measured.long =
        long::play(&mut server, stage, show).context("the long session is not as it should be")?;
    upload::play(&mut server, stage, show).context("the ledger is not as it should be")?;
    stop(&mut server, show, &mut measured).context("the server did not end in order")?;
    print_figures(show, measured)
}

impl Stage {
    fn set() -> anyhow::Result<Self> {
        let root = tempfile::Builder::new().prefix("agentls-demo-").tempdir();
        let root = root.context("there is no place for a scratch directory")?;
        let project = root.path().join("todo");
        sample::write(&project).context("the sample project cannot be written")?;
        upload::configure(&root.path().join(CONFIG), false).context("the configuration cannot be written")?;
        let program = std::env::current_exe().context("the program does not know where it is")?;
        Ok(Self { root, project, program })
    }

    /// Where the configuration lies.
    fn config(&self) -> PathBuf {
        self.root.path().join(CONFIG)
    }

    /// The server's stderr.
    fn log(&self) -> PathBuf {
        self.root.path().join("server.log")
    }

    /// Starts a server and greets it.
    fn start(&self, show: &mut Show, measured: &mut Measured) -> anyhow::Result<Client> {
        let log = File::options().append(true).create(true).open(self.log())?;
        let directory = |name: &str| self.root.path().join(name);
        let mut server = Client::start(&self.program, &directory("data"), &directory(CONFIG), log)?;
        let greeting = json!({
            "processId": std::process::id(),
            "rootUri": null,
            "capabilities": {},
            "clientInfo": {"name": "agentls demo"},
            "initializationOptions": {"agentls": {"clientAbilities": {"permission": true, "diff": true}}},
        });
        let reply = server.request("initialize", &greeting, show)?;
        let took = server.age();
        server.notify("initialized", &json!({}))?;
        let version = string(&reply, "/serverInfo/version")?;
        let took_ms = figures::millis(took.as_secs_f64() * 1_000.0);
        show.stage(&format!("Server {version} started; `initialize` answered {took_ms} after the start"))?;
        measured.starts.push(took);
        Ok(server)
    }
}

/// Makes a session; its id.
fn new_session(server: &mut Client, stage: &Stage, show: &mut Show) -> anyhow::Result<String> {
    let params = json!({"cwd": stage.project, "model": "offline/explorer"});
    let reply = server.request("session/new", &params, show)?;
    let id = string(&reply, "/session/id")?;
    show.stage(&format!("Session {id} on a sample project, with offline/explorer"))?;
    Ok(id)
}

/// Prompts and checks what became of it.
fn prompt(server: &mut Client, session: &str, stage: &Stage, show: &mut Show) -> anyhow::Result<()> {
    let prompt = format!(
        "Where is {} defined? Then replace \"{}\" with \"{}\" in {} and run `{}`.",
        sample::FUNCTION,
        sample::WRONG,
        sample::RIGHT,
        sample::CLI,
        sample::CHECK
    );
    show.prompt(&prompt)?;
    let params = json!({"sessionId": session, "parts": [{"type": "text", "text": prompt}]});
    let reply = server.request("session/prompt", &params, show)?;
    show.end_line()?;
    ensure!(string(&reply, "/stopReason")? == "endTurn", "it ended otherwise: {reply}");
    let asked = show.asked();
    ensure!(asked == ["workspace", "edit", "bash"], "permission was asked for {asked:?}");
    check_file(&stage.project.join(sample::CLI))?;
    show.success(&format!("{} is corrected on disk; each change was asked for first", sample::CLI))?;
    Ok(())
}

fn check_file(path: &Path) -> anyhow::Result<()> {
    let content = fs::read_to_string(path)?;
    let corrected = content.contains(sample::RIGHT) && !content.contains(sample::WRONG);
    ensure!(corrected, "{} was not changed", path.display());
    Ok(())
}

/// Ends the server and notes how much memory it had used.
fn stop(server: &mut Client, show: &mut Show, measured: &mut Measured) -> anyhow::Result<()> {
    measured.peak = measured.peak.max(Memory::of(server.pid()).peak);
    let status = server.end(show)?;
    ensure!(status.success(), "{status}");
    show.stage("Server shut down").context("the screen takes no more")
}

/// Finds the session in a server that has just started, with all that was said.
fn find_again(server: &mut Client, session: &str, stage: &Stage, show: &mut Show) -> anyhow::Result<()> {
    let cwd = fs::canonicalize(&stage.project)?;
    let listed = server.request("session/list", &json!({"cwd": cwd}), show)?;
    ensure!(string(&listed, "/sessions/0/id")? == session, "the list is another: {listed}");
    let title = string(&listed, "/sessions/0/title")?;
    let params = json!({"sessionId": session, "bodies": "full"});
    let page = server.request("session/messages", &params, show)?;
    let messages = list(&page, "/messages")?;
    let answer = messages.last().map(text_of).unwrap_or_default();
    let place = sample::definition().context("the sample defines nothing")?;
    ensure!(answer.contains(&place), "the answer does not name {place}: {answer}");
    ensure!(answer.contains("ok: "), "the check did not run: {answer}");
    show.success(&format!(
        "Still there: “{}”, {} messages, the answer with {place}",
        text::ellipsis(&title, 36),
        messages.len()
    ))?;
    Ok(())
}

/// The texts of a message.
fn text_of(message: &Value) -> String {
    let parts = message.get("parts").and_then(Value::as_array).into_iter().flatten();
    parts.filter_map(|part| part.pointer("/text/text")?.as_str()).collect::<Vec<_>>().join("\n")
}

fn measure(
    server: &mut Client,
    session: &str,
    show: &mut Show,
    measured: &mut Measured,
) -> anyhow::Result<()> {
    let ledger = server.request("session/steps", &json!({"sessionId": session}), show)?;
    let overheads = list(&ledger, "/steps")?.iter().filter_map(|step| step.get("overheadMs")?.as_f64());
    measured.overheads = overheads.collect();
    let status = server.request("server/status", &json!({}), show)?;
    let size = |field: &str| status.pointer(field).and_then(Value::as_u64).unwrap_or(0);
    measured.database = size("/db/bytes") + size("/db/walBytes");
    ensure!(measured.overheads.len() >= 4, "too few steps: {ledger}");
    ensure!(size("/sessions/total") == 1, "not one session: {status}");
    Ok(())
}

fn print_figures(show: &mut Show, measured: Measured) -> anyhow::Result<()> {
    let starts: Vec<_> =
        measured.starts.iter().map(|start| figures::millis(start.as_secs_f64() * 1_000.0)).collect();
    let steps = measured.overheads.len();
    let Some(overhead) = figures::median(measured.overheads) else { bail!("no step was measured") };
    let memory = memory::told(measured.peak);
    show.title("Figures")?;
    show.figure("start → `initialize` reply", &starts.join(", "))?;
    show.figure(
        "own work in a step, with its tools",
        &format!("{} (median of {steps})", figures::millis(overhead)),
    )?;
    show.figure("peak memory of the server", &memory)?;
    show.figure("database", &figures::bytes(measured.database))?;
    for (when, memory) in measured.long {
        show.figure(&format!("memory {when}"), &memory.to_string())?;
    }
    show.title("Next: `agentls run \"where is … defined?\"` in a project of yours, or `agentls doctor`.")?;
    Ok(())
}

fn string(reply: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = reply.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("{pointer} is missing in {reply}"))?.to_owned())
}

fn list<'a>(reply: &'a Value, pointer: &str) -> anyhow::Result<&'a [Value]> {
    let found = reply.pointer(pointer).and_then(Value::as_array);
    Ok(found.with_context(|| format!("{pointer} is missing in {reply}"))?)
}
