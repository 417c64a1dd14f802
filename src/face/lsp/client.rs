//! What the client said of itself in `initialize`. Read leniently: what is wrong there is said, and left out.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use serde_json::Value;
use tower_lsp::lsp_types::{InitializeParams, WorkspaceFolder};

use crate::engine::Vouching;

/// Workspace folders of a client that are remembered.
pub(in crate::face) const MOST_FOLDERS: usize = 1_000;

/// What the client can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a declared ability of that name")]
pub struct Abilities {
    pub permission: bool,
    pub question: bool,
    pub apply_edit: bool,
    pub document_changes: bool,
    pub work_done_progress: bool,
    pub show_document: bool,
    /// It has a window: somebody sees its messages.
    pub window: bool,
    /// It shows a message with buttons to a person.
    pub show_message_actions: bool,
}

/// The abilities, known from `initialize` on, none before; and where the person works, which may change.
#[derive(Clone, Debug, Default)]
pub struct Declared(Arc<Said>);

#[derive(Debug, Default)]
struct Said {
    abilities: OnceLock<Abilities>,
    /// The workspace folders, in the client's order.
    folders: RwLock<Vec<PathBuf>>,
}

impl Declared {
    /// Takes what `initialize` said. What it says a second time is refused before it gets here.
    pub fn set(&self, abilities: Abilities) {
        if self.0.abilities.set(abilities).is_err() {
            tracing::warn!("the client declared its abilities twice");
        }
    }

    /// They.
    pub fn get(&self) -> Abilities {
        self.0.abilities.get().cloned().unwrap_or_default()
    }

    /// Folders joined the workspace, others left it.
    pub fn change_folders(&self, added: &[PathBuf], removed: &[PathBuf]) {
        let mut folders = self.0.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|folder| !removed.contains(folder));
        for folder in added {
            if folders.len() < MOST_FOLDERS && !folders.contains(folder) {
                folders.push(folder.clone());
            }
        }
    }

    /// The workspace folders, in the client's order.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.0.folders.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the person works when nothing else is said: the first workspace folder, an absolute path.
    pub fn workspace(&self) -> Option<String> {
        let folders = self.0.folders.read().unwrap_or_else(PoisonError::into_inner);
        Some(folders.first()?.to_string_lossy().into_owned())
    }
}

/// All that `initialize` said and we use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Introduction {
    /// What the client can do.
    pub abilities: Abilities,
    /// Its name; `unknown` when it has none.
    pub name: String,
    /// Keys by provider.
    pub credentials: BTreeMap<String, String>,
    /// Configuration over all files.
    pub config: Option<Value>,
    /// Its workspace folders.
    pub folders: Vec<PathBuf>,
    /// Whether the client vouches for its workspace.
    pub trust: Vouching,
    /// What could not be understood, for a person.
    pub warnings: Vec<String>,
}

impl Introduction {
    /// Reads `initialize`.
    pub fn read(params: &InitializeParams) -> Self {
        let name = params.client_info.as_ref().map_or_else(|| "unknown".to_owned(), |info| info.name.clone());
        let mut introduction = Self { abilities: declared(params), name, ..Self::default() };
        let options = params.initialization_options.as_ref().and_then(|options| options.get("agentls"));
        for (name, value) in introduction.object("initializationOptions.agentls", options) {
            introduction.option(name, value);
        }
        introduction.folders = folders_of(params);
        if let Vouching::Trusted { folders } = &mut introduction.trust {
            folders.clone_from(&introduction.folders);
            if folders.is_empty() {
                let none = "initialization option `trust` vouches for workspace folders, and there are none";
                introduction.warnings.push(format!("{none}: name them in `workspaceFolders`"));
            }
        }
        introduction
    }

