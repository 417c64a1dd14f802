//! Where a server lives in a test: data, configuration and a workspace of its own, gone with the test.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    provider::{Double, Wire},
    server::{Client, Server},
};

/// Private directories. Servers that are started in the same home share its database.
pub struct Home {
    root: TempDir,
}

impl Home {
    /// With a configuration; see [`config_for`].
    pub fn new(config: &Value) -> Self {
        let root = tempfile::tempdir().expect("a directory can be made");
        let home = Self { root };
        for directory in [home.data(), home.config_dir(), home.workspace()] {
            fs::create_dir_all(directory).expect("a directory can be made");
        }
        home.configure(config);
        home
    }

    /// Another configuration, for the next server or session.
    pub fn configure(&self, config: &Value) {
        fs::write(self.config_dir().join("config.jsonc"), config.to_string()).expect("it can be written");
    }

    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub fn config_dir(&self) -> PathBuf {
        self.root.path().join("config")
    }

    /// The real path of the project that sessions work in.
    pub fn workspace(&self) -> PathBuf {
        let root = fs::canonicalize(self.root.path()).expect("it is there");
        root.join("workspace")
    }

    /// Writes a file of the workspace.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.workspace().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the workspace")).expect("it can be made");
        fs::write(&path, content).expect("it can be written");
        path
    }

    /// Waits until a command has made a file of the workspace.
    pub async fn wait_for_file(&self, path: &str) {
        let path = self.workspace().join(path);
        let there = async {
            while !path.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), there).await;
        waited.unwrap_or_else(|_| panic!("{} was not made", path.display()));
    }

    /// Reads a file of the workspace.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.workspace().join(path)).expect("the file is there")
    }

    /// Starts a server for the usual client: an editor with a person before it, in a trusted workspace.
    pub async fn start(&self) -> Server {
        Client::default().start(self).await
    }
}

/// A configuration whose only provider is the double, with the model `double/gpt-5`.
pub fn config_for(double: &Double) -> Value {
    config_with(&[double])
}

/// A configuration with one provider for each double: `double`, `double2`, …; the first has the default model.
pub fn config_with(doubles: &[&Double]) -> Value {
    let mut providers = serde_json::Map::new();
    for (index, double) in doubles.iter().enumerate() {
        let name = if index == 0 { "double".to_owned() } else { format!("double{}", index + 1) };
        providers.insert(name, provider(double));
    }
    json!({"model": "double/gpt-5", "providers": providers, "permission": {"*": "allow"}})
}

fn provider(double: &Double) -> Value {
    let api = match double.wire() {
        Wire::Responses => "responses",
        Wire::Chat => "chat",
        Wire::Anthropic => "anthropic",
    };
    let model = json!({"context": 200_000, "maxOutput": 8_000, "input": ["text", "image"],
                       "cost": {"input": 1.0, "output": 10.0, "cacheRead": 0.5, "cacheWrite": 2.0}});
    json!({"api": api, "baseUrl": double.base_url(), "models": {"gpt-5": model, "gpt-5-mini": model}})
}
