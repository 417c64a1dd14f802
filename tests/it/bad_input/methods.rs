//! Rows about our own methods: things that are not there, values out of range, paths that lead nowhere good.

use std::{fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use serde_json::{Value, json};

use super::{Home, Program, Row};

/// What the rows need to be there.
pub struct Place {
    workspace: PathBuf,
    session: Value,
    other: Value,
    message: Value,
    part: Value,
}

impl Place {
    /// A session with one answered prompt, a second session, and a workspace with every kind of file.
    pub fn new(home: &Home, program: &mut Program) -> Self {
        let workspace = home.workspace();
        fs::write(workspace.join("a.txt"), "one\ntwo\n").unwrap();
        fs::write(workspace.join("binary"), b"\0\x01\x02").unwrap();
        fs::write(workspace.join("large"), "x".repeat(5 * 1024 * 1024)).unwrap();
        symlink("/", workspace.join("root")).unwrap();
        symlink("loop", workspace.join("loop")).unwrap();
        assert!(Command::new("mkfifo").arg(workspace.join("fifo")).status().unwrap().success());

        let mut session = || program.ask("session/new", &json!({"cwd": workspace}))["session"]["id"].clone();
        let (session, other) = (session(), session());
        let text = [json!({"type": "text", "text": "hello"})];
        program.ask("session/prompt", &json!({"sessionId": session, "parts": text, "clientId": "once"}));
        let messages = program.ask("session/messages", &json!({"sessionId": session}))["messages"].clone();
        let message = messages[0]["id"].clone();
        let part = messages[0]["parts"][0]["id"].clone();
        Self { workspace, session, other, message, part }
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.workspace.display())
    }

    fn prompt(&self, name: &str, parts: Value) -> Row {
        Row::invalid(name, "session/prompt", &json!({"sessionId": self.session, "parts": parts}))
    }
}

