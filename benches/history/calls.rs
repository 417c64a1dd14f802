//! Tool calls and their results, in the mix and the sizes of a working session.

use serde_json::{Value, json};

use super::{random::Random, words};

/// With numbers of lines, about what opencode cuts an output at.
const LARGEST_OUTPUT: usize = 44_000;

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) tool: &'static str,
    pub(crate) input: Value,
    /// What went wrong is a text.
    pub(crate) result: Result<Done, String>,
}

/// What a call brought.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: String,
    pub(crate) title: String,
    /// Part of it repeats the output, as opencode has it.
    pub(crate) metadata: Value,
}

impl Call {
    /// Bytes that a model is sent of it.
    pub(crate) fn sent(&self) -> usize {
        let output = self.result.as_ref().map_or_else(String::len, |done| done.output.len());
        self.input.to_string().len() + output
    }

    /// Whether it changes files.
    pub(crate) fn changes(&self) -> bool {
        matches!(self.tool, "edit" | "write")
    }

    /// A call in a project in `directory` that takes about `bytes` where it is stored, over many calls.
    pub(crate) fn some(random: &mut Random, directory: &str, bytes: usize) -> Self {
        let bytes = spread(random, bytes);
        let file = format!("{directory}/{}", words::path(random));
        match random.below(100) {
            0..38 => read(random, &file, bytes),
            38..40 => missing(&file),
            40..65 => bash(random, bytes),
            65..77 => grep(random, directory, bytes),
            77..89 => edit(random, &file, bytes),
            89..93 => write(random, &file, bytes),
            93..97 => glob(random, directory, bytes),
            _ => todos(random),
        }
    }
}

/// Sizes vary: most are small, a few are most of the bytes. The mean is about `mean`, with what the small tools leave.
fn spread(random: &mut Random, mean: usize) -> usize {
    let percent = match random.below(100) {
        0..50 => random.between(3, 30),
        50..85 => random.between(60, 150),
        _ => random.between(300, 700),
    };
    mean * percent / 100
}

fn done(tool: &'static str, input: Value, output: String, title: &str, metadata: Value) -> Call {
    Call { tool, input, result: Ok(Done { output, title: title.to_owned(), metadata }) }
}

fn read(random: &mut Random, path: &str, bytes: usize) -> Call {
    let text = words::source(random, (bytes * 45 / 100).min(LARGEST_OUTPUT));
    let count = text.lines().count();
    let numbered: String =
        text.lines().enumerate().map(|(at, line)| format!("{}: {line}\n", at + 1)).collect();
    let preview: Vec<&str> = text.lines().take(20).collect();
    let output = format!(
        "<path>{path}</path>\n<type>file</type>\n<content>\n{numbered}\n(End of file - total {count} lines)\n</content>"
    );
    let metadata = json!({
        "preview": preview.join("\n"),
        "truncated": false,
        "loaded": [],
        "display": {"type": "file", "path": path, "text": text, "lineStart": 1, "lineEnd": count,
                    "totalLines": count, "truncated": false},
    });
    let title = path.rsplit('/').next().unwrap_or_default().to_owned();
    done("read", json!({"filePath": path}), output, &title, metadata)
}

fn missing(path: &str) -> Call {
    let error = format!("File not found: {path}");
    Call { tool: "read", input: json!({"filePath": path}), result: Err(error) }
}

fn bash(random: &mut Random, bytes: usize) -> Call {
    let command =
        format!("cargo {} --filter {}", random.pick(&["test", "check", "run"]), words::sentence(random, 3));
    let output = words::terminal(random, (bytes * 45 / 100).min(LARGEST_OUTPUT));
    let metadata = json!({"output": output, "exit": i32::from(random.chance(20)), "truncated": false});
    let input = json!({"command": command, "description": words::sentence(random, 4)});
    done("bash", input, output, &command, metadata)
}

fn grep(random: &mut Random, directory: &str, bytes: usize) -> Call {
    let pattern = words::sentence(random, 2);
    let (hits, count) = words::hits(random, directory, (bytes * 60 / 100).min(LARGEST_OUTPUT));
    let metadata = json!({"matches": count, "truncated": false});
    let input = json!({"pattern": pattern, "path": directory});
    done("grep", input, format!("Found {count} matches\n{hits}"), &pattern, metadata)
}

fn edit(random: &mut Random, path: &str, bytes: usize) -> Call {
    let (old, new, diff) = words::change(random, path, (bytes / 5).min(LARGEST_OUTPUT));
    let metadata = json!({
        "diagnostics": {},
        "diff": diff,
        "filediff": {"file": path, "patch": diff, "additions": new.lines().count(),
                     "deletions": old.lines().count()},
        "truncated": false,
    });
    let title = words::path(random);
    let input = json!({"filePath": path, "oldString": old, "newString": new});
    done("edit", input, "Edit applied successfully.".to_owned(), &title, metadata)
}

fn write(random: &mut Random, path: &str, bytes: usize) -> Call {
    let content = words::source(random, (bytes / 2).min(LARGEST_OUTPUT));
    let metadata =
        json!({"diagnostics": {}, "filepath": path, "exists": random.chance(30), "truncated": false});
    let input = json!({"filePath": path, "content": content});
    done("write", input, "Wrote file successfully.".to_owned(), &words::path(random), metadata)
}

fn glob(random: &mut Random, directory: &str, bytes: usize) -> Call {
    let (files, count) = words::files(random, directory, (bytes / 4).min(LARGEST_OUTPUT));
    let input = json!({"pattern": "**/*.rs", "path": directory});
    done("glob", input, files, "", json!({"count": count, "truncated": false}))
}

fn todos(random: &mut Random) -> Call {
    let states = ["completed", "in_progress", "pending"];
    let todo = |at: usize| {
        let status = states[at.min(2)];
        json!({"content": words::sentence(random, 6), "status": status, "priority": "high"})
    };
    let todos: Vec<Value> = (0..5).map(todo).collect();
    let output = serde_json::to_string_pretty(&todos).expect("JSON is written");
    let metadata = json!({"todos": todos, "truncated": false});
    done("todowrite", json!({"todos": todos}), output, "4 todos", metadata)
}
