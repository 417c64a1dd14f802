//! `agentls run`: one prompt, answered in this process.
//!
//! The answer's text goes to stdout as it comes, everything else to stderr. Ctrl-C stops the turn, a second one
//! the program. Exit codes: 0 answered, 1 failed, 2 usage, 3 permission refused, 130 cancelled.

mod asking;
mod json;
mod text;

use std::{
    io::{self, IsTerminal, Read},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use agentls::{
    engine::{
        ClientInfo, Engine, EngineError, LARGEST_PROMPT, Listener, NewSession, PromptOutcome, PromptRequest,
        Vouching,
    },
    permission::Person,
    transcript::{Delivery, ModelRef, PromptPart, Session, SessionId, StopReason},
    workspace::{paths::Directories, project},
};

use super::{
    failure::{INTERRUPTED, Usage},
    local,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What is asked; `-` reads it from stdin
    prompt: String,
    /// The model that answers
    #[arg(long, value_name = "PROVIDER/MODEL")]
    model: Option<ModelRef>,
    /// Go on with this session (`last`: the newest here) instead of a new one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// The agent that answers
    #[arg(long)]
    agent: Option<String>,
    /// Print a JSON object for each event, and the result at the end
    #[arg(long)]
    json: bool,
    /// Allow what would be asked; what a rule denies stays denied
    #[arg(long)]
    allow: bool,
    /// Trust the project of this directory for this run
    #[arg(long)]
    trust: bool,
}

/// How it ended, and in which session.
struct Answered {
    session: SessionId,
    outcome: PromptOutcome,
    /// Whether something was refused in a project that is not trusted.
    untrusted: bool,
}

/// Shows what happens and how it ended.
trait Screen: Listener {
    /// Shows what an unclean end had interrupted in the session that is gone on with.
    fn recovered(&self, note: Option<&str>) -> io::Result<()>;

    /// Shows how it ended.
    fn end(&self, answered: &Result<Answered, EngineError>) -> io::Result<()>;
}

pub(super) fn run(arguments: Arguments, directories: Directories) -> anyhow::Result<ExitCode> {
    let prompt = prompt_text(&arguments.prompt)?;
    let runtime = local::runtime()?;
    let result = runtime.block_on(answer(arguments, prompt, directories));
    // A thread may still be waiting for an answer at the terminal: nobody waits for it.
    runtime.shutdown_background();
    result
}

/// The prompt, from stdin where it is `-`. Refused here when it is too long, before a session is made for it.
fn prompt_text(argument: &str) -> anyhow::Result<String> {
    let mut prompt = argument.to_owned();
    if argument == "-" {
        prompt.clear();
        // One more than may be: that there is more is known then.
        let mut stdin = io::stdin().take(LARGEST_PROMPT as u64 + 1);
        stdin.read_to_string(&mut prompt).context("the prompt cannot be read from stdin")?;
    }
    if prompt.trim().is_empty() {
        return Err(Usage("the prompt is empty".to_owned()).into());
    }
    if prompt.len() > LARGEST_PROMPT {
        return Err(Usage(format!("the prompt is longer than {LARGEST_PROMPT} bytes")).into());
    }
    Ok(prompt)
}

async fn answer(arguments: Arguments, prompt: String, directories: Directories) -> anyhow::Result<ExitCode> {
    let reader_gone = Arc::new(Notify::new());
    let screen: Arc<dyn Screen> = if arguments.json {
        Arc::new(json::JsonScreen::new(Arc::clone(&reader_gone)))
    } else {
        Arc::new(text::TextScreen::new(Arc::clone(&reader_gone)))
    };
    let asks = !arguments.allow && io::stdin().is_terminal() && io::stderr().is_terminal();
    let person: Arc<dyn Person> =
        if asks { Arc::new(asking::Terminal::default()) } else { Arc::new(local::Nobody) };
    let listener: Arc<dyn Listener> = Arc::clone(&screen) as Arc<dyn Listener>;
    let here = local::working_directory()?;
    let engine = local::engine(directories, listener, person, client(&arguments, &here));

    let ended = match session(&engine, &arguments, &here).await {
        Err(error) => Err(error),
        Ok(session) => {
            screen.recovered(session.recovered.as_deref())?;
            match until_stopped(&engine, request(&session, arguments, prompt), &reader_gone).await? {
                None => return Ok(ExitCode::from(INTERRUPTED)),
                Some(Err(error)) => Err(error),
                Some(Ok(outcome)) => answered(&engine, session, outcome).await,
            }
        }
    };
    engine.shut_down().await;
    screen.end(&ended)?;
    Ok(ExitCode::from(code(ended?.outcome.stop_reason)))
}

/// How it ended, with what may be missing.
async fn answered(
    engine: &Engine,
    session: Session,
    outcome: PromptOutcome,
) -> Result<Answered, EngineError> {
    let refused = outcome.stop_reason == StopReason::PermissionRejected;
    let untrusted = refused && !engine.is_trusted(&session.cwd).await?;
    Ok(Answered { session: session.id, outcome, untrusted })
}

fn request(session: &Session, arguments: Arguments, prompt: String) -> PromptRequest {
    PromptRequest {
        session_id: session.id.clone(),
        parts: vec![PromptPart::Text { text: prompt }],
        client_id: None,
        delivery: Delivery::Queue,
        agent: arguments.agent,
        model: arguments.model,
    }
}

fn client(arguments: &Arguments, here: &Path) -> ClientInfo {
    let folders = vec![project::find(here).path];
    ClientInfo {
        name: "agentls run".to_owned(),
        command_line: arguments.allow.then(|| json!({"headlessPermission": "allow"})),
        trust: if arguments.trust { Vouching::Trusted { folders } } else { Vouching::Silent },
        ..ClientInfo::default()
    }
}

/// The session asked for, or a new one here.
async fn session(engine: &Engine, arguments: &Arguments, here: &Path) -> Result<Session, EngineError> {
    if let Some(name) = &arguments.session {
        return local::session(engine, name, here).await;
    }
    let new = NewSession {
        cwd: here.to_string_lossy().into_owned(),
        agent: arguments.agent.clone(),
        model: arguments.model.clone(),
        ..NewSession::default()
    };
    engine.new_session(new).await
}

/// Prompts. The first signal, or a reader who went away, stops the turn, which then ends in order; `None` when a
/// second signal wants no end in order.
async fn until_stopped(
    engine: &Engine,
    request: PromptRequest,
    reader_gone: &Notify,
) -> anyhow::Result<Option<Result<PromptOutcome, EngineError>>> {
    let session = request.session_id.clone();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut answered = std::pin::pin!(engine.prompt(request));
    let mut stopping = false;
    loop {
        tokio::select! {
            outcome = &mut answered => return Ok(Some(outcome)),
            // It is no second wish to stop: who hung up reads no more.
            () = reader_gone.notified(), if !stopping => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        if stopping {
            return Ok(None);
        }
        stopping = true;
        engine.cancel(&session).await?;
    }
}

/// The exit code of a turn that ended like this.
fn code(reason: StopReason) -> u8 {
    match reason {
        StopReason::EndTurn => 0,
        StopReason::MaxTokens | StopReason::MaxSteps | StopReason::Refusal => 1,
        StopReason::PermissionRejected => 3,
        StopReason::Cancelled => INTERRUPTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_prompt_is_a_wrong_call() {
        assert!(prompt_text(" \n").unwrap_err().is::<Usage>());
        assert_eq!(prompt_text("hello").unwrap(), "hello");
    }

    #[test]
    fn each_end_has_its_exit_code() {
        let codes = [StopReason::EndTurn, StopReason::MaxSteps, StopReason::PermissionRejected].map(code);
        assert_eq!(codes, [0, 1, 3]);
        assert_eq!(code(StopReason::Cancelled), 130);
    }
}
