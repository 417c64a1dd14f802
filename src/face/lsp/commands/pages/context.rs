//! Pages about the context: what the model still sees, and what a compaction did to it.

use serde_json::Value;

use super::line;
use crate::{
    engine::Fate,
    face::lsp::{
        division::{self, Division, Left, Sent},
        results::ContextReport,
    },
};

/// Pieces that are listed one by one.
const LISTED: usize = 40;

/// The page for a context report; `None` where that is none.
pub(super) fn report(result: &Value) -> Option<String> {
    let report: ContextReport = serde_json::from_value(result.clone()).ok()?;
    let division = Division::of(&report);
    let head = format!(
        "# What the model sees\n\n{}: {} of {} tokens ({}); compaction starts at {}.",
        line(&report.model.to_string()),
        report.used,
        report.limit,
        percent(report.used, report.limit),
        report.usable
    );
    let sections = [
        head,
        window(&division, report.limit),
        format!("## The widest pieces\n\n{}", widest(&report)),
        rest(&division),
        division::calibration(&report),
    ];
    let sections: Vec<_> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    Some(sections.join("\n\n") + "\n")
}

/// The page for what a compaction did, or would do.
pub(super) fn compacted(result: &Value) -> String {
    let number = |name: &str| result.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (before, after, evidence) = (number("before"), number("after"), number("evidence"));
    let said = if after >= before {
        format!("There is nothing to win: the next request holds {before} tokens.")
    } else if result.get("summaryMessageId").is_some() {
        format!(
            "The next request held {before} tokens and holds {after} now. {evidence} calls left their evidence."
        )
    } else {
        format!("The next request holds {before} tokens and would hold about {after}.")
    };
    format!("# Compaction\n\n{said} Every result is stored whole: `recall` and `part/read` reach it.\n")
}

fn window(division: &Division, limit: u64) -> String {
    let rows = [
        ("instructions and tools", division.system),
        ("summary and what follows it", division.summary),
        ("sent in full", division.full),
        ("sent as evidence", division.evidence),
        ("free until it is compacted", division.free),
        ("reserved for the answer", division.reserved),
    ];
    let rows = rows.into_iter().filter(|(_, tokens)| *tokens > 0);
    let rows = rows.map(|(name, tokens)| format!("\n| {name} | {tokens} | {} |", percent(tokens, limit)));
    format!("| | tokens | of the window |\n| --- | ---: | ---: |{}", rows.collect::<String>())
}

fn widest(report: &ContextReport) -> String {
    let sent = division::widest(report);
    let (shown, others) = sent.split_at(LISTED.min(sent.len()));
    let row = |piece: &Sent<'_>| {
        let fate = if piece.fate == Fate::Evidence { "evidence" } else { "full" };
        let part = piece.part.map(|part| format!("`{}`", line(part.as_str()))).unwrap_or_default();
        let share = percent(piece.tokens, report.used);
        let (kind, title) = (line(piece.kind), line(piece.title));
        format!("\n| {} | {share} | {fate} | {kind} | {title} | {part} |", piece.tokens)
    };
    let mut table = "| tokens | of the request | sent as | kind | title | handle |\n\
                     | ---: | ---: | --- | --- | --- | --- |"
        .to_owned();
    table.extend(shown.iter().map(row));
    if !others.is_empty() {
        let tokens: u64 = others.iter().map(|piece| piece.tokens).sum();
        table.push_str(&format!("\n\n{} more: {tokens} tokens.", others.len()));
    }
    table
}

/// What is not sent, a line for each fate that there is.
fn rest(division: &Division) -> String {
    let lines = [
        ("Summarized", division.summarized),
        ("As evidence behind the summary", division.digested),
        ("Outside, with nothing in its place", division.outside),
    ];
    let some = lines.into_iter().filter(|(_, left)| left.parts > 0);
    let told = |(fate, left): (&str, Left)| format!("- {fate}: parts {}, tokens {}", left.parts, left.tokens);
    some.map(told).collect::<Vec<_>>().join("\n")
}

/// A part of a whole, to the percent.
fn percent(part: u64, whole: u64) -> String {
    format!("{} %", u128::from(part) * 100 / u128::from(whole.max(1)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_a_page_that_no_title_can_break() {
        let piece = json!({"seq": 3, "messageId": "msg_1", "partId": "prt_1", "kind": "tool", "tool": "bash",
                           "title": "a|b\nc", "tokens": 900, "fate": "evidence", "parts": 1});
        let gone = json!({"seq": 1, "messageId": "msg_0", "kind": "earlier", "tokens": 7, "fate": "outside", "parts": 2});
        let page = report(&json!({
            "model": {"provider": "openai", "id": "gpt-5"}, "limit": 10_000, "reserved": 2_000, "usable": 8_000,
            "used": 1_000, "estimated": 0, "countedTokens": 1_000, "countedEstimate": 1_000, "boundarySeq": 0,
            "windowStartSeq": 3, "items": [gone, piece], "fragments": [{"name": "tools", "tokens": 100}],
            "threading": {"mode": "full", "reason": "off"},
        }));
        insta::assert_snapshot!(page.unwrap());
    }

    #[test]
    fn what_is_no_report_has_no_page() {
        assert_eq!(report(&json!({"used": 3})), None);
    }

    #[test]
    fn a_compaction_says_what_it_won_or_would_win() {
        let told = |after: u64, more: Value| {
            let mut result = json!({"before": 900, "after": after, "boundarySeq": 0, "evidence": 2});
            result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            compacted(&result)
        };
        assert!(told(900, json!({})).contains("nothing to win"));
        assert!(told(90, json!({})).contains("would hold about 90"));
        assert!(told(90, json!({"summaryMessageId": "msg_1"})).contains("holds 90 now. 2 calls"));
    }
}
