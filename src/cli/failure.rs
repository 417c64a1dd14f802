//! Errors as a person at a terminal sees them: one line with the cure, and the exit code.
//!
//! 1: it failed. 2: it was called wrongly. 130: it was interrupted. A reader that went away (`… | head`) is no
//! error.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use agentls::{
    engine::EngineError,
    transcript::{Failure, FailureKind},
};

use super::style::printable;

/// The exit code of a call that makes no sense; clap uses the same.
const USAGE: u8 = 2;

/// The exit code of what a person stopped, as shells count it: 128 + SIGINT.
pub(super) const INTERRUPTED: u8 = 130;

/// A call that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

/// Says what went wrong; the exit code that goes with it.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    // When stderr is gone too there is nobody left to tell.
    drop(writeln!(io::stderr(), "agentls: {}", line(error)));
    ExitCode::from(code(error))
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn code(error: &anyhow::Error) -> u8 {
    let usage = error.is::<Usage>()
        || matches!(error.downcast_ref::<EngineError>(), Some(EngineError::InvalidParams(_)));
    if usage { USAGE } else { 1 }
}

/// It may quote what others wrote: a provider, a file.
fn line(error: &anyhow::Error) -> String {
    let line = match error.downcast_ref::<EngineError>() {
        Some(EngineError::Failed(failure)) => with_cure(failure),
        // The chain, outermost first.
        _ => format!("{error:#}"),
    };
    printable(&line).into_owned()
}

/// The failure's sentence, what was meant perhaps, and what helps.
pub(super) fn with_cure(failure: &Failure) -> String {
    let message = failure.message.trim_end_matches('.');
    let suggested = match &failure.kind {
        FailureKind::ModelNotFound { suggestions } if !suggestions.is_empty() => {
            format!(" (did you mean {}?)", suggestions.join(" or "))
        }
        _ => String::new(),
    };
    format!("{message}{suggested}. {}", cure(failure))
}

/// What a person can do who has a command line and no editor.
pub(super) fn cure(failure: &Failure) -> String {
    match &failure.kind {
        FailureKind::SessionNotFound => "See `agentls sessions --all`; it may have been deleted.".to_owned(),
        FailureKind::ModelNotFound { .. } => {
            "See `agentls doctor` for the models that can be chosen.".to_owned()
        }
        FailureKind::SessionBusy { owner } => {
            let pid = owner.pid;
            format!("Wait until its turn has ended, or stop it in the window that runs it (process {pid}).")
        }
        FailureKind::ImportFailed { .. } => {
            "Name the database with --db, or an exported session with --json; what is \
                                             here already is not taken twice."
                .to_owned()
        }
        _ => failure.cure().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use agentls::transcript::Owner;

    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_cure_and_code_1() {
        let failure = Failure::new(FailureKind::ProviderAuth, "no key for openai");
        let error = anyhow::Error::from(EngineError::from(failure));
        assert_eq!(
            line(&error),
            "no key for openai. Set the provider's API key in the variable that apiKeyEnv names."
        );
        assert_eq!(code(&error), 1);
    }

    #[test]
    fn what_others_wrote_steers_no_terminal() {
        let failure = Failure::new(FailureKind::ProviderAuth, "no \x1b[31mkey\u{202e}");
        assert!(line(&EngineError::from(failure).into()).starts_with("no [31mkey. Set"));
    }

    #[test]
    fn a_cure_names_what_the_command_line_has() {
        let owner = Owner { pid: 7, client: "an editor".to_owned() };
        let busy = with_cure(&Failure::new(FailureKind::SessionBusy { owner }, "it runs"));
        assert!(busy.contains("Wait") && busy.contains("process 7"), "{busy}");
        assert!(!busy.contains("session/cancel") && !busy.contains("interrupt"), "{busy}");
        let missing =
            with_cure(&Failure::new(FailureKind::ImportFailed { row: String::new() }, "no such file"));
        assert!(missing.contains("--db") && missing.contains("--json"), "{missing}");
    }

    #[test]
    fn a_wrong_call_has_code_2() {
        assert_eq!(code(&EngineError::InvalidParams("agent: none".into()).into()), 2);
        assert_eq!(code(&Usage("the prompt is empty".into()).into()), 2);
    }

    #[test]
    fn what_was_meant_perhaps_is_said() {
        let kind = FailureKind::ModelNotFound { suggestions: vec!["openai/gpt-5".into()] };
        assert!(with_cure(&Failure::new(kind, "no model x")).contains("(did you mean openai/gpt-5?)"));
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let gone = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("printing");
        assert!(gone.chain().any(is_broken_pipe));
    }
}
