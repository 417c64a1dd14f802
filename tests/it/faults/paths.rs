//! S-02: no tool leaves the session's root, by whatever a path is made of and whatever is put in its way.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{FileTypeExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{output, parts},
    matrix,
    provider::{Answer, Double, Wire},
    server::Server,
};

/// What stands in each file outside, and nowhere else.
const CANARY: &str = "what-nobody-may-see";

/// The name of a file that is only outside.
const ONLY_OUTSIDE: &str = "only-outside";

/// A server without a sandbox, so that only what is tested here holds; a person who refuses whatever is asked; and a
/// folder beside the workspace.
struct World {
    double: Double,
    home: Home,
    server: Server,
    outside: PathBuf,
    before: BTreeMap<PathBuf, Vec<u8>>,
    /// What the person was asked.
    asked: Arc<Mutex<Vec<Value>>>,
}

impl World {
    async fn new() -> Self {
        let double = Double::start(Wire::Responses, Vec::new()).await;
        let mut config = config_for(&double);
        config["sandbox"] = json!({"enabled": false});
        let home = Home::new(&config);
        let outside = home.workspace().with_file_name("outside");
        fs::create_dir_all(outside.join("deep")).unwrap();
        for name in ["file", "deep/file", ONLY_OUTSIDE] {
            fs::write(outside.join(name), format!("{CANARY}\n")).unwrap();
        }
        let server = home.start().await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&asked);
        server.always_answer("session/requestPermission", move |question| {
            hears.lock().unwrap().push(question.clone());
            // Refused, but the turn goes on.
            json!({"optionId": "refuse", "feedback": "Stay inside."})
        });
        let before = contents(&outside);
        Self { double, home, server, outside, before, asked }
    }

    /// Makes these calls in a new session, all at once; what each ended with, in the order of the calls.
    async fn call(&self, calls: &[(&str, Value)]) -> Vec<String> {
        let call = |answer: Answer, (at, (tool, input)): (usize, &(&str, Value))| {
            answer.call(&format!("call_{at}"), tool, input)
        };
        self.double.then(calls.iter().enumerate().fold(Answer::new(), call));
        self.double.then(Answer::new().text("Done."));
        let session = self.server.session().await;
        self.server.prompt(&session, "Go.").await;
        self.double.forget_bodies();
        let messages = self.server.messages(&session).await;
        let ended = parts(&messages, "tool").into_iter().map(ended).collect::<Vec<_>>();
        assert_eq!(ended.len(), calls.len());
        ended
    }

    /// That nothing came in, and nothing went out.
    fn check(&self, calls: &[(&str, Value)], ended: &[String]) {
        for ((tool, input), ended) in calls.iter().zip(ended) {
            assert!(!ended.contains(CANARY) && !ended.contains(ONLY_OUTSIDE), "{tool} {input}: {ended}");
        }
        assert_eq!(contents(&self.outside), self.before);
    }
}

/// How a call ended: its output or its error.
fn ended(call: &Value) -> String {
    if call["status"] == "completed" { output(call).to_owned() } else { call["error"].to_string() }
}

