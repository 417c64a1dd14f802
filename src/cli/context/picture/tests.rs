use agentls::{
    engine::Fate,
    face::lsp::results::{ContextFragment, ContextItem, ContextThreading},
    transcript::{MessageId, PartId, Seq},
};
use unicode_width::UnicodeWidthStr;

use super::*;

fn item(seq: i64, tool: Option<&str>, title: &str, tokens: u64, fate: Fate) -> ContextItem {
    ContextItem {
        seq: Seq(seq),
        message_id: MessageId::from("msg_1"),
        part_id: Some(PartId::from(format!("prt_{seq}"))),
        kind: if tool.is_some() { "tool" } else { "text" }.to_owned(),
        tool: tool.map(str::to_owned),
        title: (!title.is_empty()).then(|| title.to_owned()),
        tokens,
        fate,
        parts: 1,
    }
}

/// A session that was compacted at message 41.
fn report() -> ContextReport {
    let summary = item(41, None, "", 8_000, Fate::Full);
    let fragment = |name: &str, tokens| ContextFragment { name: name.to_owned(), tokens, changed_at: None };
    ContextReport {
        model: "openai/gpt-5".parse().unwrap(),
        limit: 200_000,
        reserved: 20_000,
        usable: 180_000,
        used: 60_500,
        estimated: 500,
        counted_tokens: 60_000,
        counted_estimate: 66_000,
        boundary_seq: Seq(41),
        window_start_seq: Seq(38),
        items: vec![
            ContextItem { parts: 300, ..item(1, None, "", 90_000, Fate::Summarized) },
            item(20, Some("bash"), "cargo test", 30_000, Fate::Evidence),
            ContextItem { part_id: None, kind: "summary".to_owned(), parts: 3, ..summary },
            item(38, None, "", 2_500, Fate::Full),
            item(39, Some("read"), "src/\u{1b}[2Jmain.rs\nand more", 40_000, Fate::Full),
            item(
                40,
                Some("grep"),
                "a title that is long enough to be cut on a terminal",
                4_000,
                Fate::Evidence,
            ),
        ],
        fragments: vec![fragment("agent build", 1_000), fragment("tools", 5_000)],
        threading: ContextThreading { mode: "full".to_owned(), reason: "off".to_owned(), anchor_seq: None },
    }
}

fn drawn(report: &ContextReport, width: Option<usize>, limit: usize) -> Vec<String> {
    lines("Repair the clock  ses_1", report, &Frame { style: Style::plain(), width, limit })
}

#[test]
fn a_compacted_session_on_a_terminal_of_eighty_columns() {
    insta::assert_snapshot!(drawn(&report(), Some(80), 4).join("\n"));
}

#[test]
fn a_session_that_was_windowed_and_never_counted() {
    let items = vec![item(3, None, "", 150_000, Fate::Outside), item(9, None, "", 170_000, Fate::Full)];
    let report = ContextReport {
        used: 190_000,
        estimated: 190_000,
        counted_tokens: 1,
        counted_estimate: 1,
        window_start_seq: Seq(9),
        items,
        ..report()
    };
    insta::assert_snapshot!(drawn(&report, None, 20).join("\n"));
}

#[test]
fn nothing_that_a_title_says_reaches_the_terminal_as_a_command() {
    assert!(drawn(&report(), None, 20).iter().all(|line| !line.contains(char::is_control)));
}

#[test]
fn bar_and_table_keep_to_the_width() {
    for width in [60, 80, 200] {
        let lines = drawn(&report(), Some(width), 20);
        let sentences = lines.iter().rposition(String::is_empty).unwrap();
        for line in &lines[2..sentences] {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}
