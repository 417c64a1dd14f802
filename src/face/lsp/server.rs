//! The life cycle and LSP's own methods: `initialize`, open documents, commands.

use std::{sync::Arc, time::Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower_lsp::{
    LanguageServer,
    jsonrpc::Result,
    lsp_types::{
        CodeActionParams, CodeActionResponse, DidChangeConfigurationParams, DidChangeTextDocumentParams,
        DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
        DidSaveTextDocumentParams, ExecuteCommandOptions, ExecuteCommandParams, InitializeParams,
        InitializeResult, InitializedParams, MessageType, OneOf, ServerCapabilities, ServerInfo,
        TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
        TextDocumentSyncSaveOptions, Url, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
    },
};

use super::{
    actions,
    client::{self, Declared, Introduction},
    commands::{self, pages::Pages},
    documents::Documents,
    events, methods, status,
};
use crate::{
    engine::{ClientInfo, Engine},
    wire::{calls::Calls, ending, message::notification, outbox::Outbox, reply::after_reply},
};

/// The version of the protocol. Raised when a client has to know.
pub const PROTOCOL_VERSION: u32 = 1;

/// The notifications that we send.
pub const NOTIFICATIONS: &[&str] = &[events::UPDATE, events::DID_CHANGE, events::PROJECT_DID_CHANGE];

/// The server as tower-lsp sees it.
pub struct Server {
    pub(super) engine: Engine,
    pub(super) outbox: Outbox,
    pub(super) calls: Calls,
    pub(super) client: Declared,
    pub(super) documents: Arc<Documents>,
    pub(super) pages: Arc<Pages>,
    pub(super) stop: CancellationToken,
    pub(super) started: Instant,
}

impl Server {
    /// Takes over what the client said of itself.
    fn meet(&self, introduction: Introduction) {
        let Introduction { abilities, name, credentials, config, folders, trust, warnings } = introduction;
        self.client.set(abilities);
        self.client.change_folders(&folders, &[]);
        self.engine.set_client(ClientInfo { name, credentials, config, trust, command_line: None });
        for warning in warnings {
            self.log(&warning);
        }
    }

    /// Reads the configuration, of a project's directory or outside of any: what is wrong is told by whoever reads it.
    async fn read_configuration(&self, directory: Option<String>) {
        let read = match directory {
            Some(directory) => self.engine.config(directory).await,
            None => self.engine.user_config().await,
        };
        if let Err(problem) = read {
            self.log(&format!("the configuration cannot be read: {problem}"));
        }
    }

    /// Tells the client something that a person may want to know, behind the reply to the current request.
    fn log(&self, message: &str) {
        tracing::warn!("{message}");
        let params = json!({"type": MessageType::WARNING, "message": message});
        let outbox = self.outbox.clone();
        after_reply(move || match notification("window/logMessage", &params) {
            Ok(body) => outbox.send(body),
            Err(problem) => tracing::error!(%problem, "a warning cannot be written as JSON"),
        });
    }
}

/// The directory that a file configures, if it is a configuration file by its name: the project's, or its own.
fn configured_by(uri: &Url) -> Option<String> {
    let path = uri.to_file_path().ok()?;
    let folder = path.parent().filter(|_| path.file_name().is_some_and(|name| name == "config.jsonc"))?;
    let project = folder.parent().filter(|_| folder.file_name().is_some_and(|name| name == ".agentls"));
    Some(project.unwrap_or(folder).to_string_lossy().into_owned())
}

/// What we can do.
fn capabilities() -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let commands = ExecuteCommandOptions { commands: commands::names(), ..ExecuteCommandOptions::default() };
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        code_action_provider: Some(actions::capability()),
        execute_command_provider: Some(commands),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        experimental: Some(json!({"agentls": {
            "protocolVersion": PROTOCOL_VERSION,
            "methods": methods::NAMES,
            "notifications": NOTIFICATIONS,
        }})),
        ..ServerCapabilities::default()
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        if let Some(pid) = params.process_id
            && let Err(problem) = ending::on_death_of(pid, self.stop.clone(), Engine::end_children)
        {
            tracing::warn!(%problem, "the client's death will not be noticed");
        }
        self.meet(Introduction::read(&params));
        Ok(InitializeResult {
            capabilities: capabilities(),
            server_info: Some(ServerInfo {
                name: "agentls".to_owned(),
                version: Some(status::VERSION.to_owned()),
            }),
        })
    }

    /// Reads the configuration, which nothing before the reply to `initialize` may wait for.
    async fn initialized(&self, _: InitializedParams) {
        self.read_configuration(None).await;
    }

    /// Replaces the client's layer of the configuration, at once and for the next turn.
    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        match client::changed_config(&params.settings) {
            Ok(None) => {}
            Ok(Some(config)) => {
                self.engine.set_client_config(Some(config));
                self.read_configuration(None).await;
            }
            Err(problem) => self.log(&problem),
        }
    }

    /// A folder that joins is a place to work in, trusted if the client vouches for its workspace; what is wrong with its
    /// configuration is told now.
    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let event = params.event;
        let (added, removed) = (client::paths_of(&event.added), client::paths_of(&event.removed));
        self.client.change_folders(&added, &removed);
        let changed = [added.clone(), removed].concat();
        self.engine.set_folders(self.client.folders(), changed).await;
        for folder in added {
            self.read_configuration(Some(folder.to_string_lossy().into_owned())).await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.engine.shut_down().await;
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.documents.opened(document.uri, document.version, document.text);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        self.documents.changed(&document.uri, document.version, params.content_changes);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.documents.saved(&params.text_document.uri);
        if let Some(directory) = configured_by(&params.text_document.uri) {
            self.read_configuration(Some(directory)).await;
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.documents.closed(&params.text_document.uri);
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        Ok(Some(actions::offered(&params)))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        commands::execute(self, params).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_what_is_there() {
        let capabilities = serde_json::to_value(capabilities()).unwrap();
        let ours = &capabilities["experimental"]["agentls"];
        assert_eq!(ours["protocolVersion"], 1);
        assert_eq!(ours["methods"], json!(methods::NAMES));
        let notifications = ["session/update", "session/didChange", "project/didChange"];
        assert_eq!(ours["notifications"], json!(notifications));
        assert_eq!(capabilities["workspace"]["workspaceFolders"]["changeNotifications"], true);
        assert_eq!(capabilities["textDocumentSync"]["change"], 2);
        assert_eq!(capabilities["executeCommandProvider"]["commands"], json!(commands::names()));
    }
}