pub fn rows(place: &Place) -> Vec<Row> {
    [
        unknown_sessions(),
        session_ids(),
        working_directories(place),
        new_sessions(place),
        lists(),
        pages(place),
        ranges(place),
        prompts(place),
        prompt_files(place),
        prompt_settings(place),
        changes(place),
        exports(place),
        workspaces(place),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every method that takes a session, without one.
fn unknown_sessions() -> Vec<Row> {
    let more = |method: &str| match method {
        "session/prompt" => json!({"parts": [{"type": "text", "text": "hi"}]}),
        "session/unqueue" => json!({"messageId": "msg_1"}),
        "session/rename" => json!({"title": "t"}),
        "session/export" => json!({"format": "json"}),
        _ => json!({}),
    };
    let methods = [
        "get", "messages", "prompt", "cancel", "queue", "unqueue", "steps", "rename", "archive", "delete",
        "fork", "export",
    ];
    let row = |method: &str| {
        let method = format!("session/{method}");
        let mut params = more(&method);
        params["sessionId"] = json!("ses_nowhere");
        Row::failed(&format!("{method} of nothing"), &method, &params, "sessionNotFound")
    };
    methods.into_iter().map(row).collect()
}

fn session_ids() -> Vec<Row> {
    let get = |name: &str, id: Value| (name.to_owned(), json!({"sessionId": id}));
    let missing = [
        get("session id empty", json!("")),
        get("session id of 1 MB", json!("s".repeat(1_000_000))),
        get("session id with a NUL", json!("ses_\u{0}")),
        get("session id of SQL", json!("' OR 1=1 --")),
        get("session id of another kind", json!("msg_1")),
    ];
    let wrong = [
        get("session id number", json!(5)),
        get("session id null", Value::Null),
        get("session id list", json!(["ses_1"])),
    ];
    let missing =
        missing.iter().map(|(name, params)| Row::failed(name, "session/get", params, "sessionNotFound"));
    missing.chain(wrong.iter().map(|(name, params)| Row::invalid(name, "session/get", params))).collect()
}

fn working_directories(place: &Place) -> Vec<Row> {
    let file = |name: &str| place.workspace.join(name).display().to_string();
    let long = format!("/{}", "x".repeat(5_000));
    let deep = "/x".repeat(5_000);
    let refused = [
        ("cwd relative", "src"),
        ("cwd empty", ""),
        ("cwd of dots", ".."),
        ("cwd with a NUL", "/tmp\u{0}/x"),
        ("cwd of 5,000 characters", &long),
        ("cwd of 5,000 folders", &deep),
        ("cwd that is not there", "/no/such/place"),
        ("cwd that is a file", &file("a.txt")),
        ("cwd that is a device", "/dev/null"),
        ("cwd that is a FIFO", &file("fifo")),
        ("cwd that is a link to itself", &file("loop")),
        ("cwd that is a URI", "file:///tmp"),
    ];
    let mut rows: Vec<Row> =
        refused.iter().map(|(name, cwd)| Row::invalid(name, "session/new", &json!({"cwd": cwd}))).collect();
    rows.push(Row::works("cwd through a link", "session/new", &json!({"cwd": file("root")})));
    rows.push(Row::works("cwd with dots", "session/new", &json!({"cwd": file("../workspace/.")})));
    rows
}

fn new_sessions(place: &Place) -> Vec<Row> {
    let with = |member: &str, value: Value| json!({"cwd": place.workspace, member: value});
    let invalid = |name: &str, member: &str, value| Row::invalid(name, "session/new", &with(member, value));
    vec![
        Row::invalid("cwd missing", "session/new", &json!({})),
        Row::invalid("cwd number", "session/new", &json!({"cwd": 7})),
        invalid("title number", "title", json!(7)),
        invalid("title of 1 MB", "title", json!("t".repeat(1_000_000))),
        invalid("agent unknown", "agent", json!("nobody")),
        invalid("model without a provider", "model", json!("gpt")),
        invalid("model number", "model", json!(5)),
        invalid("model half", "model", json!({"provider": "openai"})),
        Row::works("a member unknown", "session/new", &with("colour", json!("blue"))),
        Row::failed("model unknown", "session/new", &with("model", json!("openai/gpt-0")), "modelNotFound"),
        Row::failed(
            "parent unknown",
            "session/new",
            &with("parentId", json!("ses_nowhere")),
            "sessionNotFound",
        ),
    ]
}

fn lists() -> Vec<Row> {
    let invalid = |name: &str, params: Value| Row::invalid(name, "session/list", &params);
    let works = |name: &str, params: Value| Row::works(name, "session/list", &params);
    let stale = |name: &str, cursor: &str| {
        Row::failed(name, "session/list", &json!({"cursor": cursor}), "staleCursor")
    };
    vec![
        invalid("list limit zero", json!({"limit": 0})),
        invalid("list limit negative", json!({"limit": -5})),
        invalid("list limit fraction", json!({"limit": 2.5})),
        invalid("list limit 1e30", json!({"limit": 1e30})),
        invalid("list limit text", json!({"limit": "5"})),
        invalid("list archived text", json!({"archived": "yes"})),
        invalid("list search number", json!({"search": 1})),
        works(
            "list of nulls",
            json!({"archived": null, "limit": null, "cwd": null, "search": null, "cursor": null}),
        ),
        works("list limit huge", json!({"limit": u64::MAX})),
        works("list search of wildcards", json!({"search": "%_\\%' \"*"})),
        works("list search with a NUL", json!({"search": "a\u{0}b"})),
        works("list search of 1 MB", json!({"search": "s".repeat(1_000_000)})),
        works("list of a place that is not there", json!({"cwd": "/no/such/place"})),
        stale("list cursor a word", "next"),
        stale("list cursor empty", ""),
        stale("list cursor too large", "99999999999999999999999"),
        works("list cursor far away", json!({"cursor": "-9223372036854775808"})),
    ]
}

fn pages(place: &Place) -> Vec<Row> {
    let with = |member: &str, value: Value| json!({"sessionId": place.session, member: value});
    let invalid =
        |name: &str, member: &str, value| Row::invalid(name, "session/messages", &with(member, value));
    let stale = |name: &str, member: &str, value| {
        Row::failed(name, "session/messages", &with(member, value), "staleCursor")
    };
    let both = json!({"sessionId": place.session, "before": place.message, "after": place.message});
    let foreign = json!({"sessionId": place.other, "before": place.message});
    vec![
        invalid("page limit zero", "limit", json!(0)),
        invalid("page limit negative", "limit", json!(-1)),
        invalid("page bodies unknown", "bodies", json!("all")),
        invalid("page before number", "before", json!(3)),
        Row::works("page between a message and itself", "session/messages", &both),
        stale("page before unknown", "before", json!("msg_nowhere")),
        stale("page after unknown", "after", json!("msg_nowhere")),
        stale("page after nothing", "after", json!("")),
        Row::failed("page of another session", "session/messages", &foreign, "staleCursor"),
        Row::works("page limit huge", "session/messages", &with("limit", json!(u64::MAX))),
        Row::invalid("steps limit zero", "session/steps", &with("limit", json!(0))),
        Row::works("steps limit huge", "session/steps", &with("limit", json!(u64::MAX))),
    ]
}

fn ranges(place: &Place) -> Vec<Row> {
    let read = |name: &str, member: &str, value: Value| {
        (name.to_owned(), json!({"partId": place.part, "field": "text", member: value}))
    };
    let invalid = [
        read("read offset negative", "offset", json!(-1)),
        read("read offset above 64 bits", "offset", json!(1e30)),
        read("read limit zero", "limit", json!(0)),
        read("read limit negative", "limit", json!(-1)),
        read("read field unknown", "field", json!("smell")),
        read("read attachment of no number", "field", json!("attachment:x")),
        read("read field number", "field", json!(0)),
        read("read part null", "partId", Value::Null),
    ];
    let missing = [
        read("read part unknown", "partId", json!("prt_nowhere")),
        read("read part empty", "partId", json!("")),
    ];
    let works = [
        read("read offset behind the end", "offset", json!(u64::MAX)),
        read("read limit huge", "limit", json!(u64::MAX)),
        read("read field that it has not", "field", json!("output")),
        read("read attachment that it has not", "field", json!("attachment:7")),
    ];
    let invalid = invalid.iter().map(|(name, params)| Row::invalid(name, "part/read", params));
    let missing = missing.iter().map(|(name, params)| Row::failed(name, "part/read", params, "partNotFound"));
    let works = works.iter().map(|(name, params)| Row::works(name, "part/read", params));
    invalid.chain(missing).chain(works).collect()
}

fn prompts(place: &Place) -> Vec<Row> {
    let image = |mime: &str, base64: &str| json!([{"type": "image", "mime": mime, "base64": base64}]);
    let text = |text: String| json!([{"type": "text", "text": text}]);
    vec![
        place.prompt("prompt of nothing", json!([])),
        place.prompt("prompt of an empty text", text(String::new())),
        place.prompt("prompt of white space", text(" \n\t\u{a0}".to_owned())),
        place.prompt("prompt that is a text", json!("hi")),
        place.prompt("prompt that is one part", json!({"type": "text", "text": "hi"})),
        place.prompt("prompt part null", json!([null])),
        place.prompt("prompt part without a type", json!([{"text": "hi"}])),
        place.prompt("prompt part of an unknown type", json!([{"type": "smell", "text": "hi"}])),
        place.prompt("prompt text a number", json!([{"type": "text", "text": 5}])),
        place.prompt("prompt of 50 MB", text("x".repeat(50_000_000))),
        place.prompt("image of another type", image("image/tiff", "AAAA")),
        place.prompt("image that is a page", image("text/html", "AAAA")),
        place.prompt("image of no base64", image("image/png", "***")),
        place.prompt("image empty", image("image/png", "")),
        place.prompt("image too large", image("image/png", &"AAAA".repeat(2_000_000))),
    ]
}

fn prompt_files(place: &Place) -> Vec<Row> {
    let file = |name: &str, uri: &str| place.prompt(name, json!([{"type": "file", "uri": uri}]));
    let range = json!([{"type": "file", "uri": place.uri("a.txt"), "range": {"start": {"line": -1}, "end": {"line": 2}}}]);
    vec![
        file("file without a URI", ""),
        file("file by a path", "a.txt"),
        file("file on the network", "https://example.invalid/a.txt"),
        file("file of another machine", "file://server/share/a.txt"),
        file("file that is not there", &place.uri("no/such/file")),
        file("file that is a directory", &place.uri("")),
        file("file that is a device", "file:///dev/zero"),
        file("file that is a FIFO", &place.uri("fifo")),
        file("file that is a link to itself", &place.uri("loop")),
        file("file that is binary", &place.uri("binary")),
        file("file that is too large", &place.uri("large")),
        file("file with a NUL", &place.uri("a%00b")),
        file("file of 5,000 characters", &place.uri(&"x".repeat(5_000))),
        place.prompt("file with a negative line", range),
    ]
}

fn prompt_settings(place: &Place) -> Vec<Row> {
    let with = |member: &str, value: Value| {
        let mut params = json!({"sessionId": place.session, "parts": [{"type": "text", "text": "hello"}]});
        params[member] = value;
        params
    };
    let invalid =
        |name: &str, member: &str, value| Row::invalid(name, "session/prompt", &with(member, value));
    let mut other = with("clientId", json!("once"));
    other["parts"][0]["text"] = json!("something else");
    vec![
        invalid("delivery unknown", "delivery", json!("now")),
        invalid("prompt agent unknown", "agent", json!("nobody")),
        invalid("prompt model without a provider", "model", json!("gpt")),
        invalid("client id number", "clientId", json!(7)),
        invalid("client id empty", "clientId", json!("")),
        Row::failed("prompt model unknown", "session/prompt", &with("model", json!("a/b")), "modelNotFound"),
        Row::works("the same prompt again", "session/prompt", &with("clientId", json!("once"))),
        Row::failed("the same client id for another prompt", "session/prompt", &other, "clientIdConflict"),
    ]
}

fn changes(place: &Place) -> Vec<Row> {
    let with = |member: &str, value: Value| json!({"sessionId": place.session, member: value});
    let title = |name: &str, value| Row::invalid(name, "session/rename", &with("title", value));
    let foreign = json!({"sessionId": place.other, "messageId": place.message});
    vec![
        title("title missing", Value::Null),
        title("title empty", json!("")),
        title("title of white space", json!(" \n ")),
        title("title of 10,000 bytes", json!("t".repeat(10_000))),
        Row::works("title of signs", "session/rename", &with("title", json!("\u{1b}[31m\u{202e}\u{0} ü 😀"))),
        Row::invalid("archive by a word", "session/archive", &with("archived", json!("yes"))),
        Row::works("archive what is there", "session/archive", &with("archived", json!(false))),
        Row::failed(
            "fork at nothing",
            "session/fork",
            &with("messageId", json!("msg_nowhere")),
            "messageNotFound",
        ),
        Row::failed("fork at another session's message", "session/fork", &foreign, "messageNotFound"),
        Row::invalid("withdraw what has no name", "session/unqueue", &json!({"sessionId": place.session})),
        Row::works(
            "withdraw what does not wait",
            "session/unqueue",
            &with("messageId", json!("msg_nowhere")),
        ),
        Row::works("cancel what does not run", "session/cancel", &json!({"sessionId": place.session})),
    ]
}

fn exports(place: &Place) -> Vec<Row> {
    let to = |path: &str| json!({"sessionId": place.session, "format": "json", "path": path});
    let below = |name: &str| place.workspace.join(name).display().to_string();
    let refused = |name: &str, path: &str| Row::invalid(name, "session/export", &to(path));
    vec![
        Row::invalid(
            "export format unknown",
            "session/export",
            &json!({"sessionId": place.session, "format": "pdf"}),
        ),
        refused("export to a relative path", "a.json"),
        refused("export to nowhere", ""),
        refused("export into no folder", &below("no/such/folder/a.json")),
        refused("export over a folder", &below("")),
        refused("export to a name with a NUL", &below("a\u{0}b")),
        refused("export to a name of 5,000 characters", &below(&"x".repeat(5_000))),
        refused("export into a FIFO", &below("fifo")),
        refused("export into a device", "/dev/full"),
        refused("export through a link to itself", &below("loop")),
    ]
}

fn workspaces(place: &Place) -> Vec<Row> {
    let file = place.workspace.join("a.txt");
    vec![
        Row::invalid("config of nowhere", "config/get", &json!({})),
        Row::invalid("config of a relative path", "config/get", &json!({"cwd": "."})),
        Row::invalid("config of a file", "config/get", &json!({"cwd": file})),
        Row::invalid("models of a relative path", "model/list", &json!({"cwd": "."})),
        Row::works("models without a place", "model/list", &json!({})),
        Row::works("config of a place", "config/get", &json!({"cwd": place.workspace})),
    ]
}
