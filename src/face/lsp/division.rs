//! A context report as people look at it: the window divided among what stands in it, the widest pieces first, and
//! what is not sent as sums.
//!
//! Pure. The terminal and the Markdown page draw the same picture from it.

use std::cmp::Reverse;

use super::results::{ContextItem, ContextReport};
use crate::{engine::Fate, transcript::PartId};

/// Beyond the double, what a provider counts is not believed to be comparable, in percent.
const WIDEST_CORRECTION: u64 = 100;

/// What several pieces come to that are not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How many parts they are.
    pub parts: u64,
    /// The tokens that they would take.
    pub tokens: u64,
}

/// A model's window, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Instructions and tools.
    pub system: u64,
    /// The summary, with the evidence and the todos that stand behind it.
    pub summary: u64,
    /// Pieces that are sent as they are.
    pub full: u64,
    /// Digests in the place of results.
    pub evidence: u64,
    /// What may still come before the history is compacted.
    pub free: u64,
    /// Kept free for the answer.
    pub reserved: u64,
    /// Calls whose digests stand behind the summary.
    pub digested: Left,
    /// What the summary stands for.
    pub summarized: Left,
    /// What nothing stands for.
    pub outside: Left,
}

impl Division {
    /// How the window of a report is divided.
    pub fn of(report: &ContextReport) -> Self {
        let sum = |wanted: &dyn Fn(&ContextItem) -> bool| {
            report.items.iter().filter(|item| wanted(item)).fold(Left::default(), |left, item| Left {
                parts: left.parts.saturating_add(item.parts),
                tokens: left.tokens.saturating_add(item.tokens),
            })
        };
        let sent = |fate| sum(&|item| is_sent(report, item) && !is_summary(item) && item.fate == fate);
        let left = |fate| sum(&|item| !is_sent(report, item) && item.fate == fate);
        Self {
            system: report.fragments.iter().map(|fragment| fragment.tokens).sum(),
            summary: sum(&is_summary).tokens,
            full: sent(Fate::Full).tokens,
            evidence: sent(Fate::Evidence).tokens,
            free: report.usable.saturating_sub(report.used),
            reserved: report.reserved,
            digested: left(Fate::Evidence),
            summarized: left(Fate::Summarized),
            outside: left(Fate::Outside),
        }
    }
}

/// A piece of the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Its tokens.
    pub tokens: u64,
    /// How it is sent.
    pub fate: Fate,
    /// The tool called, else what kind of piece it is.
    pub kind: &'a str,
    /// The call's title, or the name of an instruction.
    pub title: &'a str,
    /// What `recall` and `part/read` know it by.
    pub part: Option<&'a PartId>,
}

/// The pieces of the next request, the widest first.
pub fn widest(report: &ContextReport) -> Vec<Sent<'_>> {
    let system = report.fragments.iter().map(|fragment| Sent {
        tokens: fragment.tokens,
        fate: Fate::Full,
        kind: "system",
        title: &fragment.name,
        part: None,
    });
    let items = report.items.iter().filter(|item| is_sent(report, item)).map(|item| Sent {
        tokens: item.tokens,
        fate: item.fate,
        kind: item.tool.as_deref().unwrap_or(&item.kind),
        title: item.title.as_deref().unwrap_or_default(),
        part: item.part_id.as_ref(),
    });
    let mut sent: Vec<_> = system.chain(items).collect();
    sent.sort_by_key(|piece| Reverse(piece.tokens));
    sent
}

/// How far off estimates are, in a sentence.
pub fn calibration(report: &ContextReport) -> String {
    let (counted, estimate) = (report.counted_tokens, report.counted_estimate);
    if counted <= 1 || estimate <= 1 {
        return "The provider has counted nothing of this yet: all sizes are estimates.".to_owned();
    }
    let off = counted.abs_diff(estimate).saturating_mul(100) / counted;
    let side = if estimate < counted { "low" } else { "high" };
    let judged = match off {
        0 => "right to the percent".to_owned(),
        _ if off > WIDEST_CORRECTION => format!("{off} % too {side} and corrected by a factor of two"),
        _ => format!("{off} % too {side} and corrected by that"),
    };
    format!(
        "Estimates are {judged}: the provider counted {counted} tokens for what was estimated at {estimate}. \
         {} of the {} tokens are estimated.",
        report.estimated, report.used
    )
}