/// Everything below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(contents(&entry.path()));
        } else {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// Every tool that takes a path, on a file and on the folder that it is in.
fn every_tool(folder: &str, file: &str) -> Vec<(&'static str, Value)> {
    let path = format!("{folder}/{file}");
    let patch = format!("*** Begin Patch\n*** Update File: {path}\n@@\n-inside\n+patched\n*** End Patch");
    let moved = format!(
        "*** Begin Patch\n*** Update File: kept\n*** Move to: {path}-moved\n@@\n-inside\n+moved\n*** End Patch"
    );
    vec![
        ("read", json!({"path": path})),
        ("read", json!({"path": folder})),
        ("read", json!({"path": format!("{folder}/missing-{file}")})),
        ("write", json!({"path": path, "content": "inside\n"})),
        ("write", json!({"path": format!("{folder}/new"), "content": "inside\n"})),
        ("write", json!({"path": format!("{folder}/new-folder/new"), "content": "inside\n"})),
        ("edit", json!({"path": path, "oldText": "inside", "newText": "inside"})),
        ("edit", json!({"path": path, "oldText": CANARY, "newText": "gone"})),
        ("patch", json!({"patch": patch})),
        ("patch", json!({"patch": moved})),
        ("patch", json!({"patch": format!("*** Begin Patch\n*** Delete File: {path}\n*** End Patch")})),
        ("grep", json!({"pattern": "what-nobody|inside", "path": folder})),
        ("grep", json!({"pattern": "what-nobody|inside", "path": path})),
        ("grep", json!({"pattern": "what-nobody|inside"})),
        ("glob", json!({"pattern": "**/*", "path": folder})),
        ("glob", json!({"pattern": "**/*"})),
        ("list", json!({"path": folder, "depth": 3})),
        ("list", json!({"depth": 3})),
        ("bash", json!({"command": "cat file", "cwd": folder})),
        ("bash", json!({"command": "touch made", "cwd": folder})),
    ]
}

#[tokio::test]
async fn s_02_links_of_every_kind_are_asked_about_with_their_target_and_lead_nowhere_else() {
    let world = World::new().await;
    let root = world.home.workspace();
    world.home.write("kept", "inside\n");
    world.home.write("sub/file", "inside\n");
    symlink(&world.outside, root.join("absolute")).unwrap();
    symlink("../outside", root.join("relative")).unwrap();
    symlink("relative", root.join("chain")).unwrap();
    symlink("chain", root.join("longer")).unwrap();
    symlink("../../outside", root.join("sub/deep")).unwrap();
    symlink("/proc/self/cwd/../outside", root.join("by-proc")).unwrap();
    fs::create_dir(root.join("files")).unwrap();
    symlink("../../outside/file", root.join("files/file")).unwrap();
    symlink("../../outside/none", root.join("files/new")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let absolute = world.outside.to_string_lossy().into_owned();
    let folders = [
        "absolute",
        "relative",
        "chain",
        "longer",
        "sub/deep",
        "by-proc",
        "../outside",
        "sub/../../outside",
        "chain/deep/..",
        "relative/../outside",
        "loop",
        &absolute,
    ];
    let mut done = 0;
    for folder in folders {
        let calls = every_tool(folder, "file");
        world.check(&calls, &world.call(&calls).await);
        done += calls.len();
    }
    // Links to files, in a folder that is inside.
    let calls = [
        ("read", json!({"path": "files/file"})),
        ("write", json!({"path": "files/file", "content": "x"})),
        ("write", json!({"path": "files/new", "content": "x"})),
        ("edit", json!({"path": "files/file", "oldText": CANARY, "newText": "gone"})),
        ("grep", json!({"pattern": "what-nobody", "path": "files/file"})),
    ];
    world.check(&calls, &world.call(&calls).await);
    let asked = world.asked.lock().unwrap();
    assert!(asked.len() > done / 3, "{} of {done}", asked.len());
    for question in asked.iter() {
        let path = &question["path"];
        let leads_out = path["target"].as_str().is_some_and(|target| target.starts_with(&absolute));
        assert!(leads_out && path["link"].is_string(), "{question}");
    }
    matrix::held("S-02", "tools on links out of the root", done + calls.len(), "0 escapes");
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

#[tokio::test]
async fn s_02_devices_pipes_sockets_and_processes_are_refused_and_nothing_waits() {
    let world = World::new().await;
    let root = world.home.workspace();
    world.home.write("kept", "inside\n");
    for folder in ["odd", "lists", "deep/lists"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    pipe(&root.join("odd/file"));
    let _listens = UnixListener::bind(root.join("odd/socket")).unwrap();
    symlink("/dev/zero", root.join("odd/zero")).unwrap();
    symlink("/proc/self/environ", root.join("odd/environ")).unwrap();
    // What says which files are ignored is read by searches.
    pipe(&root.join("lists/.gitignore"));
    pipe(&root.join("deep/lists/.ignore"));
    let mut calls = every_tool("odd", "socket");
    calls.extend(every_tool("odd", "file"));
    // A command that reads a pipe waits, as it would without us.
    calls.retain(|(tool, _)| *tool != "bash");
    for path in ["odd/zero", "odd/environ", "/dev/stdin", "/dev/tty", "/dev/fd/0", "/proc/1/mem"] {
        calls.push(("read", json!({"path": path})));
        calls.push(("write", json!({"path": path, "content": "x"})));
        calls.push(("grep", json!({"pattern": ".", "path": path})));
    }
    for folder in ["lists", "deep", "deep/lists", "."] {
        calls.push(("list", json!({"path": folder, "depth": 5})));
        calls.push(("glob", json!({"pattern": "**/*", "path": folder})));
        calls.push(("grep", json!({"pattern": ".", "path": folder})));
    }
    let ended = world.call(&calls).await;
    world.check(&calls, &ended);
    for ((tool, input), ended) in calls.iter().zip(&ended) {
        let into_one = ["odd/socket", "odd/zero", "odd/environ"].iter().any(|path| input["path"] == **path);
        assert!(
            !into_one || ended.contains("device") || ended.contains("process"),
            "{tool} {input}: {ended}"
        );
    }
    assert!(fs::metadata(root.join("odd/file")).unwrap().file_type().is_fifo());
    matrix::held("S-02", "tools on devices, pipes, sockets, processes", calls.len(), "0 opened, 0 waits");
}

/// Exchanges what stands at pairs of paths, again and again, each time in one step, until it is dropped.
struct Swapper {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<usize>>,
}

impl Swapper {
    fn start(pairs: Vec<(PathBuf, PathBuf)>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut times = 0;
            while !stopped.load(Ordering::Relaxed) {
                for (one, other) in &pairs {
                    // A write of a tool may take one of them away for a moment.
                    times += usize::from(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok());
                }
                thread::sleep(Duration::from_micros(50));
            }
            times
        });
        Self { stop, thread: Some(thread) }
    }

    /// How often something was exchanged.
    fn stop(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(0, |thread| thread.join().unwrap())
    }
}

impl Drop for Swapper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Folders and files that become links out of the root, and a file that becomes a pipe; each beside what it becomes.
fn traps(world: &World) -> Vec<(PathBuf, PathBuf)> {
    let root = world.home.workspace();
    let beside = root.join("beside");
    fs::create_dir(&beside).unwrap();
    for folder in ["swapped", "above/deep", "files"] {
        world.home.write(format!("{folder}/file"), "inside\n");
    }
    symlink(&world.outside, beside.join("swapped")).unwrap();
    symlink(&world.outside, beside.join("above")).unwrap();
    symlink(world.outside.join("file"), beside.join("file")).unwrap();
    world.home.write("pipes/file", "inside\n");
    pipe(&beside.join("pipe"));
    let pairs = [("swapped", "swapped"), ("above", "above"), ("files/file", "file"), ("pipes/file", "pipe")];
    pairs.map(|(inside, other)| (root.join(inside), beside.join(other))).into()
}

#[tokio::test]
async fn s_02_what_is_put_in_the_way_during_a_check_is_not_followed() {
    let tries = matrix::times(600, 100_000);
    let world = World::new().await;
    world.home.write("kept", "inside\n");
    let swapper = Swapper::start(traps(&world));
    let calls: Vec<_> = ["swapped", "above/deep", "files", "pipes"]
        .iter()
        .flat_map(|folder| every_tool(folder, "file"))
        // Of commands, the folder that they run in is ours; what they open there is theirs.
        .filter(|(tool, input)| *tool != "bash" || input["cwd"] == "swapped" || input["cwd"] == "above/deep")
        .collect();
    let (mut done, mut inside, mut caught) = (0, 0, 0);
    while done < tries {
        let ended = world.call(&calls).await;
        world.check(&calls, &ended);
        done += calls.len();
        inside += ended.iter().filter(|ended| ended.contains("inside")).count();
        caught += ended.iter().filter(|ended| ended.contains("has become a link")).count();
    }
    let swaps = swapper.stop();
    assert!(inside > 0 && swaps > done, "{inside} read inside, {swaps} swaps");
    let seen = format!("0 escapes; {caught} caught at the opening, {swaps} swaps");
    matrix::held("S-02", "tools while folders and files become links and pipes", done, &seen);
}
