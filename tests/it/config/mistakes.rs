//! Each mistake gives one message that names path, line, key and cure, and the server starts with the rest.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::{Value, json};

use crate::support::{home::Home, server::Client};

/// Who makes a mistake.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    User,
    /// A project that its person trusts.
    Project,
    Client,
}
use By::{Client as Editor, Project, User};

/// By whom, what is written, line and column (0: the file as a whole), key, words of the problem, words of the cure.
type Row = (By, &'static str, (u32, u32), &'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    // No JSON with comments.
    (User, "{\n\"model\": \"a/b\"\n", (1, 1), "", "Unterminated object", "Close the object"),
    (User, "{\"instructions\": [\"a\"", (1, 18), "", "Unterminated array", "Close the list"),
    (User, "{\"model\": \"a/b\",\n \"agent\" \"plan\"}", (2, 10), "", "colon", "Put a colon"),
    (User, "{\"model\": \"a/b\" \"agent\": \"plan\"}", (1, 16), "", "comma", "comma"),
    (User, "{'model': 'a/b'}", (1, 2), "", "Single-quoted", "double quotes"),
    (User, "{model: \"a/b\"}", (1, 2), "", "", "double quotes"),
    (User, "{\"limits\": {\"maxSteps\": 0x10}}", (1, 25), "", "Hexadecimal", "Write the number"),
    (User, "{\"limits\": {\"maxSteps\": 01}}", (1, 26), "", "comma", "comma"),
    (User, "{\"limits\": {\"maxSteps\": }}", (1, 25), "", "close brace", "Put a value"),
    (User, "{\"model\": \"a/b}", (1, 11), "", "nterminated string", "double quote"),
    (User, "{} {}", (1, 4), "", "", "one { }"),
    (User, "{ /* mine", (1, 3), "", "comment", "Close the comment"),
    (User, "{\"agent\": \"plan\",\n\"agent\": \"build\"}", (2, 1), "agent", "twice", "Take one of them out"),
    // Keys that mean nothing.
    (User, "{\n  \"modell\": \"a/b\"}", (2, 3), "modell", "is no key", "Did you mean `model`?"),
    (User, "{\"log\":\n {\"levle\": \"info\"}}", (2, 3), "log.levle", "is no key", "Did you mean `level`?"),
    (User, "{\"MODEL\": \"a/b\"}", (1, 2), "MODEL", "is no key", "Did you mean `model`?"),
    (User, "{\"provider\": {}}", (1, 2), "provider", "is no key", "Did you mean `providers`?"),
    (User, "{\"maxSteps\": 7}", (1, 2), "maxSteps", "is no key", "Put it into `limits`."),
    (User, "{\"temperature\": 1}", (1, 2), "temperature", "is no key", "known here are model, "),
    (
        User,
        "{\"providers\": {\"p\": {\"apiKey\": \"sk-1\"}}}",
        (1, 22),
        "providers.p.apiKey",
        "is no key",
        "Did you mean `apiKeyEnv`?",
    ),
    (
        User,
        "{\"agents\": {\"a\": {\"promt\": \"x\"}}}",
        (1, 19),
        "agents.a.promt",
        "is no key",
        "Did you mean `prompt`?",
    ),
    (Editor, "{\"modle\": \"a/b\"}", (0, 0), "modle", "is no key", "Did you mean `model`?"),
    // Values of the wrong kind.
    (User, "[]", (1, 1), "", "must be an object, not a list", "Correct it"),
    (User, "{\n \"model\": 7}", (2, 2), "model", "must be a model as provider/model, not 7", "openai/gpt-5"),
    (User, "{\"limits\": []}", (1, 2), "limits", "must be an object, not a list", "Correct it"),
    (
        User,
        "{\"compaction\": {\"auto\": \"yes\"}}",
        (1, 17),
        "compaction.auto",
        "must be true or false, not \"yes\"",
        "default, true",
    ),
    (
        User,
        "{\"compaction\": {\"auto\": \"false\"}}",
        (1, 17),
        "compaction.auto",
        "must be true or false",
        "Write false without quotes.",
    ),
    (User, "{\"instructions\": \"x\"}", (1, 2), "instructions", "must be a list", "Put it into a list"),
    (
        User,
        "{\"instructions\": [\"a\",\n 7]}",
        (2, 2),
        "instructions.1",
        "must be a path or a glob, not 7",
        "docs/*.md",
    ),
    (User, "{\"agent\": null}", (1, 2), "agent", "must be text, not null", "default, \"build\""),
    (Editor, "{\"agent\": 7}", (0, 0), "agent", "must be text, not 7", "default, \"build\""),
    // Numbers out of range.
    (
        User,
        "{\"limits\": {\n\"frameBytes\": \"65536\"}}",
        (2, 1),
        "limits.frameBytes",
        "must be a whole number from 65536 to 1073741824",
        "Write 65536 without quotes.",
    ),
    (
        User,
        "{\"timeouts\": {\"idleMs\": -1}}",
        (1, 15),
        "timeouts.idleMs",
        "from 1 to 86400000, not -1",
        "default, 120000",
    ),
    (
        User,
        "{\"timeouts\": {\"idleMs\": 99999999999}}",
        (1, 15),
        "timeouts.idleMs",
        "from 1 to 86400000, not 99999999999",
        "default, 120000",
    ),
    (
        User,
        "{\"compaction\": {\"reserved\": 1.5}}",
        (1, 17),
        "compaction.reserved",
        "must be a whole number",
        "default, 20000",
    ),
    (
        User,
        "{\"limits\": {\"frameBytes\": 9}}",
        (1, 13),
        "limits.frameBytes",
        "from 65536",
        "default, 67108864",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"models\": {\"m\": {\"cost\": {\"input\": -2}}}}}}",
        (1, 48),
        "providers.p.models.m.cost.input",
        "must be a number, at least 0, not -2",
        "Correct it",
    ),
    // Words and names.
    (
        User,
        "{\"headlessPermission\": \"alow\"}",
        (1, 2),
        "headlessPermission",
        "must be one of deny, allow",
        "Did you mean `allow`?",
    ),
    (
        User,
        "{\"log\": {\"level\": \"loud\"}}",
        (1, 10),
        "log.level",
        "one of off, error",
        "default, \"info\"",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"api\": \"response\"}}}",
        (1, 22),
        "providers.p.api",
        "one of responses, chat, anthropic",
        "Did you mean `responses`?",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"models\": {\"m\": {\"input\": [\"sound\"]}}}}}",
        (1, 49),
        "providers.p.models.m.input.0",
        "one of text, image",
        "Correct it",
    ),
    (User, "{\n\n\"model\": \"gpt\"}", (3, 1), "model", "provider/model, not \"gpt\"", "\"openai/gpt-5\""),
    (User, "{\"smallModel\": \"gpt/\"}", (1, 2), "smallModel", "must be a model", "\"openai/gpt-5\""),
    (User, "{\n\"agent\": \"bild\"}", (2, 1), "agent", "names no agent: \"bild\"", "Did you mean `build`?"),
    (
        User,
        "{\"commands\": {\"c\": {\"template\": \"x\",\n\"agent\": \"nobody\"}}}",
        (2, 1),
        "commands.c.agent",
        "names no agent",
        "Name one of build, plan, explore",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"baseUrl\": \"host/v1\"}}}",
        (1, 22),
        "providers.p.baseUrl",
        "must be a URL with http:// or https://",
        "\"https://host/v1\"",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"apiKeyEnv\": \"sk-canary\"}}}",
        (1, 22),
        "providers.p.apiKeyEnv",
        "must be the name of an environment variable, not this text",
        "\"OPENAI_API_KEY\"",
    ),
    (
        User,
        "{\"providers\": {\"p\": {\"headers\": {\"X Title\": \"x\"}}}}",
        (1, 34),
        "providers.p.headers.X Title",
        "is not the name of an HTTP header",
        "X-Title",
    ),
    (
        User,
        "{\"environment\": {\"pass\": [\"A-B\"]}}",
        (1, 27),
        "environment.pass.0",
        "must be the name of an environment variable, not \"A-B\"",
        "\"OPENAI_API_KEY\"",
    ),
    (
        User,
        "{\"webfetch\": {\"deny\": [\"https://x/\"]}}",
        (1, 24),
        "webfetch.deny.0",
        "must be a host, without scheme and path",
        "\"*.example.com\"",
    ),
    (
        User,
        "{\"sandbox\": {\"writable\": [\"cache\"]}}",
        (1, 27),
        "sandbox.writable.0",
        "must be an absolute path",
        "\"~/.cache/builds\"",
    ),
    (
        User,
        "{\"instructions\": [\"a[\"]}",
        (1, 19),
        "instructions.0",
        "must be a path or a glob",
        "docs/*.md",
    ),
    (User, "{\"smallModel\": \"{env:UNSET_X}\"}", (1, 2), "smallModel", "variable UNSET_X", "Set UNSET_X"),
    // Rules.
    (User, "{\"permission\": \"deny\"}", (1, 2), "permission", "must be an object", "Write rules by tool"),
    (
        User,
        "{\"permission\": {\n\"bash\": \"alow\"}}",
        (2, 1),
        "permission.bash",
        "allow, ask or deny, not \"alow\"; it is taken for ask",
        "Did you mean `allow`?",
    ),
    (
        User,
        "{\"permission\": {\"bash\": {\n\"rm *\": 7}}}",
        (2, 1),
        "permission.bash.rm *",
        "it is taken for ask",
        "\"allow\", \"ask\" or \"deny\"",
    ),
    (
        User,
        "{\"permission\": {\"bahs\": \"deny\"}}",
        (1, 17),
        "permission.bahs",
        "names no tool",
        "Did you mean `bash`?",
    ),
    (
        User,
        "{\"permission\": {\"bash\": {\"\": \"deny\"}}}",
        (1, 26),
        "permission.bash.",
        "matches nothing",
        "Write * for anything.",
    ),
    (
        User,
        "{\"agents\": {\"a\": {\"permission\": {\"bash\": \"nope\"}}}}",
        (1, 34),
        "agents.a.permission.bash",
        "it is taken for ask",
        "\"deny\"",
    ),
    // A project that tries to widen.
    (
        Project,
        "{\"permission\": {\"bash\": \"allow\"}}",
        (1, 17),
        "permission.bash",
        "cannot allow",
        "your own",
    ),
    (
        Project,
        "{\"providers\": {\"openai\": {\"baseUrl\": \"https://x\"}}}",
        (1, 2),
        "providers",
        "where keys are sent",
        "your own",
    ),
    (
        Project,
        "{\"sandbox\": {\"enabled\": false}}",
        (1, 14),
        "sandbox.enabled",
        "only set it to true",
        "your own",
    ),
    (
        Project,
        "{\"headlessPermission\": \"allow\"}",
        (1, 2),
        "headlessPermission",
        "only set it to deny",
        "your own",
    ),
    (
        Project,
        "{\"environment\": {\"pass\": [\"X\"]}}",
        (1, 18),
        "environment.pass",
        "may be a secret",
        "your own",
    ),
    (
        Project,
        "{\"webfetch\": {\"allow\": [\"*\"]}}",
        (1, 15),
        "webfetch.allow",
        "private addresses",
        "your own",
    ),
    (
        Project,
        "{\"instructions\": [\"../x\"]}",
        (1, 19),
        "instructions.0",
        "leads out of the project",
        "your own",
    ),
    (Project, "{\"model\": \"a/{env:HOME}\"}", (1, 2), "model", "a project cannot read", "your own"),
    (Project, "{\"model\": ", (1, 11), "", "every permission is asked", "behind the colon"),
];

