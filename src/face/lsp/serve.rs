//! Serves one client over stdin and stdout, from the first byte to the process's last moment.

use std::{
    fs::File,
    io,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::stdio::{dup2_stdout, stderr, stdout};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Handle,
};
use tokio_util::sync::CancellationToken;
use tower_lsp::LspService;

use super::{
    client::Declared,
    commands::pages::Pages,
    documents::Documents,
    events::{Events, ProcessWide, SetLogLevel},
    methods,
    person::RemotePerson,
    progress::Progress,
    server::Server,
};
use crate::{
    engine::{Engine, Options},
    face::failure,
    wire::{
        calls::Calls,
        ending,
        frame::Limit,
        outbox::Outbox,
        pump::{Ended, Pump},
    },
};

/// Threads of the runtime: enough that a few blocked ones do not stop the pump.
pub(in crate::face) const THREADS: usize = 4;

/// Threads for what blocks (files, queries, the pipe): tokio's own cap, said here because it is one of ours.
pub(in crate::face) const BLOCKING_THREADS: usize = 512;

/// Kept from the last moments for writing what waits. The deadline's thread comes after it.
pub(in crate::face) const MARGIN: Duration = Duration::from_millis(200);

/// Serves the client on stdin and stdout until it goes. `Err` when it could not begin. `set_log_level` is called
/// whenever configuration was read.
///
/// The exit code is 0 after `shutdown` and `exit`, 1 after `exit` alone (LSP), 0 when the client closes the
/// pipe, dies, or sends a signal.
pub fn serve(options: Options, set_log_level: SetLogLevel) -> io::Result<ExitCode> {
    let frames = take_stdout()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let code = runtime.block_on(serve_on(
        options,
        set_log_level,
        tokio::io::stdin(),
        tokio::fs::File::from_std(frames),
    ))?;
    // A thread may still be reading stdin: nobody waits for it.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}

/// Takes stdout for frames: from here on, what is printed by mistake goes to stderr, and no child inherits it
/// (invariant 10).
fn take_stdout() -> io::Result<File> {
    let frames = rustix::io::fcntl_dupfd_cloexec(stdout(), 3)?;
    dup2_stdout(stderr())?;
    Ok(File::from(frames))
}

/// Serves a client on any pair of pipes; the exit code.
async fn serve_on(
    options: Options,
    set_log_level: SetLogLevel,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
) -> io::Result<u8> {
    let outbox = Outbox::default();
    let calls = Calls::new(outbox.clone());
    let stop = CancellationToken::new();
    let limit = Limit::default();
    let process = ProcessWide { frame_limit: limit.clone(), set_log_level };
    let server = server(options, process, &outbox, &calls, &stop);
    let engine = server.engine.clone();
    // What tower-lsp itself would send goes nowhere: everything of ours goes through the outbox.
    let (service, _) = methods::register(LspService::build(|_| server)).finish();
    let mut pump = Pump::new(service, outbox.clone(), calls.clone(), limit, failure::failed);
    let writer = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.write_to(output).await }
    });
    let signals = tokio::spawn(ending::on_signal(stop.clone()));

    let code = match pump.run(input, &stop).await {
        Ended::Exit { orderly: false } => 1,
        Ended::Exit { orderly: true } | Ended::Disconnected => 0,
    };
    ending::enforce(ending::GRACE, code, Engine::end_children)?;
    stop.cancel();
    signals.abort();
    let end = async {
        calls.close();
        engine.shut_down().await;
        pump.settle().await;
        outbox.close();
        writer.await
    };
    match tokio::time::timeout(ending::GRACE.saturating_sub(MARGIN), end).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(problem))) => tracing::debug!(%problem, "the client reads no more"),
        Ok(Err(problem)) => tracing::error!(%problem, "the writer failed"),
        Err(_) => tracing::warn!("the end took too long and was cut short"),
    }
    Ok(code)
}

fn server(
    options: Options,
    process: ProcessWide,
    outbox: &Outbox,
    calls: &Calls,
    stop: &CancellationToken,
) -> Server {
    let client = Declared::default();
    let documents = Arc::new(Documents::new(calls.clone(), client.clone()));
    let progress = Progress::new(outbox.clone(), calls.clone(), client.clone(), Handle::current());
    let engine = Engine::new(
        options,
        Arc::new(Events::new(outbox.clone(), progress, client.clone(), process)),
        Arc::new(RemotePerson::new(calls.clone(), client.clone())),
        documents.clone(),
    );
    Server {
        engine,
        outbox: outbox.clone(),
        calls: calls.clone(),
        client,
        documents,
        pages: Arc::new(Pages::default()),
        stop: stop.clone(),
        started: Instant::now(),
    }
}
