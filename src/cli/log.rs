//! The log: a size-rotated file in the data directory, and stderr when a server runs.
//!
//! Starting it reads and writes no file: the server's `initialize` must not wait (the log file is made with its
//! first line, the configured level comes from a thread of its own). Invariant 13: other crates are heard from
//! `warn` on only, since their details hold headers and bodies.

mod rotating;

use std::{
    io,
    path::Path,
    str::FromStr,
    sync::{Mutex, OnceLock},
    thread,
};

use tracing_subscriber::{
    Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use agentls::workspace::{
    config::{self, Inputs, LogLevel},
    paths::Directories,
};

use rotating::RotatingFile;

/// The environment variable that sets the level, over the configuration.
const VARIABLE: &str = "AGENTLS_LOG";

/// The log's name in the data directory.
pub(super) const FILE: &str = "agentls.log";

/// Changes the level while the program runs, unless the environment has set it.
static LEVEL: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Starts the log. A server's is on stderr, too, and is told its level by whoever reads the configuration; elsewhere it is
/// read from the user's file.
pub(super) fn start(directories: &Directories, server: bool) {
    let word = std::env::var(VARIABLE).ok().filter(|word| !word.is_empty());
    let chosen = word.as_deref().and_then(level);
    let (filter, handle) = reload::Layer::new(filter(chosen.unwrap_or(LevelFilter::INFO)));
    let file = RotatingFile::new(directories.data.join(FILE));
    // The layers must not complain on stderr about what they cannot write: stderr may be what is gone.
    let to_file = fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(Mutex::new(file));
    let to_stderr =
        server.then(|| fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(io::stderr));
    Registry::default().with(filter).with(to_stderr).with(to_file).init();
    if chosen.is_none() {
        if let Some(word) = word {
            tracing::warn!("{VARIABLE} is `{word}`, which is no level; the configuration's counts");
        }
        if LEVEL.set(handle).is_ok() && !server {
            follow_configuration(directories.config.clone());
        }
    }
}

/// Logs from `level` on, unless the environment says another.
pub(super) fn set_level(level: LogLevel) {
    let wanted = filter(level_filter(level));
    let Some(handle) = LEVEL.get() else { return };
    if handle.with_current(|current| *current == wanted).unwrap_or(false) {
        return;
    }
    if let Err(error) = handle.reload(wanted) {
        tracing::warn!(%error, "the log level stays as it is");
    }
}

/// Takes the level from the configuration, beside what is going on.
fn follow_configuration(config_dir: std::path::PathBuf) {
    let thread = thread::Builder::new().name("log-level".to_owned());
    let started = thread.spawn(move || set_level(configured(&config_dir)));
    if let Err(error) = started {
        tracing::warn!(%error, "the log level stays at info");
    }
}

fn configured(config_dir: &Path) -> LogLevel {
    let inputs = Inputs {
        config_dir,
        project: None,
        trusted: false,
        client: None,
        command_line: None,
        env: &|name| std::env::var(name).ok(),
        watch: None,
    };
    config::load(&inputs).config.log.level
}

/// The level of that name.
fn level(word: &str) -> Option<LevelFilter> {
    LevelFilter::from_str(word.trim()).ok()
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

fn filter(level: LevelFilter) -> Targets {
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("agentls", level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_are_never_heard_in_detail() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("agentls::turn", &tracing::Level::TRACE));
        assert!(filter.would_enable("h2", &tracing::Level::WARN));
        assert!(!filter.would_enable("h2", &tracing::Level::INFO));
    }

    #[test]
    fn the_configured_level_is_found() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(configured(directory.path()), LogLevel::Info);
        std::fs::write(directory.path().join("config.jsonc"), r#"{"log": {"level": "debug"}}"#).unwrap();
        assert_eq!(configured(directory.path()), LogLevel::Debug);
        assert_eq!(level(" Debug "), Some(LevelFilter::DEBUG));
        assert_eq!(level("loud"), None);
    }
}
