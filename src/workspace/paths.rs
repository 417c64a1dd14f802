//! Where data and configuration live, made readable to their owner only (invariant 13).

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use etcetera::{BaseStrategy, choose_base_strategy};

/// The folder's name below the platform's own.
const NAME: &str = "agentls";

/// The platform's folders could not be found.
#[derive(Debug, thiserror::Error)]
#[error("there is no home directory; set AGENTLS_DATA_DIR and AGENTLS_CONFIG_DIR")]
pub struct NoHome;

/// Where things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// The database's directory.
    pub data: PathBuf,
    /// The directory of the user's `config.jsonc`.
    pub config: PathBuf,
}

/// `$AGENTLS_DATA_DIR` and `$AGENTLS_CONFIG_DIR`, each else the platform's. Creates nothing.
pub fn directories() -> Result<Directories, NoHome> {
    choose(std::env::var_os("AGENTLS_DATA_DIR"), std::env::var_os("AGENTLS_CONFIG_DIR"))
}

fn choose(data: Option<OsString>, config: Option<OsString>) -> Result<Directories, NoHome> {
    let platform = choose_base_strategy().map_err(|_| NoHome);
    let pick = |given: Option<OsString>, own: fn(&etcetera::base_strategy::Xdg) -> PathBuf| match given
        .filter(|path| !path.is_empty())
    {
        Some(path) => Ok(PathBuf::from(path)),
        None => platform.as_ref().map(|platform| own(platform).join(NAME)).map_err(|_| NoHome),
    };
    Ok(Directories {
        data: pick(data, BaseStrategy::data_dir)?,
        config: pick(config, BaseStrategy::config_dir)?,
    })
}

/// What others may do with a directory of ours.
#[derive(Debug)]
pub enum Privacy {
    /// Nothing.
    Private,
    /// What its mode says: it was there before, and its rights cannot be changed for this reason (it belongs to somebody
    /// else, say, or cannot be written).
    Shared(io::Error),
}

/// Makes a directory, and those above it, with mode 0700; takes others' rights from one that exists, where it may.
pub fn create_private(path: &Path) -> io::Result<Privacy> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    let private = mode & !0o077;
    if mode == private {
        return Ok(Privacy::Private);
    }
    let restricted = fs::set_permissions(path, fs::Permissions::from_mode(private));
    Ok(restricted.map_or_else(Privacy::Shared, |()| Privacy::Private))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_first() {
        let chosen = choose(Some("/d".into()), Some("/c".into())).unwrap();
        assert_eq!(chosen, Directories { data: "/d".into(), config: "/c".into() });
    }

    #[test]
    fn an_empty_variable_is_none() {
        let chosen = choose(Some(OsString::new()), Some("/c".into())).unwrap();
        assert!(chosen.data.ends_with(NAME));
    }

    #[test]
    fn a_directory_belongs_to_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        create_private(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        create_private(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    /// Nobody, root included, may change the mode of a process's folder.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_directory_that_cannot_be_restricted_is_used_all_the_same() {
        let shared = create_private(Path::new("/proc/self")).unwrap();
        assert!(matches!(shared, Privacy::Shared(_)), "{shared:?}");
        assert!(
            create_private(Path::new("/proc/self/agentls")).is_err(),
            "a new one is made private, or not at all"
        );
    }
}
