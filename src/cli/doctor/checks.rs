//! What `agentls doctor` looks at.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use agentls::{
    engine::{Engine, ListedModel},
    face::lsp::{server::PROTOCOL_VERSION, status::VERSION},
    provider::catalog,
    store::{self, Store},
    workspace::{config::Config, paths::Directories},
};

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::Finding;
use crate::cli::{figures, local, log};

/// Where less is free the next long turn may not be written, in bytes.
const LITTLE_ROOM: u64 = 64 * 1024 * 1024;

pub(super) fn program() -> Vec<Finding> {
    let sqlite = Store::sqlite_version();
    vec![Finding::fine(format!("agentls {VERSION}, protocol {PROTOCOL_VERSION}, SQLite {sqlite}"))]
}

pub(super) fn places(directories: &Directories) -> Vec<Finding> {
    let wanted: [(&str, PathBuf, u32); 5] = [
        ("data", directories.data.clone(), 0o700),
        ("database", directories.data.join(store::FILE), 0o600),
        ("log", directories.data.join(log::FILE), 0o600),
        ("configuration", directories.config.clone(), 0o700),
        ("your settings", directories.config.join("config.jsonc"), 0o600),
    ];
    let mut findings: Vec<Finding> =
        wanted.iter().map(|(name, path, mode)| place(name, path, *mode)).collect();
    findings.extend(room(&directories.data, LITTLE_ROOM));
    findings.extend(copies(&directories.data).iter().map(|path| place("old database", path, 0o600)));
    findings
}

/// Old databases beside the one in use: backups from before a migration, and those that were repaired.
fn copies(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let old = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(store::FILE) && (name.ends_with(".bak") || name.contains(".damaged-"))
    };
    let mut copies: Vec<PathBuf> = entries.filter(old).collect();
    copies.sort();
    copies
}

/// Whether others than the owner can get at it (invariant 13).
fn place(name: &str, path: &Path, wanted: u32) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::plain(format!("{name}: {shown} (not there yet)"))
        }
        Err(error) => Finding::broken(
            format!("{name}: {shown} cannot be looked at: {error}"),
            "Give it back to your user, or set AGENTLS_DATA_DIR and AGENTLS_CONFIG_DIR.",
        ),
        Ok(meta) => {
            let mode = meta.permissions().mode() & 0o777;
            let what = format!("{name}: {shown} (mode {mode:04o})");
            if mode & 0o077 & !wanted == 0 {
                Finding::fine(what)
            } else {
                Finding::doubtful(format!("{what} is open to others"), format!("chmod {wanted:o} {shown}"))
            }
        }
    }
}

/// Whether the disk of the data directory takes what is written, of which it should have `enough` bytes.
fn room(data: &Path, enough: u64) -> Option<Finding> {
    let disk = statvfs(data).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let reads = "What is stored can be read; nothing new is.";
    Some(if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        Finding::broken(
            "the disk of the data directory cannot be written",
            format!("Mount it for writing, or set AGENTLS_DATA_DIR. {reads}"),
        )
    } else if free == 0 {
        Finding::broken(
            "the disk of the data directory is full",
            format!("Free space there, or set AGENTLS_DATA_DIR. {reads}"),
        )
    } else if free < enough {
        let what = format!("only {} are free on the disk of the data directory", figures::bytes(free));
        Finding::doubtful(what, "Free space there, or set AGENTLS_DATA_DIR.")
    } else {
        Finding::fine(format!("{} free on its disk", figures::bytes(free)))
    })
}

pub(super) fn providers(engine: &Engine, config: &Config, here: &Path) -> anyhow::Result<Vec<Finding>> {
    let models = local::runtime()?.block_on(engine.models(Some(here.to_string_lossy().into_owned())))?;
    let mut findings = vec![default_model(&models, config)];
    let mut by_provider: BTreeMap<&str, Vec<&ListedModel>> = BTreeMap::new();
    for model in &models {
        by_provider.entry(&model.model.provider).or_default().push(model);
    }
    findings.extend(by_provider.iter().map(|(name, models)| provider(name, models, config)));
    Ok(findings)
}

fn default_model(models: &[ListedModel], config: &Config) -> Finding {
    let name = &config.model;
    match models.iter().find(|listed| listed.model.to_string() == *name) {
        Some(listed) if listed.ready => Finding::fine(format!("{name} answers unless you choose another")),
        Some(listed) => Finding::doubtful(
            format!("{name} is your model, and there is no key for it in this environment"),
            key_cure(&listed.model.provider, config),
        ),
        None => Finding::broken(
            format!("`model` is {name}, which is neither in the catalogue nor configured"),
            unknown_cure(name, models),
        ),
    }
}

fn unknown_cure(name: &str, models: &[ListedModel]) -> String {
    let known: Vec<String> = models.iter().map(|listed| listed.model.to_string()).collect();
    match catalog::suggestions(name, known.iter().map(String::as_str)).first() {
        Some(meant) => format!("Did you mean {meant}? Else describe it under `providers`."),
        None => "Choose one of the models below, or describe it under `providers`.".to_owned(),
    }
}

fn provider(name: &str, models: &[&ListedModel], config: &Config) -> Finding {
    let names = models.iter().map(|listed| listed.model.id.as_str()).collect::<Vec<_>>().join(", ");
    let ready = models.iter().any(|listed| listed.ready);
    // Without a key is not wrong: nobody needs all providers of the catalogue.
    match (ready, key_variable(name, config)) {
        (true, Some(variable)) => Finding::fine(format!("{name}: key in {variable}; {names}")),
        (true, None) => Finding::fine(format!("{name}: no key needed; {names}")),
        (false, Some(variable)) => Finding::plain(format!("{name}: {variable} is not set; {names}")),
        (false, None) => Finding::plain(format!("{name}: no key; {names}")),
    }
}

fn key_cure(provider: &str, config: &Config) -> String {
    match key_variable(provider, config) {
        Some(variable) => format!("Set {variable}, or let your editor give the key."),
        None => "Let your editor give the key.".to_owned(),
    }
}

/// The variable that a provider's key is looked for in.
fn key_variable(provider: &str, config: &Config) -> Option<String> {
    let own = config.providers.get(provider);
    let configured = own.and_then(|own| own.api_key_env.clone());
    let elsewhere = own.is_some_and(|own| own.base_url.is_some());
    let listed = || catalog::preset(provider)?.key_variable.map(str::to_owned);
    configured.or_else(|| if elsewhere { None } else { listed() })
}

#[cfg(test)]
mod tests {
    use super::{super::Weight, *};

    fn directories(root: &Path) -> Directories {
        Directories { data: root.join("data"), config: root.join("config") }
    }

    #[test]
    fn a_disk_with_little_room_is_doubtful_and_none_is_told_of_a_directory_that_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(room(root.path(), 1).unwrap().weight, Weight::Fine);
        let little = room(root.path(), u64::MAX).unwrap();
        assert!(little.weight == Weight::Doubtful && little.cure.is_some(), "{little:?}");
        assert!(room(&root.path().join("missing"), 1).is_none());
    }

    #[test]
    fn what_is_open_to_others_is_doubtful_with_the_command_that_closes_it() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("data")).unwrap();
        fs::set_permissions(root.path().join("data"), fs::Permissions::from_mode(0o750)).unwrap();
        let findings = places(&directories(root.path()));
        assert_eq!(findings[0].weight, Weight::Doubtful);
        assert!(findings[0].cure.as_deref().unwrap().starts_with("chmod 700 "));
        assert!(findings[1].what.ends_with("(not there yet)"));
    }
}
