//! P-02: whatever a client sends, it gets one clear error with the right id, and the next request works.
//!
//! Each row is sent to a running program, followed by a good request. What comes back has to be exactly the answer that
//! the row promises, once, and the good answer. Faults without a row: those that end the process (`life_cycle`).

mod frames;
mod messages;
mod methods;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    byte_client::{PATIENCE, Program, frame, request},
    home::Home,
    matrix,
};

/// An error's message is a line for a person, also when the request was huge. Bytes.
const LONGEST_MESSAGE: usize = 2_000;

/// What is seen of every row.
const SEEN: &str = "one clear answer with the right id, and the next request works";

/// How long an answer is waited for that nobody has promised.
const SILENCE: Duration = Duration::from_millis(100);

/// What is sent, and what has to come back.
pub struct Row {
    name: String,
    bytes: Vec<u8>,
    answer: Answer,
}

enum Answer {
    Nothing,
    Result(Value),
    Error { id: Value, code: i64, kind: Option<&'static str> },
}

impl Row {
    /// Bytes that are understood: the request's result comes.
    fn taken(name: &str, bytes: impl Into<Vec<u8>>, id: impl Into<Value>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into(), answer: Answer::Result(id.into()) }
    }

    /// Bytes that are answered with an error.
    fn refused(name: &str, bytes: impl Into<Vec<u8>>, id: impl Into<Value>, code: i64) -> Self {
        let answer = Answer::Error { id: id.into(), code, kind: None };
        Self { name: name.to_owned(), bytes: bytes.into(), answer }
    }

    /// Bytes that nobody is answered for.
    fn ignored(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into(), answer: Answer::Nothing }
    }

    /// A request with wrong parameters.
    fn invalid(name: &str, method: &str, params: &Value) -> Self {
        Self::refused(name, request(name, method, params), name, -32602)
    }

    /// A request that is in order and fails.
    fn failed(name: &str, method: &str, params: &Value, kind: &'static str) -> Self {
        let answer = Answer::Error { id: name.into(), code: -32803, kind: Some(kind) };
        Self { name: name.to_owned(), bytes: request(name, method, params), answer }
    }

    /// A request that works although it looks strange.
    fn works(name: &str, method: &str, params: &Value) -> Self {
        Self::taken(name, request(name, method, params), name)
    }

    /// What is wrong with the answers that came.
    fn judge(&self, answers: &[Value]) -> Result<(), String> {
        let complaint = |what: &str| Err(format!("{}: {what}: {answers:?}", self.name));
        match (&self.answer, answers) {
            (Answer::Nothing, []) => Ok(()),
            (Answer::Result(id), [answer]) if answer["id"] == *id && answer.get("result").is_some() => Ok(()),
            (Answer::Error { id, code, kind }, [answer]) => {
                let error = &answer["error"];
                let message = error["message"].as_str().unwrap_or_default();
                if answer["id"] != *id || error["code"] != *code {
                    complaint(&format!("expected {code} for {id}"))
                } else if message.is_empty() || message.len() > LONGEST_MESSAGE {
                    complaint("the message is not a line for a person")
                } else if let Some(kind) = kind
                    && (error["data"]["kind"] != *kind || error["data"]["cure"].as_str().is_none())
                {
                    complaint(&format!("expected the kind {kind} with a cure"))
                } else {
                    Ok(())
                }
            }
            _ => complaint("expected something else"),
        }
    }
}

/// Sends every row to one program, each followed by a good request. Returns how many there were.
fn hold(program: &mut Program, rows: Vec<Row>) -> usize {
    let mut wrong = Vec::new();
    let count = rows.len();
    for (number, row) in rows.into_iter().enumerate() {
        let good = format!("good {number}");
        program.send(&row.bytes);
        program.request(&good, "server/status", &json!({}));
        let mut answers = Vec::new();
        let (mut good_came, mut missing) = (false, usize::from(!matches!(row.answer, Answer::Nothing)));
        while !good_came || missing > 0 {
            match program.receive(PATIENCE) {
                Some(message) if message.get("method").is_some() => {}
                Some(answer) if answer["id"] == good.as_str() => {
                    assert!(answer.get("result").is_some(), "behind {}: {answer}", row.name);
                    good_came = true;
                }
                Some(answer) => {
                    answers.push(answer);
                    missing = missing.saturating_sub(1);
                }
                None if good_came => break,
                None => panic!("{}: the next request got no answer; before it: {answers:?}", row.name),
            }
        }
        wrong.extend(row.judge(&answers).err());
    }
    while let Some(message) = program.receive(SILENCE) {
        if message.get("method").is_none() {
            wrong.push(format!("an answer too many: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} rows:\n{}", wrong.len(), wrong.join("\n"));
    count
}

/// A request whose body has that many bytes.
fn sized(id: &str, bytes: usize) -> Vec<u8> {
    let with =
        |pad: String| json!({"jsonrpc": "2.0", "id": id, "method": "server/status", "params": {"pad": pad}});
    let pad = bytes - with(String::new()).to_string().len();
    frame(with("x".repeat(pad)).to_string())
}

#[test]
fn p_02_broken_frames_are_refused_and_the_next_one_is_read() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let rows = hold(&mut program, frames::rows());
    assert!(rows >= 45);
    matrix::held("P-02", "broken frames", rows, SEEN);
}

#[test]
fn p_02_messages_that_make_no_sense_are_refused_by_their_id() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let rows = hold(&mut program, messages::rows());
    assert!(rows >= 45);
    matrix::held("P-02", "messages that make no sense", rows, SEEN);
}

#[test]
fn p_02_wrong_parameters_and_things_that_are_not_there_are_named() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let place = methods::Place::new(&home, &mut program);
    let rows = hold(&mut program, methods::rows(&place));
    assert!(rows >= 100);
    matrix::held("P-02", "wrong parameters, and things that are not there", rows, SEEN);
}

#[test]
fn p_02_a_message_may_come_byte_by_byte() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    for byte in request("slow", "session/list", &json!({"search": "ü😀"})) {
        program.send(&[byte]);
    }
    assert!(program.answer(&json!("slow"))["result"]["sessions"].is_array());
}

#[test]
fn p_02_a_message_above_the_limit_is_refused_by_its_id_and_drained() {
    let home = Home::new(&json!({"limits": {"frameBytes": 100_000}}));
    let mut program = Program::introduced(&home);
    let large = |name: &str, size: usize| Row {
        name: name.to_owned(),
        bytes: sized(name, size),
        answer: Answer::Error { id: name.into(), code: -32803, kind: Some("frameTooLarge") },
    };
    let mut rows = vec![
        Row::taken("exactly the limit", sized("limit", 100_000), "limit"),
        large("one above", 100_001),
        large("ten times", 1_000_000),
    ];
    let unreadable = format!("{{\"pad\": \"{}\"}}", "x".repeat(100_000));
    rows.push(Row::refused("no id in front", frame(unreadable), Value::Null, -32803));
    hold(&mut program, rows);
}

#[test]
fn p_02_sixty_four_mebibytes_are_taken_and_more_are_not() {
    let home = Home::new(&json!({}));
    let mut program = Program::introduced(&home);
    let limit = 64 * 1024 * 1024;
    hold(
        &mut program,
        vec![
            Row::taken("64 MiB", sized("64 MiB", limit), "64 MiB"),
            Row::refused("above", sized("above", limit + 1), "above", -32803),
        ],
    );
}
