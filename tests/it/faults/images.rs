//! Images that cannot poison a session: whatever came, and however it came, each request is taken by a provider with
//! the published limits, memory stays small, and the next prompt works.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    look, matrix,
    photographs::{bombs, damaged, photograph, png, sound},
    provider::{Answer, Double, Wire, images},
    server::Server,
};

const WIRES: [Wire; 3] = [Wire::Responses, Wire::Chat, Wire::Anthropic];

/// What images may cost a process, in bytes.
const MEMORY: u64 = 64 * 1024 * 1024;

/// A field of what the kernel says of a process, in bytes.
fn memory(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Memory of a server since its peak was forgotten.
struct Gauge {
    pid: u32,
    before: u64,
}

impl Gauge {
    fn start(server: &Server) -> Self {
        let pid = server.pid();
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        Self { pid, before: memory(pid, "VmRSS:") }
    }

    /// Mebibytes that it grew at its peak. Fails where that is too much.
    fn grown(&self, what: &str) -> u64 {
        let grown = memory(self.pid, "VmHWM:").saturating_sub(self.before);
        let mebibytes = grown.div_ceil(1024 * 1024);
        assert!(grown <= MEMORY, "{what}: memory grew by {mebibytes} MiB");
        mebibytes
    }
}

/// Puts messages of a person with one image each behind a session's history, as an import or an older version left
/// them: nobody has looked at them.
fn put(home: &Home, session: &str, images: &[(&str, Vec<u8>)]) {
    let mut database = Connection::open(home.data().join("agentls.db")).unwrap();
    // The server may still be writing: a transaction that only becomes a writer later would not wait for it.
    let tx = database.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let sql = "SELECT key, last_seq FROM session WHERE id = ?1";
    let (key, last): (i64, i64) = tx.query_row(sql, [session], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut seq = last;
    for (name, data) in images {
        seq += 1;
        tx.execute(
            "INSERT INTO message (session, seq, id, role, created_at, completed_at) VALUES (?1, ?2, ?3, 'user', 0, 0)",
            params![key, seq, format!("msg_{session}_{seq}")],
        )
        .unwrap();
        let mime = if name.ends_with("png") { "image/png" } else { "image/jpeg" };
        let metadata = json!({"mime": mime, "name": name}).to_string();
        tx.execute(
            "INSERT INTO part (id, session, seq, idx, type, bytes, tokens, metadata)
             VALUES (?1, ?2, ?3, 0, 'file', ?4, ?4 / 4, ?5)",
            params![format!("prt_{session}_{seq}"), key, seq, size(data.len()), metadata],
        )
        .unwrap();
        let part = tx.last_insert_rowid();
        for (at, chunk) in data.chunks(256 * 1024).enumerate() {
            tx.execute(
                "INSERT INTO body (part, field, start, data) VALUES (?1, 5, ?2, ?3)",
                params![part, size(at * 256 * 1024), chunk],
            )
            .unwrap();
        }
    }
    tx.execute("UPDATE session SET last_seq = ?2, messages = ?2 WHERE key = ?1", params![key, seq]).unwrap();
    tx.commit().unwrap();
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap()
}

async fn read_whole(server: &Server, part: &Value) -> Vec<u8> {
    let read = server.call("part/read", json!({"partId": part["id"], "limit": 4_000_000})).await;
    STANDARD.decode(read["base64"].as_str().unwrap()).unwrap()
}

fn image_part(data: &[u8]) -> Value {
    json!({"type": "image", "mime": "image/png", "base64": STANDARD.encode(data)})
}

fn done() -> Answer {
    Answer::new().text("Done.")
}

#[tokio::test]
async fn i_01_an_image_of_a_prompt_is_made_to_fit_or_refused_with_its_reason() {
    for wire in WIRES {
        let double = Double::start_model(wire, |_| done()).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        let gauge = Gauge::start(&server);
        for (name, data) in bombs().into_iter().chain(damaged()) {
            let parts = json!([{"type": "text", "text": name}, image_part(&data)]);
            let error =
                server.start("session/prompt", json!({"sessionId": session, "parts": parts})).error().await;
            assert_eq!(error["code"], -32602, "{name}: {error}");
            assert!(
                error["message"].as_str().unwrap().contains("the image cannot be sent: it"),
                "{name}: {error}"
            );
        }
        let mut acknowledged = Vec::new();
        for (name, data) in sound() {
            let text = name.to_owned();
            let parts = json!([{"type": "text", "text": text}, image_part(&data)]);
            let ended = server.call("session/prompt", json!({"sessionId": session, "parts": parts})).await;
            assert_eq!(ended["stopReason"], "endTurn", "{name}");
            acknowledged.push(Acknowledged { session: session.clone(), text });
        }
        assert_eq!(images::count(&double.requests().last().unwrap().body), sound().len());
        gauge.grown("images of prompts");
        assert_eq!(server.prompt(&session, "And now?").await["stopReason"], "endTurn");
        drop(server);
        invariants::hold(&home, &acknowledged).await;
    }
    let tried = WIRES.len() * (bombs().len() + damaged().len() + sound().len());
    matrix::held(
        "I-01",
        "images of prompts: bombs, cut-off, wrong and odd ones",
        tried,
        "each sent or refused",
    );
}

#[tokio::test]
async fn i_02_images_that_a_tool_reads_are_made_to_fit_or_said_to_be_unfit() {
    let all: Vec<_> = bombs().into_iter().chain(damaged()).chain(sound()).collect();
    for wire in WIRES {
        let calls = all.iter().enumerate().fold(Answer::new(), |answer, (at, (name, _))| {
            answer.call(&format!("call_{at}"), "read", &json!({"path": name}))
        });
        let double = Double::start(wire, vec![calls, done(), done()]).await;
        let home = Home::new(&config_for(&double));
        for (name, data) in &all {
            home.write(name, data);
        }
        let server = home.start().await;
        let session = server.session().await;
        let gauge = Gauge::start(&server);
        server.prompt(&session, "Look at them.").await;
        gauge.grown("images that were read");
        let messages = server.messages(&session).await;
        let tools = look::parts(&messages, "tool");
        for (tool, (name, data)) in tools.iter().zip(&all) {
            let said = look::output(tool);
            let bomb = name.starts_with("bomb");
            assert_eq!(bomb, said.contains("50000 × 50000 pixels"), "{name}: {said}");
            if sound().iter().any(|(sound, _)| sound == name) {
                let attached = &tool["attachments"][0];
                assert!(attached["bytes"].as_u64().unwrap() > 0, "{name}: {tool}");
                let read = json!({"partId": tool["id"], "field": "attachment:0", "limit": 4_000_000});
                let read = server.call("part/read", read).await;
                assert_eq!(read["bytes"], attached["bytes"]);
                let whole = STANDARD.decode(read["base64"].as_str().unwrap()).unwrap();
                assert!(!said.ends_with("bytes") || whole == *data, "{name} was not made to fit");
            }
        }
        assert_eq!(images::count(&double.requests()[1].body), sound().len());
        assert_eq!(server.prompt(&session, "And now?").await["stopReason"], "endTurn");
    }
    matrix::held(
        "I-02",
        "the same as files that `read` is called for",
        WIRES.len() * all.len(),
        "each sent or named",
    );
}

#[tokio::test]
async fn i_03_a_session_that_was_stored_before_heals_and_its_log_stays_as_it_was() {
    let mut all: Vec<_> = bombs().into_iter().chain(damaged()).chain(sound()).collect();
    // Under Anthropic's limit as a file and over it as base64; and too wide for a request with many images.
    all.push(("huge.jpg", photograph(1_280, 960)));
    for wire in WIRES {
        let double = Double::start_model(wire, |_| done()).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Hello.").await;
        put(&home, &session, &all);
        let shown =
            server.call("session/nextRequest", json!({"sessionId": session, "text": "And now?"})).await;
        let shown = shown["body"].as_str().unwrap();
        assert_eq!(server.prompt(&session, "And now?").await["stopReason"], "endTurn");
        // The double refuses a request that does not begin with what was sent before.
        assert_eq!(server.prompt(&session, "Still?").await["stopReason"], "endTurn");
        let sent = &double.requests()[1];
        assert!(shown.as_bytes() == sent.raw, "what is shown is what is sent");
        assert_eq!(images::count(&sent.body), sound().len() + 1);
        for (name, _) in bombs().iter().chain(&damaged()) {
            assert!(shown.contains(&format!("[image {name}, ")), "{name} has no note");
        }
        let messages = server.messages(&session).await;
        for (part, (name, data)) in look::parts(&messages, "file").iter().zip(&all) {
            assert_eq!(part["bytes"], data.len(), "{name}");
            if !data.is_empty() && data.len() < 4_000_000 {
                assert!(read_whole(&server, part).await == *data, "{name} was changed in the log");
            }
        }
        drop(server);
        invariants::hold(&home, &[]).await;
    }
    matrix::held(
        "I-03",
        "the same, stored before by nobody who looked",
        WIRES.len() * all.len(),
        "healed, log unchanged",
    );
}

#[tokio::test]
async fn i_04_of_200_images_in_one_history_the_newest_are_sent_and_the_prefix_stays_frozen() {
    let mut most = 0;
    for wire in WIRES {
        let double = Double::start_model(wire, |_| done()).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Hello.").await;
        // Too wide for a request with more than 20 images, so that each has to be made to fit.
        let wide = |at: u8| png(2_100, 4, png::ColorType::Rgb, png::BitDepth::Eight, &[at, 9, 9]);
        let images: Vec<_> = (0..200).map(|at| ("wide.png", wide(at))).collect();
        put(&home, &session, &images);
        let gauge = Gauge::start(&server);
        for text in ["One.", "Two.", "Three."] {
            assert_eq!(server.prompt(&session, text).await["stopReason"], "endTurn");
        }
        most = gauge.grown("200 images").max(most);
        let requests = double.requests();
        let sent: Vec<usize> = requests[1..].iter().map(|request| images::count(&request.body)).collect();
        let stay = if wire == Wire::Responses { 200 } else { 50 };
        assert_eq!(sent, [stay; 3], "{wire:?}");
        let made_room = requests[1].body.to_string().matches("newer images need the room").count();
        assert_eq!(made_room, 200 - stay);
        drop(server);
        invariants::hold(&home, &[]).await;
    }
    matrix::held(
        "I-04",
        "a history with 200 images nobody looked at",
        WIRES.len(),
        &format!("+{most} MiB at most"),
    );
}

#[tokio::test]
async fn i_05_images_make_room_in_strides_with_the_reason_in_the_ledger() {
    let mut sent = 0;
    let double = Double::start_model(Wire::Anthropic, move |body| {
        let images = images::count(body);
        let fewer = images < sent;
        sent = images;
        if fewer { done().new_prefix() } else { done() }
    })
    .await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let dot = image_part(&png(8, 8, png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3]));
    for round in 0..12 {
        let mut parts = vec![json!({"type": "text", "text": format!("Round {round}.")})];
        parts.extend(std::iter::repeat_n(dot.clone(), 10));
        server.call("session/prompt", json!({"sessionId": session, "parts": parts})).await;
    }
    let sent: Vec<usize> = double.requests().iter().map(|request| images::count(&request.body)).collect();
    assert_eq!(sent, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 50, 60]);
    let steps = server.call("session/steps", json!({"sessionId": session})).await;
    let reasons: Vec<&str> =
        steps["steps"].as_array().unwrap().iter().filter_map(|step| step["cacheMiss"].as_str()).collect();
    assert!(reasons.iter().all(|reason| *reason == "images" || *reason == "first"), "{reasons:?}");
    matrix::held("I-05", "10 more images with each prompt", 12, "room made once, half at a time");
}

