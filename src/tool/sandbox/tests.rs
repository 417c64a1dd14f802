//! What is said of a sandbox, and where one lets commands write. That it holds is shown through the binary
//! (`tests/it/sandbox.rs`).

use super::*;

fn sandbox(config: &SandboxConfig, cwd: &str, root: &str) -> Sandbox {
    let env = |name: &str| match name {
        "HOME" => Some(OsString::from("/home/ada")),
        "TMPDIR" => Some(OsString::from("/scratch")),
        "CARGO_HOME" => Some(OsString::from("/opt/cargo")),
        _ => None,
    };
    Sandbox::new(config, Path::new(cwd), Path::new(root), &env)
}

fn holds(places: &[PathBuf], path: &str) -> bool {
    places.iter().any(|place| Path::new(path).starts_with(place))
}

#[test]
fn the_project_around_the_working_directory_is_writable_but_never_the_home_folder() {
    let config = SandboxConfig::default();
    let inner = sandbox(&config, "/home/ada/work/app/crate", "/home/ada/work/app");
    assert!(holds(&inner.roots, "/home/ada/work/app/target"));
    assert!(!holds(&inner.roots, "/home/ada/work/other") && !holds(&inner.shared, "/home/ada/work/other"));
    // Whoever keeps the home folder in git does not mean all of it.
    let dotfiles = sandbox(&config, "/home/ada/app", "/home/ada");
    assert!(holds(&dotfiles.roots, "/home/ada/app/x") && !holds(&dotfiles.roots, "/home/ada/.ssh"));
}

#[test]
fn temporary_folders_are_writable_and_caches_only_with_the_network() {
    let closed = sandbox(&SandboxConfig::default(), "/w", "/w");
    let open = sandbox(&SandboxConfig { network: true, ..SandboxConfig::default() }, "/w", "/w");
    for path in ["/tmp/x", "/scratch/x", "/var/tmp/x", "/dev/shm/x"] {
        assert!(holds(&closed.shared, path), "{path}");
    }
    for path in ["/opt/cargo/registry/cache", "/home/ada/.npm/_cacache", "/home/ada/.cache/pip"] {
        assert!(!holds(&closed.shared, path) && holds(&open.shared, path), "{path}");
    }
    // What is run from there stays as it is.
    for path in ["/opt/cargo/bin/cargo", "/home/ada/.cargo/bin/cargo", "/home/ada/.bashrc"] {
        assert!(!holds(&open.shared, path), "{path}");
    }
}

#[test]
fn a_temporary_folder_that_holds_the_home_folder_is_not_believed() {
    let env = |name: &str| Some(OsString::from(if name == "HOME" { "/home/ada" } else { "/" }));
    let wide = Sandbox::new(&SandboxConfig::default(), Path::new("/w"), Path::new("/w"), &env);
    assert!(!holds(&wide.shared, "/home/ada/.ssh"));
}

#[test]
fn the_configuration_adds_places_in_each_notation() {
    let writable = ["~/kept", "/abs", "below"].map(str::to_owned).to_vec();
    let added = sandbox(&SandboxConfig { writable, ..SandboxConfig::default() }, "/w", "/w");
    for path in ["/home/ada/kept/x", "/abs/x", "/w/below/x"] {
        assert!(holds(&added.shared, path), "{path}");
    }
}

#[test]
fn without_a_sandbox_it_is_said_why() {
    let config = SandboxConfig { enabled: false, ..SandboxConfig::default() };
    let off = sandbox(&config, "/w", "/w");
    assert_eq!(off.line(), "No sandbox (`sandbox.enabled` is false): the command can do whatever you can.");
    assert_eq!(off.note(), None);
    assert!(off.ruleset().unwrap().is_none());
}

#[test]
fn the_network_is_said_to_be_held_only_where_the_kernel_holds_it() {
    let under = |abi, network| {
        let mut sandbox = sandbox(&SandboxConfig { network, ..SandboxConfig::default() }, "/w", "/w");
        sandbox.status = Status::Landlock { abi };
        (sandbox.line(), sandbox.note().unwrap())
    };
    let (line, note) = under(4, false);
    assert!(line.ends_with("below /w and in temporary folders; TCP is closed to it."), "{line}");
    assert!(note.contains("temporary folders, no TCP; `sandbox.writable`"), "{note}");
    let (line, note) = under(3, false);
    assert!(line.contains("cannot close the network") && !note.contains("TCP"), "{line} {note}");
    assert!(under(7, true).0.contains("the network is open"));
}