#[tokio::test]
async fn each_mistake_gives_one_message_and_the_server_starts_with_the_rest() {
    let mut wrong = Vec::new();
    for row in TABLE {
        let (by, text, at, key, problem, cure) = *row;
        let home = Home::new(&json!({}));
        let file = file_of(by, &home);
        let mut client = json!({"limits": {"maxSteps": 7}});
        match &file {
            Some(file) => write(file, text.as_bytes()),
            None => {
                let more: Value = serde_json::from_str(text).unwrap();
                client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            }
        }
        let place = match (&file, at) {
            (Some(file), (line, column)) => format!("{}:{line}:{column}: ", file.display()),
            (None, _) => "client: ".to_owned(),
        };
        let key = if key.is_empty() { String::new() } else { format!("`{key}` ") };
        let message = the_one_mistake(&home, client, text).await;
        let named = message.starts_with(&format!("{place}{key}"));
        if !named || !message.contains(problem) || !message.contains(cure) || message.contains("canary") {
            wrong.push(format!("{text}: {message}"));
        }
    }
    assert!(TABLE.len() >= 40 && wrong.is_empty(), "{wrong:#?}");
}

/// Starts a server and asks for the configuration: the client's own value holds, and there is one mistake.
async fn the_one_mistake(home: &Home, client: Value, what: &str) -> String {
    let options = json!({"trust": "trusted", "config": client});
    let server = Client::default().options(options).start(home).await;
    let report = server.call("config/get", json!({"cwd": home.workspace()})).await;
    assert_eq!(report["config"]["limits"]["maxSteps"], 7, "{what}");
    assert_eq!(report["config"]["model"], "offline/explorer", "{what}");
    let mistakes = report["mistakes"].as_array().unwrap();
    match mistakes.as_slice() {
        [mistake] => mistake.as_str().unwrap().to_owned(),
        _ => format!("not one mistake: {mistakes:?}"),
    }
}