    fn option(&mut self, name: &str, value: &Value) {
        match name {
            "clientAbilities" => {
                for (name, value) in self.object(name, Some(value)) {
                    self.ability(name, value);
                }
            }
            "credentials" => {
                for (provider, key) in self.object(name, Some(value)) {
                    match key.as_str() {
                        Some(key) => drop(self.credentials.insert(provider.clone(), key.to_owned())),
                        None => self.warn(&format!("credentials.{provider}"), "not a string"),
                    }
                }
            }
            "config" if value.is_object() => self.config = Some(value.clone()),
            "config" => self.warn(name, "not an object"),
            "trust" => match value.as_str() {
                Some("trusted") => self.trust = Vouching::Trusted { folders: Vec::new() },
                Some("untrusted") => self.trust = Vouching::Untrusted,
                _ => self.warn(name, "neither `trusted` nor `untrusted`"),
            },
            _ => self.warn(name, "not known"),
        }
    }

    fn ability(&mut self, name: &str, value: &Value) {
        let Some(able) = value.as_bool() else {
            return self.warn(&format!("clientAbilities.{name}"), "not true or false");
        };
        match name {
            "permission" => self.abilities.permission = able,
            "question" => self.abilities.question = able,
            "diff" | "images" => {}
            _ => self.warn(&format!("clientAbilities.{name}"), "not known"),
        }
    }

    /// The members of an object; none, with a warning, when it is something else.
    fn object<'a>(&mut self, name: &str, value: Option<&'a Value>) -> Vec<(&'a String, &'a Value)> {
        match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(members)) => members.iter().collect(),
            Some(_) => {
                self.warn(name, "not an object");
                Vec::new()
            }
        }
    }

    fn warn(&mut self, name: &str, problem: &str) {
        self.warnings.push(format!("initialization option `{name}` is {problem} and was left out"));
    }
}

/// The configuration in the settings of `workspace/didChangeConfiguration`: below `agentls`, or below `config` there as
/// in `initializationOptions`. `None` when they say nothing of us.
pub fn changed_config(settings: &Value) -> Result<Option<Value>, String> {
    let Some(own) = settings.get("agentls").filter(|own| !own.is_null()) else { return Ok(None) };
    let config = own.get("config").unwrap_or(own);
    if config.is_object() {
        Ok(Some(config.clone()))
    } else {
        Err("the settings of `agentls` are no object; the configuration stays as it is".to_owned())
    }
}

/// What plain LSP says of the client's abilities.
fn declared(params: &InitializeParams) -> Abilities {
    let workspace = params.capabilities.workspace.as_ref();
    let window = params.capabilities.window.as_ref();
    Abilities {
        apply_edit: workspace.and_then(|it| it.apply_edit).unwrap_or_default(),
        document_changes: workspace
            .and_then(|it| it.workspace_edit.as_ref()?.document_changes)
            .unwrap_or_default(),
        work_done_progress: window.and_then(|it| it.work_done_progress).unwrap_or_default(),
        show_document: window.and_then(|it| it.show_document.as_ref()).is_some_and(|it| it.support),
        window: window.is_some(),
        show_message_actions: window.is_some_and(|it| it.show_message.is_some()),
        ..Abilities::default()
    }
}

/// Folders by their URIs; those that are no files are left out.
pub fn paths_of(folders: &[WorkspaceFolder]) -> Vec<PathBuf> {
    folders.iter().filter_map(|folder| folder.uri.to_file_path().ok()).collect()
}

