//! The sandbox of commands, shown by commands that try to get out of it. Where the system has none, what is said of
//! that is checked and the rest is skipped, with the reason.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    home::{Home, config_for},
    look::{output, parts},
    provider::{Answer, Double, Wire},
    server::Server,
};

/// A place to work in and one beside it, neither in a temporary folder: these are writable for all commands.
struct Place {
    _dir: TempDir,
    inside: PathBuf,
    outside: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let real = dir.path().canonicalize().unwrap();
        let (inside, outside) = (real.join("inside"), real.join("outside"));
        for folder in [&inside, &outside] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("kept"), "as it was").unwrap();
        }
        // A project of its own: else the one that these tests belong to would be the project.
        fs::create_dir(inside.join(".git")).unwrap();
        Self { _dir: dir, inside, outside }
    }

    /// Whether nothing has changed outside.
    fn is_untouched(&self) -> bool {
        let names: Vec<_> =
            fs::read_dir(&self.outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names == ["kept"] && fs::read_to_string(self.outside.join("kept")).unwrap() == "as it was"
    }
}

/// A server whose commands are held as `sandbox` configures, and which lets a person allow everything.
struct World {
    double: Double,
    server: Server,
    _home: Home,
}

impl World {
    async fn new(sandbox: Value) -> Self {
        let double = Double::start(Wire::Responses, Vec::new()).await;
        let mut config = config_for(&double);
        config["sandbox"] = sandbox;
        let home = Home::new(&config);
        let server = home.start().await;
        server.allow_all();
        Self { double, server, _home: home }
    }

    /// Runs commands in `cwd`, all at once; what each wrote.
    async fn run(&self, cwd: &Path, commands: &[String]) -> Vec<String> {
        let call = |answer: Answer, (at, command): (usize, &String)| {
            answer.call(&format!("call_{at}"), "bash", &json!({"command": command}))
        };
        self.double.then(commands.iter().enumerate().fold(Answer::new(), call));
        self.double.then(Answer::new().text("Done."));
        let session = &self.session(cwd).await;
        self.server.prompt(session, "Run them.").await;
        let messages = self.server.messages(session).await;
        parts(&messages, "tool").into_iter().map(|call| output(call).to_owned()).collect()
    }

    /// A session in `cwd`, a place that the person trusts.
    async fn session(&self, cwd: &Path) -> String {
        self.server.call("project/trust", json!({"cwd": cwd, "trust": "trusted"})).await;
        let made = self.server.call("session/new", json!({"cwd": cwd})).await;
        made["session"]["id"].as_str().unwrap().to_owned()
    }

    /// Why there is no sandbox to test here.
    async fn missing(&self) -> Option<String> {
        let status = self.server.call("server/status", json!({})).await["sandbox"].take();
        let missing = (status["kind"] == "none").then(|| status["reason"].as_str().unwrap().to_owned());
        missing.inspect(|reason| eprintln!("skipped: no sandbox here: {reason}"))
    }
}

fn failed(output: &str) -> bool {
    output.contains("[exit code") && output.contains("[sandbox: writes only below")
}

#[tokio::test]
async fn commands_write_only_where_they_may() {
    let (world, place) = (World::new(json!({})).await, Place::new());
    if world.missing().await.is_some() {
        return;
    }
    std::os::unix::fs::symlink(&place.outside, place.inside.join("link")).unwrap();
    let out = place.outside.display();
    let mut attempts = vec![
        format!("echo x > {out}/made"),
        format!("echo x >> {out}/kept"),
        format!(": > {out}/kept"),
        "echo x > link/made".to_owned(),
        format!("mkdir {out}/made"),
        format!("ln -s /etc {out}/made"),
        format!("ln {out}/kept hard && echo x > hard"),
        format!("mkfifo {out}/made"),
        format!("rm {out}/kept"),
        format!("mv {out}/kept moved"),
        format!("mv {out}/kept {out}/renamed"),
        format!("cp kept {out}/made"),
        format!("mv kept {out}/made"),
        format!("cd {out} && touch made"),
        format!("bash -c 'setsid -w bash -c \"echo x > {out}/made\"'"),
        format!("truncate -s 0 {out}/kept"),
    ];
    // Keys stand in the environment of processes outside. The kernel lets root read it whatever holds root.
    if !rustix::process::geteuid().is_root() {
        attempts.push("cat /proc/$PPID/environ".to_owned());
    }
    let outputs = world.run(&place.inside, &attempts).await;
    for (attempt, output) in attempts.iter().zip(&outputs) {
        assert!(failed(output), "{attempt}: {output}");
    }
    assert!(place.is_untouched());
}

#[tokio::test]
async fn commands_work_inside_in_temporary_folders_and_in_what_is_configured() {
    let place = Place::new();
    let world = World::new(json!({"writable": [place.outside]})).await;
    let allowed = [
        "echo x > made && mkdir -p a/b && mv made a/b/ && rm -r a".to_owned(),
        "it=$(mktemp) && echo x > $it && rm $it".to_owned(),
        "echo x > /dev/null && cat /etc/passwd > copy".to_owned(),
        format!("echo x > {}/made", place.outside.display()),
        "sleep 5 & kill $!".to_owned(),
    ];
    for (command, output) in allowed.iter().zip(world.run(&place.inside, &allowed).await) {
        assert!(!output.contains("[exit code"), "{command}: {output}");
    }
    assert!(place.outside.join("made").exists());
}

