//! The environment of child processes: this process's own without what is secret and without what would change what a
//! command line means.
//!
//! Invariant 13: no key of a provider reaches a child, under whatever name, and nobody can configure otherwise. Other
//! secrets are known by their names, which are a guess; the configuration passes on what was guessed wrong.

use std::ffi::{OsStr, OsString};

use crate::{transcript::secret::Secrets, workspace::config::EnvironmentConfig};

/// Parts of names of variables that hold secrets.
const SECRET_WORDS: [&str; 7] = ["KEY", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"];

/// Variables that make bash run or find other commands than a line says: the analysis of a line does not know them.
const STEERING: [&str; 8] =
    ["BASH_ENV", "BASHOPTS", "CDPATH", "ENV", "GLOBIGNORE", "PROMPT_COMMAND", "PS4", "SHELLOPTS"];

/// Variables that set git's `safe.bareRepository`, behind the `count` settings that are handed on in the same way: files
/// of a project that have the form of a bare repository are not taken for one by who changes into their folder, since
/// such a repository's configuration says what git runs (invariant 12).
/// <https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository>
pub(in crate::tool) fn for_git(count: Option<OsString>) -> [(String, String); 3] {
    let count = count.and_then(|count| count.to_str()?.parse::<u32>().ok()).unwrap_or_default();
    [
        ("GIT_CONFIG_COUNT".to_owned(), count.saturating_add(1).to_string()),
        (format!("GIT_CONFIG_KEY_{count}"), "safe.bareRepository".to_owned()),
        (format!("GIT_CONFIG_VALUE_{count}"), "explicit".to_owned()),
    ]
}

/// Which variables children do not get.
#[derive(Clone, Default)]
pub struct Environment {
    /// Names of variables that hold keys of providers.
    keys: Vec<String>,
    /// Values that no variable may hold.
    secrets: Secrets,
    config: EnvironmentConfig,
}

impl Environment {
    /// Without the variables `keys`, without any that holds one of `secrets`, and as configured.
    pub fn new(keys: Vec<String>, secrets: Secrets, config: EnvironmentConfig) -> Self {
        Self { keys, secrets, config }
    }

    /// Whether children do not get this variable.
    pub(in crate::tool) fn keeps_back(&self, name: &OsStr, value: &OsStr) -> bool {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let is_in = |list: &[String]| list.iter().any(|listed| *listed == name);
        let steers = STEERING.contains(&&*name) || name.starts_with("BASH_FUNC_");
        let upper = name.to_uppercase();
        let sounds_secret = SECRET_WORDS.iter().any(|word| upper.contains(word));
        steers
            || is_in(&self.keys)
            || self.secrets.are_in(&value)
            || is_in(&self.config.remove)
            || (sounds_secret && !is_in(&self.config.pass))
    }

    /// Names of the variables of this process that children do not get, in order.
    pub fn kept_back(&self) -> Vec<String> {
        let kept = std::env::vars_os().filter(|(name, value)| self.keeps_back(name, value));
        let mut names: Vec<String> = kept.map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps_back(environment: &Environment, name: &str, value: &str) -> bool {
        environment.keeps_back(name.as_ref(), value.as_ref())
    }

    #[test]
    fn what_git_is_told_stands_behind_what_it_was_told_before() {
        let names = |count: Option<&str>| for_git(count.map(OsString::from));
        assert_eq!(names(None)[1], ("GIT_CONFIG_KEY_0".to_owned(), "safe.bareRepository".to_owned()));
        let behind = names(Some("2"));
        assert_eq!((behind[0].1.as_str(), behind[2].0.as_str()), ("3", "GIT_CONFIG_VALUE_2"));
        assert_eq!(names(Some("none"))[0].1, "1");
    }

    #[test]
    fn secrets_are_kept_back_by_name_and_by_value() {
        let config = EnvironmentConfig {
            pass: vec!["CI_TOKEN".to_owned(), "PROVIDER".to_owned()],
            remove: vec!["EDITOR".to_owned()],
        };
        let secrets = Secrets::new(["sk-canary-1".to_owned()]);
        let environment = Environment::new(vec!["PROVIDER".to_owned()], secrets, config);
        for (name, value) in [
            ("OPENAI_API_KEY", "x"),
            ("gh_token", "x"),
            ("MY_PASSWORD_FILE", "x"),
            ("AWS_CREDENTIALS", "x"),
            ("PROVIDER", "x"),
            ("EDITOR", "vi"),
            ("HARMLESS", "see sk-canary-1"),
            ("CI_TOKEN", "sk-canary-1"),
            ("BASH_ENV", "x"),
            ("BASH_FUNC_ls%%", "() { id; }"),
            ("CDPATH", "/"),
        ] {
            assert!(keeps_back(&environment, name, value), "{name}");
        }
        for (name, value) in [("PATH", "/bin"), ("CI_TOKEN", "x"), ("SSH_AUTH_SOCK", "/x"), ("LANG", "C")] {
            assert!(!keeps_back(&environment, name, value), "{name}");
        }
    }
}
