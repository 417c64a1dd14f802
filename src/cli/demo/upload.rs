//! The third act of the demo: the ledger of the same short loop, without and with responses that the provider keeps.

use std::{fs, io, path::Path};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::{Stage, long::Quiet, new_session, sample, show::Show, string};
use crate::cli::{
    client::Client,
    figures,
    table::{self, Column},
};

/// Commands of the loop.
const COMMANDS: u32 = 4;

/// The configuration of the demo. Of what was said last, little stays verbatim behind a summary; `store` lets the
/// explorer keep its responses.
pub(super) fn configure(directory: &Path, store: bool) -> io::Result<()> {
    let config = json!({"compaction": {"keepTokens": 4_000}, "providers": {"offline": {"store": store}}});
    fs::create_dir_all(directory)?;
    fs::write(directory.join("config.jsonc"), config.to_string())
}

/// Runs the loop both ways and shows the ledger of each.
pub(super) fn play(server: &mut Client, stage: &Stage, show: &mut Show) -> anyhow::Result<()> {
    show.title("What a step uploads")?;
    let whole = uploaded(server, stage, show, false).context("without kept responses")?;
    let delta = uploaded(server, stage, show, true).context("with kept responses")?;
    ensure!(delta < whole, "{delta} bytes instead of {whole}: nothing was saved");
    show.success(&format!(
        "Continuing kept responses, the last step uploads {} instead of {}",
        figures::bytes(delta),
        figures::bytes(whole)
    ))?;
    Ok(())
}

/// Runs the loop in a session of its own. Bytes of its last request.
fn uploaded(server: &mut Client, stage: &Stage, show: &mut Show, store: bool) -> anyhow::Result<u64> {
    configure(&stage.config(), store)?;
    let session = new_session(server, stage, show)?;
    let commands = (1..=COMMANDS).map(|number| format!("run `{} {number}`", sample::STOCK));
    let words = commands.collect::<Vec<_>>().join(", then ");
    let params = json!({"sessionId": session, "parts": [{"type": "text", "text": words}]});
    let reply = server.request("session/prompt", &params, &mut Quiet)?;
    ensure!(string(&reply, "/stopReason")? == "endTurn", "it ended otherwise: {reply}");
    let ledger = server.request("session/steps", &json!({"sessionId": session}), &mut Quiet)?;
    let steps = ledger.get("steps").and_then(Value::as_array).context("there is no ledger")?;
    let expected = |at: usize| if store && at > 0 { "delta" } else { "full" };
    for (at, step) in steps.iter().enumerate() {
        ensure!(string(step, "/threading")? == expected(at), "step {} was sent otherwise: {step}", at + 1);
    }
    for line in table::lines(&COLUMNS, &steps.iter().map(row).collect::<Vec<_>>(), None) {
        show.detail(&line)?;
    }
    let last = steps.last().context("the ledger is empty")?;
    last.get("requestBytes").and_then(Value::as_u64).context("a step without its size")
}

const COLUMNS: [Column; 6] = [
    column("step", true),
    column("upload", true),
    column("items", true),
    column("sent", false),
    column("input tokens", true),
    column("of them cached", true),
];

const fn column(heading: &'static str, right: bool) -> Column {
    Column { heading, right, flexible: false }
}

fn row(step: &Value) -> Vec<String> {
    let number = |name: &str| step.get(name).and_then(Value::as_u64).unwrap_or(0);
    let word = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
    let cached = number("cacheRead");
    vec![
        number("seq").to_string(),
        figures::bytes(number("requestBytes")),
        number("inputItems").to_string(),
        format!("{}, {}", word("threading"), word("threadingReason")),
        figures::count(number("input") + cached + number("cacheWrite")),
        figures::count(cached),
    ]
}