/// Waits for a connection for so long as a busy machine may need to make one.
fn is_connected(listener: TcpListener) -> thread::JoinHandle<bool> {
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        (0..300).any(|_| {
            thread::sleep(Duration::from_millis(10));
            listener.accept().is_ok()
        })
    })
}

/// Run by the test below, inside of the sandbox.
#[test]
#[ignore = "a program for the sandbox to hold"]
fn binds_a_port() {
    TcpListener::bind("127.0.0.1:0").expect("a port can be bound");
}

#[tokio::test]
async fn commands_reach_the_network_only_when_it_is_allowed() {
    let place = Place::new();
    let this = std::env::current_exe().unwrap();
    for network in [false, true] {
        let world = World::new(json!({"network": network})).await;
        if world.missing().await.is_some() {
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connected = is_connected(listener);
        let commands = [
            format!("exec 3<>/dev/tcp/127.0.0.1/{port}"),
            format!("{} --ignored --exact sandbox::binds_a_port", this.display()),
        ];
        let outputs = world.run(&place.inside, &commands).await;
        for (command, output) in commands.iter().zip(&outputs) {
            assert_eq!(failed(output), !network, "{command}: {output}");
        }
        assert_eq!(connected.join().unwrap(), network);
    }
}

#[tokio::test]
async fn a_person_who_is_asked_is_told_what_holds() {
    for (sandbox, said) in
        [(json!({}), "Sandbox (Landlock): it writes only "), (json!({"enabled": false}), "No sandbox (")]
    {
        let world = World::new(sandbox.clone()).await;
        if sandbox == json!({}) && world.missing().await.is_some() {
            continue;
        }
        let place = Place::new();
        world.double.then(Answer::new().call("call_1", "bash", &json!({"command": "echo $(date)"})));
        world.double.then(Answer::new().text("Done."));
        let (told, hear) = std::sync::mpsc::channel();
        world.server.always_answer("session/requestPermission", move |question| {
            told.send(question["sandbox"].clone()).unwrap();
            json!({"optionId": "once"})
        });
        let session = world.session(&place.inside).await;
        world.server.prompt(&session, "Run it.").await;
        let line = hear.recv().unwrap();
        assert!(line.as_str().is_some_and(|line| line.starts_with(said)), "{line}");
    }
}

#[tokio::test]
async fn a_commit_in_a_submodule_works_and_the_repository_around_it_stays_as_it_is() {
    let (world, place) = (World::new(json!({})).await, Place::new());
    if world.missing().await.is_some() {
        return;
    }
    let git = |folder: &Path, arguments: &str| {
        let name = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"];
        let done = Command::new("git").args(name).args(arguments.split(' ')).current_dir(folder).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let library = place.outside.with_file_name("library");
    fs::create_dir(&library).unwrap();
    for folder in [&library, &place.outside] {
        git(folder, "init -q");
        git(folder, "commit -q --allow-empty -m first");
    }
    git(&place.outside, "submodule --quiet add ../library sub");
    let sub = place.outside.join("sub");
    assert!(sub.join(".git").is_file(), "its git directory lies in the repository around it");
    let around = place.outside.display();
    let attempts = [
        "echo x > new && git add new && git -c user.name=a -c user.email=a@b commit -qm second".to_owned(),
        format!("echo x > {around}/.git/hooks/pre-commit"),
        format!("echo x >> {around}/.git/config"),
        format!("echo x > {around}/made"),
    ];
    let outputs = world.run(&sub, &attempts).await;
    assert!(!outputs[0].contains("[exit code"), "{}", outputs[0]);
    assert!(outputs[1..].iter().all(|output| failed(output)), "{outputs:?}");
}

#[tokio::test]
async fn files_in_the_form_of_a_bare_repository_are_none_to_git() {
    let (world, place) = (World::new(json!({})).await, Place::new());
    let form =
        "mkdir -p bare/objects bare/refs && echo 'ref: refs/heads/main' > bare/HEAD && touch bare/config";
    let look = "git -C bare rev-parse --git-dir".to_owned();
    let outputs = world.run(&place.inside, &[format!("{form} && {look}")]).await;
    assert!(outputs[0].contains("[exit code") && outputs[0].contains("safe.bareRepository"), "{outputs:?}");
}

#[tokio::test]
async fn a_commit_in_a_linked_worktree_works_and_the_repositorys_hooks_stay_as_they_are() {
    let (world, place) = (World::new(json!({})).await, Place::new());
    if world.missing().await.is_some() {
        return;
    }
    let git = |arguments: &str| {
        let done =
            Command::new("git").args(arguments.split(' ')).current_dir(&place.outside).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git("init -q");
    git("-c user.name=a -c user.email=a@b commit -q --allow-empty -m first");
    git("worktree add -q ../tree");
    let tree = place.outside.with_file_name("tree");
    let commit = "echo x > new && git add new && git -c user.name=a -c user.email=a@b commit -qm second";
    let hook = format!("echo x > {}/.git/hooks/pre-commit", place.outside.display());
    let configure = "git config core.fsmonitor /tmp/x".to_owned();
    let outputs = world.run(&tree, &[commit.to_owned(), hook, configure]).await;
    assert!(!outputs[0].contains("[exit code"), "{}", outputs[0]);
    assert!(failed(&outputs[1]) && failed(&outputs[2]), "{outputs:?}");
}