#[tokio::test]
async fn i_06_a_photograph_of_many_megabytes_costs_little_memory() {
    // The full count is one of 30 MB and more.
    let quarters = u16::try_from(matrix::times(2, 4)).unwrap();
    let file = photograph(950 * quarters, 700 * quarters);
    let megabytes = file.len() / 1_000_000;
    assert!(megabytes >= usize::from(quarters).pow(2) * 15 / 8, "{megabytes} MB");
    let script =
        vec![Answer::new().call("call_1", "read", &json!({"path": "photo.jpg"})), done(), done(), done()];
    let double = Double::start(Wire::Anthropic, script).await;
    let home = Home::new(&config_for(&double));
    let path = home.write("photo.jpg", &file);
    let server = home.start().await;
    let session = server.session().await;
    let gauge = Gauge::start(&server);
    server.prompt(&session, "Look at it.").await;
    let by_tool = gauge.grown("a photograph that was read");
    let gauge = Gauge::start(&server);
    let parts = json!([{"type": "file", "uri": format!("file://{}", path.display())}]);
    server.call("session/prompt", json!({"sessionId": session, "parts": parts})).await;
    let by_prompt = gauge.grown("a photograph that came with a prompt");
    let messages = server.messages(&session).await;
    let image = look::parts(&messages, "file")[0];
    assert_eq!((&image["mime"], &image["name"]), (&json!("image/jpeg"), &json!("photo.jpg")));
    put(&home, &session, &[("stored.jpg", file)]);
    let gauge = Gauge::start(&server);
    server.prompt(&session, "And that one?").await;
    let stored = gauge.grown("a photograph that was stored before");
    assert_eq!(images::count(&double.requests()[3].body), 3);
    let done = format!("a photograph of {megabytes} MB: by `read`, in a prompt, stored before");
    matrix::held("I-06", &done, 3, &format!("+{by_tool}, +{by_prompt}, +{stored} MiB"));
}

#[tokio::test]
async fn i_07_a_photograph_of_up_to_12_000_by_9_000_pixels_is_decoded_at_a_part_of_its_size() {
    let side = |gate, full| u16::try_from(matrix::times(gate, full)).unwrap();
    let (width, height) = (side(3_000, 12_000), side(2_250, 9_000));
    let colours = jpeg_encoder::ColorType::Rgb;
    let file = crate::support::photographs::jpeg(width, height, colours, &[200, 100, 50]);
    let script = vec![Answer::new().call("call_1", "read", &json!({"path": "photo.jpg"})), done()];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    home.write("photo.jpg", &file);
    let server = home.start().await;
    let session = server.session().await;
    let gauge = Gauge::start(&server);
    server.prompt(&session, "Look at it.").await;
    let grown = gauge.grown("a large photograph");
    assert_eq!(images::count(&double.requests()[1].body), 1);
    let done = format!("a photograph of {width} × {height} pixels");
    matrix::held("I-07", &done, 1, &format!("+{grown} MiB"));
}
