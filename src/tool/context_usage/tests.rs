//! What the model is told of its window.

use serde_json::json;

use super::*;
use crate::tool::fixture::Desk;

fn piece(what: &str, tokens: u64) -> Piece {
    Piece { what: what.to_owned(), part: None, tokens, evidence: false }
}

#[tokio::test]
async fn the_widest_pieces_come_first_and_the_numbers_add_up() {
    let mut desk = Desk::new(&[]);
    let read = Piece { part: Some("prt_1".into()), ..piece("read src/main.rs", 900) };
    let digest = Piece { evidence: true, ..piece("bash make", 40) };
    desk.usage = ContextUsage {
        used: 1_500,
        estimated: 30,
        usable: 8_000,
        limit: 10_000,
        summarises: true,
        pieces: vec![piece("text", 60), read, digest],
        summary: Some(Summary { seq: Seq(7), before: 9_000, after: 700 }),
        hidden: 3,
    };
    let expected = "\
used: 1500 of 10000 tokens (30 of them estimated)
usable: 8000 tokens, 6500 left; beyond that the history is summarised
widest pieces:
- 900 tokens: read src/main.rs (prt_1)
- 60 tokens: text
- 40 tokens: bash make
summary: message 7, made of 9000 tokens down to 700
results that stand as a digest (read them with recall): 1
earlier messages left out (recall reaches them): 3";
    assert_eq!(desk.text(AskUsage, json!({})).await, expected);
}

#[tokio::test]
async fn however_many_pieces_there_are_few_are_told() {
    let mut desk = Desk::new(&[]);
    desk.usage.pieces = (0..1_000).map(|tokens| piece(&"x".repeat(10_000), tokens)).collect();
    let told = desk.text(AskUsage, json!({})).await;
    assert_eq!(told.matches(" tokens: ").count(), WIDEST);
    assert!(told.len() < 2_000, "{} bytes", told.len());
}