fn is_summary(item: &ContextItem) -> bool {
    item.kind == "summary"
}

fn is_sent(report: &ContextReport, item: &ContextItem) -> bool {
    is_summary(item) || item.seq >= report.window_start_seq
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A session that was compacted at message 40.
    fn report() -> ContextReport {
        let item = |seq, kind, tool, title, tokens, fate, parts| {
            json!({"seq": seq, "messageId": "msg_1", "partId": format!("prt_{seq}"), "kind": kind, "tool": tool,
                   "title": title, "tokens": tokens, "fate": fate, "parts": parts})
        };
        let none = json!(null);
        serde_json::from_value(json!({
            "model": {"provider": "openai", "id": "gpt-5"}, "limit": 200_000, "reserved": 20_000,
            "usable": 180_000, "used": 60_500, "estimated": 500, "countedTokens": 60_000,
            "countedEstimate": 66_000, "boundarySeq": 41, "windowStartSeq": 38,
            "items": [
                item(1, json!("earlier"), none.clone(), none.clone(), 90_000, "summarized", 300),
                item(20, json!("tool"), json!("bash"), json!("cargo test"), 30_000, "evidence", 1),
                item(30, json!("text"), none.clone(), none.clone(), 1_000, "summarized", 1),
                item(41, json!("summary"), none.clone(), none.clone(), 8_000, "full", 3),
                item(38, json!("text"), none.clone(), none.clone(), 2_500, "full", 1),
                item(39, json!("tool"), json!("read"), json!("src/\u{1b}[2Jmain.rs\nx"), 40_000, "full", 1),
                item(40, json!("tool"), json!("grep"), json!("a title that is long enough to be cut somewhere"), 4_000, "evidence", 1),
            ],
            "fragments": [{"name": "agent build", "tokens": 1_000}, {"name": "tools", "tokens": 5_000}],
            "threading": {"mode": "full", "reason": "off"},
        }))
        .unwrap()
    }

    #[test]
    fn what_is_sent_adds_up_and_what_is_not_is_told_apart() {
        let division = Division::of(&report());
        let sent = [division.system, division.summary, division.full, division.evidence];
        assert_eq!((sent, sent.iter().sum()), ([6_000, 8_000, 42_500, 4_000], 60_500));
        assert_eq!((division.free, division.reserved), (119_500, 20_000));
        assert_eq!(division.digested, Left { parts: 1, tokens: 30_000 });
        assert_eq!(division.summarized, Left { parts: 301, tokens: 91_000 });
        assert_eq!(division.outside, Left::default());
    }

    #[test]
    fn the_widest_of_what_is_sent_comes_first() {
        let report = report();
        let kinds: Vec<_> = widest(&report).iter().map(|piece| piece.kind).collect();
        assert_eq!(kinds, ["read", "summary", "system", "grep", "text", "system"]);
    }

    #[test]
    fn how_far_off_estimates_are_is_said_with_its_side() {
        let said = |counted_tokens, counted_estimate| {
            calibration(&ContextReport { counted_tokens, counted_estimate, ..report() })
        };
        assert!(
            said(60_000, 66_000)
                .starts_with("Estimates are 10 % too high and corrected by that: the provider counted 60000")
        );
        assert!(said(60_000, 45_000).starts_with("Estimates are 25 % too low"));
        assert!(
            said(1_000, 3_000).starts_with("Estimates are 200 % too high and corrected by a factor of two")
        );
        assert!(said(60_000, 60_100).starts_with("Estimates are right to the percent"));
        assert!(said(1, 1).contains("all sizes are estimates"));
    }
}