fn file_of(by: By, home: &Home) -> Option<std::path::PathBuf> {
    match by {
        User => Some(home.config_dir().join("config.jsonc")),
        Project => Some(home.workspace().join(".agentls/config.jsonc")),
        Editor => None,
    }
}

fn write(file: &Path, text: &[u8]) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// What stands in place of the file, and words of the message.
type Odd = (&'static str, fn(&Path), &'static str, &'static str);

const ODD_FILES: &[Odd] = &[
    ("UTF-16", |file| write(file, b"\xff\xfe{\0}\0"), "is UTF-16", "Save it as UTF-8"),
    ("Latin-1", |file| write(file, b"{\"agent\": \"\xe9\"}"), "not UTF-8 from byte 11", "Save it as UTF-8"),
    ("large", |file| write(file, &[b' '; 1024 * 1024 + 1]), "larger than 1048576 bytes", "Take out"),
    ("deep", |file| write(file, "[".repeat(5_000).as_bytes()), "nesting depth", "Nest less deep"),
    ("a folder", |file| fs::create_dir_all(file).unwrap(), "is a folder", "Put a file"),
    ("a pipe", make_pipe, "is not an ordinary file", "Put a file"),
    ("a device", |file| link(Path::new("/dev/zero"), file), "is not an ordinary file", "Put a file"),
    ("a link to itself", |file| link(file, file), "cannot be read", "right to read it"),
];

#[tokio::test]
async fn whatever_lies_in_place_of_a_file_is_named_and_the_server_starts() {
    for by in [User, Project] {
        for (what, make, problem, cure) in ODD_FILES {
            let home = Home::new(&json!({}));
            let file = file_of(by, &home).unwrap();
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            if file.exists() {
                fs::remove_file(&file).unwrap();
            }
            make(&file);
            let message = the_one_mistake(&home, json!({"limits": {"maxSteps": 7}}), what).await;
            assert!(message.starts_with(&file.display().to_string()), "{what}: {message}");
            assert!(message.contains(problem) && message.contains(cure), "{what}: {message}");
        }
    }
}

fn make_pipe(file: &Path) {
    let made = std::process::Command::new("mkfifo").arg(file).status().unwrap();
    assert!(made.success());
}

fn link(target: &Path, file: &Path) {
    symlink(target, file).unwrap();
}
