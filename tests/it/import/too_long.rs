//! A history that was never compacted and is many times too long for the model.

use serde_json::json;

use super::import_from;
use crate::{
    generated_history::history::{self, Ending, FOUNDING},
    support::{
        home::{Home, config_for},
        provider::{Answer, Double, Wire},
    },
};

/// Tokens that a window may hold once it was cut down: three quarters of what is usable of 200,000.
const AFTER_STRIDE: usize = 135_000;

/// More than any turn of the history weighs, in tokens.
const LONGEST_TURN: usize = 60_000;

/// Bytes that make a token.
const TOKEN: usize = 4;

#[tokio::test]
async fn its_newest_turns_fill_the_window_whatever_the_other_program_counted() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Going on.")]).await;
    // The very model that answered there.
    let mut config = config_for(&double);
    config["providers"]["double"]["models"]["model"] = json!({"context": 200_000, "maxOutput": 8_000});
    config["compaction"] = json!({"prune": false});
    let home = Home::new(&config);
    let database = home.workspace().join("opencode.db");
    history::long(&database, &home.workspace(), FOUNDING.percent(5), Ending::NeverCompacted);
    import_from(&home, &database);

    let server = home.start().await;
    let listed = server.call("session/list", json!({})).await;
    let session = listed["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["sessions"][0]["model"], json!({"provider": "double", "id": "model"}));
    let end = server.prompt(&session, "Go on.").await;
    assert_eq!(end["stopReason"], "endTurn");
    let tokens = double.requests()[0].bytes / TOKEN;
    assert!((AFTER_STRIDE - LONGEST_TURN..=AFTER_STRIDE).contains(&tokens), "{tokens} tokens");
}