/// The workspace folders, or what older clients call the root.
fn folders_of(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    let root = params.root_uri.as_ref().filter(|_| params.workspace_folders.is_none());
    folders.chain(root).filter_map(|uri| uri.to_file_path().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(options: &Value) -> Introduction {
        let params = json!({
            "capabilities": {"window": {"workDoneProgress": true, "showDocument": {"support": true}},
                             "workspace": {"applyEdit": true}},
            "clientInfo": {"name": "probe"},
            "initializationOptions": options,
        });
        Introduction::read(&serde_json::from_value(params).unwrap())
    }

    #[test]
    fn what_is_right_is_taken() {
        let introduction = read(&json!({"agentls": {
            "clientAbilities": {"permission": true, "question": false, "diff": true},
            "credentials": {"openai": "k"},
            "config": {"limits": {"frameBytes": 1000}},
            "trust": "trusted",
        }}));
        let [none] = introduction.warnings.as_slice() else { panic!("{:?}", introduction.warnings) };
        assert!(none.ends_with("there are none: name them in `workspaceFolders`"), "{none}");
        assert_eq!(introduction.name, "probe");
        assert_eq!(introduction.credentials["openai"], "k");
        assert_eq!(introduction.config.unwrap()["limits"]["frameBytes"], 1000);
        let abilities = introduction.abilities;
        assert!(abilities.permission && abilities.apply_edit && abilities.work_done_progress);
        assert!(abilities.show_document && !abilities.question && !abilities.document_changes);
    }

    #[test]
    fn folders_join_and_leave_and_more_than_are_remembered_are_left_out() {
        let (client, folder) = (Declared::default(), |number: usize| PathBuf::from(format!("/{number}")));
        let all: Vec<PathBuf> = (0..MOST_FOLDERS + 3).map(folder).collect();
        client.change_folders(&all, &[]);
        client.change_folders(&all, &[folder(0)]);
        assert_eq!((client.folders().len(), client.workspace().as_deref()), (MOST_FOLDERS, Some("/1")));
    }

    #[test]
    fn changed_settings_are_found_in_both_places() {
        let config = json!({"model": "a/b"});
        assert_eq!(changed_config(&json!({"agentls": config})), Ok(Some(config.clone())));
        assert_eq!(changed_config(&json!({"agentls": {"config": config}})), Ok(Some(config)));
        assert_eq!(changed_config(&json!({"editor": {}})), Ok(None));
        assert_eq!(changed_config(&json!(null)), Ok(None));
        assert!(changed_config(&json!({"agentls": {"config": 7}})).is_err());
    }

    #[test]
    fn a_client_vouches_for_its_folders_and_for_no_others() {
        let vouched = |params: Value| Introduction::read(&serde_json::from_value(params).unwrap()).trust;
        let options = json!({"agentls": {"trust": "trusted"}});
        let folders =
            |folders: &[&str]| Vouching::Trusted { folders: folders.iter().map(Into::into).collect() };
        let named = json!([{"uri": "file:///a", "name": "a"}, {"uri": "untitled:b", "name": "b"},
                           {"uri": "file:///c%20d", "name": "c"}]);
        for (params, expected) in [
            (json!({"rootUri": "file:///r", "workspaceFolders": named}), folders(&["/a", "/c d"])),
            (json!({"rootUri": "file:///r"}), folders(&["/r"])),
            (json!({"rootUri": "file:///r", "workspaceFolders": []}), folders(&[])),
            (json!({"rootUri": null}), folders(&[])),
        ] {
            let mut params = params;
            params["capabilities"] = json!({});
            params["initializationOptions"] = options.clone();
            assert_eq!(vouched(params), expected);
        }
        assert_eq!(read(&json!({"agentls": {"trust": "untrusted"}})).trust, Vouching::Untrusted);
        assert_eq!(read(&json!({"agentls": {}})).trust, Vouching::Silent);
    }

    #[test]
    fn what_is_wrong_is_left_out_and_said() {
        let introduction = read(&json!({"agentls": {
            "clientAbilities": {"permission": "yes", "smell": true},
            "credentials": {"openai": 5},
            "config": [],
            "colour": "blue",
        }}));
        assert!(!introduction.abilities.permission);
        assert_eq!(introduction.warnings.len(), 5);
        assert_eq!(read(&json!({"agentls": "all"})).warnings.len(), 1);
        assert_eq!(read(&json!(7)).warnings.len(), 0);
    }
}
