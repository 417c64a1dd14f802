//! Where a server under measurement lives: directories of its own on a real disk, and a provider on loopback.

use std::{fs, path::PathBuf, sync::mpsc, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::provider::{Answer, Double, Wire};

/// The file that the tool `read` reads.
pub(crate) const SMALL_FILE: &str = "small.txt";

/// Steps that a turn may take.
const MAX_STEPS: u32 = 10_000;

/// Directories that are removed at the end.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    /// Directories below the build's own, because the system's temporary ones may be in memory. With a `provider`,
    /// the configuration names it.
    pub(crate) fn new(provider: Option<&Provider>) -> Self {
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory can be made");
        let place = Self { directory };
        for name in ["data", "config", "workspace/.git"] {
            fs::create_dir_all(place.path(name)).expect("a directory can be made");
        }
        let lines: String = (1..=40).map(|number| format!("line {number} of a small file\n")).collect();
        fs::write(place.path("workspace").join(SMALL_FILE), lines).expect("a file can be written");
        if let Some(provider) = provider {
            place.configure(&provider.configuration());
        }
        place
    }

    /// Another configuration, for the next server.
    pub(crate) fn configure(&self, configuration: &Value) {
        fs::write(self.path("config/config.jsonc"), configuration.to_string())
            .expect("a file can be written");
    }

    /// A place with a copy of this one's database, which reaches the disk before this returns: what is measured
    /// next does not wait for it. Sessions go on working where they did.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new(None);
        for file in fs::read_dir(self.path("data")).expect("the directory is there") {
            let file = file.expect("it can be listed");
            if !file.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let target = copy.path("data").join(file.file_name());
            fs::copy(file.path(), &target).expect("it can be copied");
            fs::File::open(&target).and_then(|file| file.sync_all()).expect("it can be written");
        }
        copy
    }

    /// Where sessions work.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    /// Size of the database with its log, in bytes.
    pub(crate) fn database(&self) -> u64 {
        let files = fs::read_dir(self.path("data")).expect("the directory is there");
        files.map(|file| file.and_then(|file| file.metadata()).map_or(0, |about| about.len())).sum()
    }

    /// Size of the database's log, in bytes.
    pub(crate) fn wal(&self) -> u64 {
        fs::metadata(self.path("data/agentls.db-wal")).map_or(0, |about| about.len())
    }

    /// What tells the server of the directories.
    pub(crate) fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [("AGENTLS_DATA_DIR", self.path("data")), ("AGENTLS_CONFIG_DIR", self.path("config"))]
    }

    /// A file or directory in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// The provider double on a thread of its own.
pub(crate) struct Provider {
    pub(crate) double: Double,
    wire: Wire,
    /// Dropped, it ends the thread.
    _stop: mpsc::Sender<()>,
}

impl Provider {
    /// One that answers with `script`.
    pub(crate) fn start(wire: Wire, script: Vec<Answer>) -> Self {
        let (started, double) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime starts");
            started.send(runtime.block_on(Double::start(wire, script))).expect("somebody waits");
            // Nothing is ever sent: this ends when the other end is dropped.
            stopped.recv().expect_err("the end of the provider");
        });
        let double: Double = double.recv().expect("the double starts");
        double.forget_bodies();
        Self { double, wire, _stop: stop }
    }

    /// A configuration with this provider alone, whose model has room for everything.
    pub(crate) fn configuration(&self) -> Value {
        let api = match self.wire {
            Wire::Responses => "responses",
            Wire::Chat => "chat",
            Wire::Anthropic => "anthropic",
        };
        json!({
            "model": "double/model",
            "providers": {"double": {
                "api": api,
                "baseUrl": self.double.base_url(),
                "models": {"model": {"context": 10_000_000, "maxOutput": 8_000}},
            }},
            "permission": {"*": "allow"},
            "limits": {"maxSteps": MAX_STEPS},
        })
    }
}
