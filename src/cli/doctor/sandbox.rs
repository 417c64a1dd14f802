//! What `agentls doctor` says of the sandbox that holds commands.

use agentls::{
    tool::sandbox::{Sandbox, Status},
    workspace::{config::Config, project},
};

use super::Finding;

/// What holds commands that run in `here`.
pub(super) fn sandbox(config: &Config, here: &std::path::Path) -> Vec<Finding> {
    let root = project::find(here).path;
    let sandbox = Sandbox::new(&config.sandbox, here, &root, &|name| std::env::var_os(name));
    vec![finding(&Status::of(&config.sandbox), sandbox.line())]
}

fn finding(status: &Status, line: String) -> Finding {
    match status {
        Status::Landlock { abi } if *abi < Status::HOLDS_TCP => {
            Finding::doubtful(line, "A kernel from 6.7 on holds TCP, too.")
        }
        Status::Landlock { abi } => Finding::fine(format!("{line} Interface version {abi}.")),
        Status::None { .. } => Finding::doubtful(line, "Read what is asked before you allow a command."),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Weight, *};

    #[test]
    fn what_is_not_held_is_doubtful() {
        let weight = |status| finding(&status, String::new()).weight;
        assert_eq!(weight(Status::Landlock { abi: 7 }), Weight::Fine);
        assert_eq!(weight(Status::Landlock { abi: 3 }), Weight::Doubtful);
        assert_eq!(weight(Status::None { reason: "old".to_owned() }), Weight::Doubtful);
    }
}
